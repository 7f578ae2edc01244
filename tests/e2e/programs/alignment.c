/*
 * Every way to ask for aligned memory. With the argument "portable", without pvalloc(), which
 * valgrind does not implement.
 */
#include <malloc.h>

#include "oracle.h"

#define ROUNDS 50

static void *positioned(size_t alignment, size_t size)
{
    void *block = NULL;
    return posix_memalign(&block, alignment, size) == 0 ? oracle_born(block, size) : NULL;
}

static void check(const void *block, size_t alignment)
{
    if ((uintptr_t)block % alignment != 0) {
        oracle_give_up("a block is not aligned");
    }
}

int main(int argc, char **argv)
{
    bool has_pvalloc = argc < 2 || strcmp(argv[1], "portable") != 0;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t alignment = (size_t)16 << i % 10;
        void *blocks[5] = {positioned(alignment, i * 33 + 1), NULL, NULL, NULL, NULL};
        blocks[1] = oracle_born(aligned_alloc(alignment, alignment * (i + 1)), alignment * (i + 1));
        blocks[2] = oracle_born(memalign(alignment, i * 7), i * 7);
        blocks[3] = oracle_born(valloc(i * 100 + 1), i * 100 + 1);
        if (has_pvalloc) {
            blocks[4] = oracle_born(pvalloc(i * 100 + 1), i * 100 + 1);
        }
        for (size_t j = 0; j < 5; j++) {
            check(blocks[j], j < 3 ? alignment : page);
            if ((i + j) % 4 != 0) {
                oracle_free(blocks[j]);
            }
        }
        if (i % 10 == 3) {
            void *aligned = positioned(4096, 100);
            oracle_free(oracle_realloc(aligned, 10000)); /* loses its alignment, keeps its count */
        }
    }
    oracle_print();
    return 0;
}
