/*
 * Threads that are cancelled while they allocate.
 * Defence: states of ended threads are taken over; system calls are made directly and are no
 * cancellation points.
 * Without it: libunwind's locks call sigprocmask(), which lets SIGCANCEL through: asynchronous
 * cancellation left the unwinder's lock held, and the next thread waited for ever.
 */
#include <pthread.h>
#include <string.h>

#include "seen.h"

#define THREADS 1000

static int type;
static atomic_uint cleaned;

static void clean(void *argument)
{
    (void)argument;
    free(marked());
    atomic_fetch_add(&cleaned, 1);
}

static void allocate_until_cancelled(void)
{
    for (size_t i = 0;; i++) {
        free(marked());
        free(malloc(2000 + i % 5000));
        if (type == PTHREAD_CANCEL_DEFERRED) {
            pthread_testcancel();
        }
    }
}

static void *in_thread(void *argument)
{
    int before = 0;
    pthread_cleanup_push(clean, argument);
    pthread_setcanceltype(type, &before);
    allocate_until_cancelled();
    pthread_cleanup_pop(0);
    return argument;
}

int main(int count, char **arguments)
{
    unsigned cancelled = 0;
    type = count > 1 && strcmp(arguments[1], "asynchronous") == 0 ? PTHREAD_CANCEL_ASYNCHRONOUS
                                                                  : PTHREAD_CANCEL_DEFERRED;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_t thread;
        void *result = NULL;
        need(pthread_create(&thread, NULL, in_thread, NULL) == 0, "pthread_create");
        usleep(i % 300);
        pthread_cancel(thread);
        pthread_join(thread, &result);
        cancelled += result == PTHREAD_CANCELED;
    }
    marked_churn(1000);
    say("%u cancelled, %u cleaned up\n", cancelled, atomic_load(&cleaned));
    say_marked();
    return 0;
}
