/*
 * One thread allocates, another frees: a ring of pointers between a producer and a consumer.
 *
 *   handover COUNT
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "bench.h"

enum { RING = 1024 };

static void *_Atomic ring[RING];

/* Wait for a place to become empty, or full. Return: what is in it then. */
static void *await(void *_Atomic *place, int is_full)
{
    for (;;) {
        void *block = atomic_load_explicit(place, memory_order_acquire);
        if ((block != NULL) == is_full) {
            return block;
        }
        (void)sched_yield();
    }
}

static void *consume(void *argument)
{
    uint64_t count = *(const uint64_t *)argument;
    for (uint64_t i = 0; i < count; i++) {
        void *block = await(&ring[i % RING], 1);
        atomic_store_explicit(&ring[i % RING], NULL, memory_order_release);
        free(block);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t count = number_argument(argc, argv, 1);
    pthread_t consumer;
    if (pthread_create(&consumer, NULL, consume, &count) != 0) {
        return EXIT_FAILURE;
    }
    for (uint64_t i = 0; i < count; i++) {
        void *block = use(malloc(64));
        (void)await(&ring[i % RING], 0);
        atomic_store_explicit(&ring[i % RING], block, memory_order_release);
    }
    (void)pthread_join(consumer, NULL);
    return EXIT_SUCCESS;
}
