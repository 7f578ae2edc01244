/* Blocks that grow and shrink: in place and moved, from nothing, to nothing, and not at all. */
#include <malloc.h>

#include "oracle.h"

#define CHAINS 200
#define STEPS 60

int main(void)
{
    void *chains[CHAINS] = {NULL};
    uint32_t random = 7;
    for (unsigned step = 0; step < STEPS; step++) {
        for (unsigned i = 0; i < CHAINS; i++) {
            /* grows, with neighbours in the way, so that some move and some do not */
            chains[i] = oracle_realloc(chains[i], (size_t)(step + 1) * (i % 37 + 1));
        }
    }
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned i = oracle_random(&random) % CHAINS;
        size_t size = oracle_random(&random) % 100000 + 1;
        chains[i] = oracle_realloc(chains[i], size);
        chains[i] = oracle_realloc(chains[i], size / 2 + 1); /* shrinks in place */
    }
    for (unsigned i = 0; i < CHAINS; i++) {
        size_t same = (size_t)i + 321;
        chains[i] = oracle_realloc(chains[i], same);
        chains[i] = oracle_realloc(chains[i], same);
    }
    for (unsigned i = 0; i < CHAINS; i += 3) {
        volatile size_t nothing = 0;
        chains[i] = oracle_realloc(chains[i], nothing); /* frees, and returns NULL */
    }
    for (unsigned i = 1; i < CHAINS; i += 3) {
        oracle_dies(chains[i]);
        chains[i] = reallocarray(chains[i], i + 7, 12);
        oracle_born(chains[i], (size_t)(i + 7) * 12);
    }
    /* large enough to be mapped, and moved by mremap */
    void *large = oracle_malloc(1 << 20);
    large = oracle_realloc(large, 5 << 20);
    large = oracle_realloc(large, 3 << 20);
    oracle_free(large);
    volatile size_t none = 0;
    oracle_free(oracle_realloc(NULL, none)); /* malloc(0): a block of no bytes */
    oracle_print();
    return 0;
}
