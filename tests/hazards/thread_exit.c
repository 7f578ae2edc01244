/*
 * Destructors of thread-specific data allocate, free, and set their keys again.
 * Defence: nothing is hooked into the end of a thread.
 * Without it: there is nothing to take out; not seen to fail.
 */
#include <pthread.h>

#include "seen.h"

#define THREADS 200

static pthread_key_t keys[3];
static __thread unsigned rounds;

static void destroy(void *block)
{
    free(block);
    free(marked());
    if (rounds++ < 9) { /* until the library gives up: PTHREAD_DESTRUCTOR_ITERATIONS */
        (void)pthread_setspecific(keys[rounds % 3], marked());
    }
}

static void *in_thread(void *argument)
{
    for (unsigned i = 0; i < 3; i++) {
        (void)pthread_setspecific(keys[i], marked());
    }
    return argument;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < 3; i++) {
        need(pthread_key_create(&keys[i], destroy) == 0, "pthread_key_create");
    }
    for (unsigned i = 0; i < THREADS; i++) {
        need(pthread_create(&threads[i], NULL, in_thread, NULL) == 0, "pthread_create");
        if (i % 2 == 0) {
            pthread_join(threads[i], NULL);
        }
    }
    for (unsigned i = 1; i < THREADS; i += 2) {
        pthread_join(threads[i], NULL);
    }
    say("threads have ended\n");
    say_marked();
    return 0;
}
