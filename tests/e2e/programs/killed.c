/*
 * A program that does not come to its end: it works, prints its counts, and then dies in the way
 * that its first argument names. With "endless", threads work on for ever and the counts are
 * printed again and again, until somebody ends it.
 */
#include <signal.h>

#include "oracle.h"

#define ROUNDS 300000
#define KEPT 2000
#define THREADS 3

static void work(uint32_t seed, unsigned rounds)
{
    static __thread void *kept[KEPT];
    uint32_t random = seed;
    for (unsigned i = 0; i < rounds; i++) {
        uint32_t number = oracle_random(&random);
        void **slot = &kept[number % KEPT];
        if (number & 1u << 20) {
            *slot = oracle_realloc(*slot, number % 900 + 1);
        } else {
            oracle_free(*slot);
            *slot = oracle_malloc(number % 400);
        }
    }
}

static void *work_for_ever(void *argument)
{
    for (uint32_t seed = (uint32_t)(uintptr_t)argument;; seed += THREADS) {
        work(seed, 10000);
    }
    return NULL;
}

static _Noreturn void run_endlessly(void)
{
    for (uintptr_t i = 1; i <= THREADS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work_for_ever, (void *)i) != 0) {
            oracle_give_up("no thread to be had");
        }
    }
    for (;;) {
        usleep(20000);
        oracle_print();
    }
}

int main(int argc, char **argv)
{
    const char *end = argc > 1 ? argv[1] : "exit";
    if (strcmp(end, "endless") == 0) {
        run_endlessly();
    }
    work(1, ROUNDS);
    oracle_print();
    if (strcmp(end, "kill") == 0) {
        kill(getpid(), SIGKILL);
    } else if (strcmp(end, "abort") == 0) {
        abort();
    } else if (strcmp(end, "crash") == 0) {
        int *volatile nowhere = (int *)sizeof(int);
        *nowhere = 1;
    } else if (strcmp(end, "_exit") == 0) {
        _exit(5);
    }
    return 4;
}
