/* A block that only another thread's local variable keeps. */
#include <pthread.h>
#include <unistd.h>

#include "leaks.h"

static pthread_barrier_t ready;

static void *stay(void *unused)
{
    void *volatile local = block(110);
    forget();
    (void)pthread_barrier_wait(&ready);
    while (local != NULL) {
        (void)pause();
    }
    return unused;
}

int main(void)
{
    pthread_t thread;
    (void)pthread_barrier_init(&ready, NULL, 2);
    (void)pthread_create(&thread, NULL, stay, NULL);
    (void)pthread_barrier_wait(&ready);
    forget();
    return 0;
}
