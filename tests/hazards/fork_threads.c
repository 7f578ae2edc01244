/*
 * fork() while other threads are inside the tracer.
 * Defence: the unwinder's lock is held across fork() (before_fork() in fork.c).
 * Without it: about 10 of 200 children were not traced (their parent's lock was held when they
 * were made).
 */
#include <pthread.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "seen.h"

#define THREADS 3

static atomic_bool is_over;

static void *deep(unsigned depth)
{
    void *block = depth == 0 ? marked() : deep(depth - 1);
    __asm__ volatile("" ::: "memory");
    return block;
}

static void *churn(void *argument)
{
    for (unsigned i = 0; !is_over; i++) {
        free(deep(i % 20));
        free(malloc(2000 + i % 5000)); /* new sites: the table and the windows grow */
    }
    return argument;
}

int main(int count, char **arguments)
{
    long children = count > 1 ? strtol(arguments[1], NULL, 10) : 100;
    pthread_t threads[THREADS];
    int bad = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        need(pthread_create(&threads[i], NULL, churn, NULL) == 0, "pthread_create");
    }
    for (long i = 0; i < children; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            marked_count = 0;
            for (unsigned depth = 0; depth < 10; depth++) {
                free(deep(depth));
            }
            _exit(marked_count == 10 ? 7 : 8);
        }
        need(waitpid(child, &status, 0) == child, "waitpid");
        bad += status != 7 << 8;
    }
    is_over = true;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    say("children that did not end well: %d\n", bad);
    say("marked %ld\n", atomic_load(&marked_count) + 10 * children);
    return 0;
}
