/*
 * Buffers that grow by realloc(), a few at a time side by side: what readers of lines and builders
 * of strings do. Some move, some grow in place.
 *
 *   growth COUNT     calls of realloc()
 */
#include "bench.h"

enum { BUFFERS = 16, STEP = 48, STEPS = 64 };

int main(int argc, char **argv)
{
    uint64_t rounds = number_argument(argc, argv, 1) / ((uint64_t)BUFFERS * STEPS);
    for (uint64_t round = 0; round < rounds; round++) {
        void *buffers[BUFFERS] = {0};
        for (size_t step = 1; step <= STEPS; step++) {
            for (size_t i = 0; i < BUFFERS; i++) {
                void *grown = realloc(buffers[i], step * STEP);
                if (grown == NULL) {
                    return EXIT_FAILURE;
                }
                buffers[i] = use(grown);
            }
        }
        for (size_t i = 0; i < BUFFERS; i++) {
            free(buffers[i]);
        }
    }
    return EXIT_SUCCESS;
}
