/*
 * Blocks of varying sizes, each thread by itself: 2048 sizes from one stack, freed in another order
 * than they were made. No event is like the one before.
 *
 *   sizes COUNT THREADS     COUNT blocks in each thread
 */
#include <pthread.h>

#include "bench.h"

enum { KEPT = 256, SIZES = 2048, THREADS_MAX = 64 };

static uint64_t count;

static void *allocate(void *argument)
{
    void *kept[KEPT] = {0};
    uint64_t state = RANDOM_SEED + (uint64_t)(uintptr_t)argument;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = draw(&state) >> 24;
        void **place = &kept[number % KEPT];
        free(*place);
        *place = use(malloc(1 + number / KEPT % SIZES));
    }
    for (size_t i = 0; i < KEPT; i++) {
        free(kept[i]);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    count = number_argument(argc, argv, 1);
    uint64_t wanted = number_argument(argc, argv, 2);
    for (uint64_t i = 0; i < wanted && i < THREADS_MAX; i++) {
        if (pthread_create(&threads[i], NULL, allocate, (void *)(uintptr_t)i) != 0) {
            return EXIT_FAILURE;
        }
    }
    for (uint64_t i = 0; i < wanted && i < THREADS_MAX; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    return EXIT_SUCCESS;
}
