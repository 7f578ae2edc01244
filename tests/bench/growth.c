/*
 * Buffers that grow by realloc(), a few at a time side by side: what readers of lines and builders
 * of strings do. Some move, some grow in place.
 *
 *   growth COUNT     calls of realloc()
 */
#include <stdbool.h>

#include "bench.h"

enum { BUFFERS = 16, STEP = 48, STEPS = 64 };

/* Return: false without memory. */
static bool grow_to(void **buffers, size_t bytes)
{
    for (size_t i = 0; i < BUFFERS; i++) {
        void *grown = realloc(buffers[i], bytes);
        if (grown == NULL) {
            return false;
        }
        buffers[i] = use(grown);
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t rounds = number_argument(argc, argv, 1) / ((uint64_t)BUFFERS * STEPS);
    for (uint64_t round = 0; round < rounds; round++) {
        void *buffers[BUFFERS] = {0};
        for (size_t step = 1; step <= STEPS; step++) {
            if (!grow_to(buffers, step * STEP)) {
                return EXIT_FAILURE;
            }
        }
        for (size_t i = 0; i < BUFFERS; i++) {
            free(buffers[i]);
        }
    }
    return EXIT_SUCCESS;
}
