/*
 * Threads that allocate, and free what others allocated: each puts blocks into the next one's
 * mailbox and frees what it finds in its own. Then threads that live one after another.
 *
 * Making a thread allocates too: its table of thread-local storage, of a size that depends on how
 * many libraries are loaded, so a preloaded one changes it. An idle run makes the same threads: all
 * at once, so that no stack is reused by chance, and with small stacks, so that none is given back.
 */
#include <stdatomic.h>

#include "oracle.h"

#define THREADS 4
#define ROUNDS 20000
#define MAILBOXES 64
#define STACK_BYTES ((size_t)256 * 1024)
#define SUCCESSIVE 20

static _Atomic(void *) mail[THREADS][MAILBOXES];
static pthread_barrier_t all_are_there;
static bool is_idle;

static void *churn(void *argument)
{
    unsigned self = (unsigned)(uintptr_t)argument;
    uint32_t random = self + 1;
    pthread_barrier_wait(&all_are_there);
    for (unsigned i = 0; i < ROUNDS && !is_idle; i++) {
        uint32_t number = oracle_random(&random);
        void *block = oracle_malloc(number % 700);
        void *old = atomic_exchange(&mail[(self + 1) % THREADS][number >> 16 & (MAILBOXES - 1)],
                                    number % 3 ? block : NULL);
        oracle_free(old);
        if (number % 97 == 0) {
            (void)oracle_malloc(i); /* stays */
        }
        if (number % 3 == 0) {
            block = oracle_realloc(block, number % 5000 + 1);
            oracle_free(atomic_exchange(&mail[self][i % MAILBOXES], block));
        }
    }
    pthread_barrier_wait(&all_are_there);
    return NULL;
}

static void *leave_a_block(void *argument)
{
    size_t size = (size_t)(uintptr_t)argument;
    if (!is_idle) {
        oracle_free(oracle_malloc(size * 2));
        (void)oracle_malloc(size);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    pthread_attr_t attributes;
    is_idle = oracle_is_idle(argc, argv);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_barrier_init(&all_are_there, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], &attributes, churn, (void *)i);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < (size_t)THREADS * MAILBOXES; i++) {
        oracle_free(mail[i / MAILBOXES][i % MAILBOXES]); /* the counts do not depend on who won */
    }
    for (uintptr_t i = 0; i < SUCCESSIVE; i++) {
        pthread_create(&threads[0], &attributes, leave_a_block, (void *)(i * 8 + 1));
        pthread_join(threads[0], NULL);
    }
    oracle_print();
    return 0;
}
