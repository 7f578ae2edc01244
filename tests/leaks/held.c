/*
 * Blocks that locals of several functions and threads keep, while a picture is taken: of each it
 * says "ADDRESS FUNCTION". At its end they are kept by nobody.
 */
#include <pthread.h>
#include <stdio.h>

#include "leaks.h"
#include "libtrace.h"

static pthread_barrier_t barrier;

static void *make(const char *function)
{
    void *made = block(48);
    (void)printf("%p %s\n", made, function);
    return made;
}

static NOINLINE void take_picture(void)
{
    (void)libtrace_heap_picture("held");
}

static NOINLINE void innermost(void)
{
    void *volatile local[3] = {NULL, make(__func__), NULL};
    take_picture();
    (void)local[1];
}

static NOINLINE void outer(void)
{
    void *volatile local[5] = {make(__func__)};
    innermost();
    (void)local[0];
}

static NOINLINE void wait_for_picture(void)
{
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_barrier_wait(&barrier);
}

static void *worker(void *unused)
{
    void *volatile local[2] = {unused, make(__func__)};
    wait_for_picture();
    return local[0];
}

int main(void)
{
    pthread_t thread;
    (void)pthread_barrier_init(&barrier, NULL, 2);
    if (pthread_create(&thread, NULL, worker, NULL) != 0) {
        return 1;
    }
    (void)pthread_barrier_wait(&barrier);
    void *volatile local = make(__func__);
    outer();
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_join(thread, NULL);
    local = NULL;
    forget();
    return local != NULL;
}
