/*
 * Threads that allocate from thousands of places each: 4 ** LEVELS call stacks and a few sizes,
 * which are as many sites in every thread, drawn at random. Blocks live for a while; some of them
 * are freed by another thread, which takes over what this one leaves behind.
 *
 *   many_sites COUNT THREADS     calls of malloc(), as many of free()
 */
#include <pthread.h>
#include <stdatomic.h>

#include "bench.h"

enum {
    LEVELS = 6,
    SIZES = 3,
    BURST = 4, /* blocks allocated at the end of a call stack */
    KEPT = 1024,
    THREADS_MAX = 64,
};

struct worker {
    pthread_t thread;
    uint64_t state;
    uint64_t bursts;
    size_t at;
    void *kept[KEPT];
};

static _Atomic(void *) handed_over;

// NOLINTBEGIN(misc-no-recursion): it is about recursion

static __attribute__((noinline)) void allocate(struct worker *worker, uint64_t path, int levels)
{
    if (levels == 0) {
        for (int i = 0; i < BURST; i++) {
            void **slot = &worker->kept[worker->at++ % KEPT];
            void *old = *slot;
            *slot = use(malloc(16 + path % SIZES * 16));
            free(i == 0 ? atomic_exchange(&handed_over, old) : old);
        }
        return;
    }
    switch (path & 3) {
    case 0:
        allocate(worker, path >> 2, levels - 1);
        break;
    case 1:
        allocate(worker, path >> 2, levels - 1);
        keep_frame();
        break;
    case 2:
        allocate(worker, path >> 2, levels - 1);
        __asm__ volatile("nop");
        break;
    default:
        allocate(worker, path >> 2, levels - 1);
        __asm__ volatile("nop; nop");
    }
    keep_frame();
}

// NOLINTEND(misc-no-recursion)

static void *work(void *argument)
{
    struct worker *worker = argument;
    while (worker->bursts-- > 0) {
        allocate(worker, draw(&worker->state) >> 16, LEVELS);
    }
    for (size_t i = 0; i < KEPT; i++) {
        free(worker->kept[i]);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[THREADS_MAX];
    const uint64_t count = number_argument(argc, argv, 1);
    const uint64_t threads = number_argument(argc, argv, 2);
    if (threads > THREADS_MAX) {
        return EXIT_FAILURE;
    }
    for (uint64_t i = 0; i < threads; i++) {
        workers[i].state = RANDOM_SEED + i * 977;
        workers[i].bursts = count / threads / BURST;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            return EXIT_FAILURE;
        }
    }
    for (uint64_t i = 0; i < threads; i++) {
        (void)pthread_join(workers[i].thread, NULL);
    }
    free(atomic_exchange(&handed_over, NULL));
    return EXIT_SUCCESS;
}
