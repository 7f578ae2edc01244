/*
 * A thousand threads at once; thousands one after another; blocks freed by other threads.
 * Defence: states of ended threads are taken over (thread_list_reclaim() in thread_state.c).
 * Without it: 20,000 threads one after another took 16 s instead of 0.7 s.
 */
#include <pthread.h>
#include <string.h>

#include "seen.h"

static pthread_barrier_t all_are_there;
static int is_at_once;

static void *in_thread(void *argument)
{
    void *block = marked();
    if (is_at_once) {
        pthread_barrier_wait(&all_are_there);
    }
    free(argument); /* allocated by the main thread */
    marked_churn(2);
    free(block);
    return marked(); /* freed by the main thread */
}

static void start(pthread_t *ret_thread)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    need(pthread_create(ret_thread, &attributes, in_thread, marked()) == 0, "pthread_create");
    pthread_attr_destroy(&attributes);
}

static void end(pthread_t thread)
{
    void *block = NULL;
    pthread_join(thread, &block);
    free(block);
}

int main(int count, char **arguments)
{
    static pthread_t threads[1000];
    need(count == 3, "arguments");
    unsigned number = (unsigned)strtoul(arguments[2], NULL, 10);
    is_at_once = strcmp(arguments[1], "at-once") == 0;
    if (is_at_once) {
        pthread_barrier_init(&all_are_there, NULL, number);
        for (unsigned i = 0; i < number; i++) {
            start(&threads[i]);
        }
        for (unsigned i = 0; i < number; i++) {
            end(threads[i]);
        }
    } else {
        for (unsigned i = 0; i < number; i++) {
            start(&threads[0]);
            end(threads[0]);
        }
    }
    say("%u threads %s\n", number, arguments[1]);
    say_marked();
    say("live 0\n");
    return 0;
}
