/* A block that only another thread's thread-local variable keeps, and one that went with its
 * thread. */
#include <pthread.h>
#include <unistd.h>

#include "leaks.h"

static _Thread_local void *volatile local;
static pthread_barrier_t ready;

static void *stay(void *unused)
{
    local = block(70);
    forget();
    (void)pthread_barrier_wait(&ready);
    for (;;) {
        (void)pause();
    }
    return unused;
}

static void *go(void *unused)
{
    local = block(90);
    return unused;
}

int main(void)
{
    pthread_t thread;
    (void)pthread_barrier_init(&ready, NULL, 2);
    (void)pthread_create(&thread, NULL, stay, NULL);
    (void)pthread_barrier_wait(&ready);
    (void)pthread_create(&thread, NULL, go, NULL);
    (void)pthread_join(thread, NULL);
    forget();
    return 0;
}
