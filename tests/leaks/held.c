/*
 * Blocks that locals of several functions and threads keep, while a picture is taken: of each it
 * says "ADDRESS FUNCTION VARIABLE". At its end they are kept by nobody. One never is.
 */
#include <pthread.h>
#include <stdio.h>

#include "leaks.h"
#include "libtrace.h"

enum { SMEARED = 2000 };

static pthread_barrier_t barrier;

static void *make(const char *function, const char *variable)
{
    void *made = block(48);
    (void)printf("%p %s %s\n", made, function, variable);
    return made;
}

/* Leave a pointer where the stacks of the functions will be that are called next. */
static NOINLINE void smear(void)
{
    void *volatile below[SMEARED];
    void *made = make("nobody", "-");
    for (size_t i = 0; i < SMEARED; i++) {
        below[i] = made;
    }
    (void)below[0];
}

static NOINLINE void take_picture(void)
{
    smear();
    (void)libtrace_heap_picture("held");
}

static NOINLINE void innermost(void)
{
    void *volatile middle[3] = {NULL, make(__func__, "middle"), NULL};
    take_picture();
    (void)middle[1];
}

/* A parameter, a field, and a variable of a block beside another block's. */
static NOINLINE void outer(void *volatile given)
{
    struct {
        long number;
        void *volatile pointer;
    } record = {1, make(__func__, "record")};
    {
        void *volatile before[3] = {NULL};
        (void)before[0];
    }
    {
        void *volatile within[3] = {make(__func__, "within")};
        innermost();
        (void)within[0];
    }
    (void)record.pointer;
    (void)given;
}

static NOINLINE void wait_for_picture(void)
{
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_barrier_wait(&barrier);
}

static void *worker(void *unused)
{
    void *volatile own[2] = {unused, make(__func__, "own")};
    wait_for_picture();
    return own[0];
}

int main(void)
{
    pthread_t thread;
    (void)pthread_barrier_init(&barrier, NULL, 2);
    if (pthread_create(&thread, NULL, worker, NULL) != 0) {
        return 1;
    }
    (void)pthread_barrier_wait(&barrier);
    void *volatile kept = make(__func__, "kept");
    outer(make("outer", "given"));
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_join(thread, NULL);
    kept = NULL;
    forget();
    return kept != NULL;
}
