/* calloc in all sizes, some overflowing, and blocks of no bytes at all. */
#include "oracle.h"

#define ROUNDS 3000

int main(void)
{
    uint32_t random = 3;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t count = oracle_random(&random) % 40;
        size_t size = oracle_random(&random) % 300;
        unsigned char *block = oracle_born(calloc(count, size), count * size);
        for (size_t at = 0; block != NULL && at < count * size; at++) {
            if (block[at] != 0) {
                oracle_give_up("calloc left something in a block");
            }
        }
        if (block != NULL) {
            memset(block, 0xa5, count * size);
        }
        if (i % 5 != 0) {
            oracle_free(block);
        }
        volatile size_t nothing = 0;
        oracle_free(oracle_malloc(nothing));
    }
    (void)oracle_born(calloc(3, 1 << 20), (size_t)3 << 20);
    oracle_print();
    return 0;
}
