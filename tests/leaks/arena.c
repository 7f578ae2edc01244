/* Losses of a thread with an arena of its own. */
#include <pthread.h>

#include "leaks.h"

static void *kept;

static void *work(void *unused)
{
    for (int i = 0; i < 10; i++) {
        (void)keep(block(130));
    }
    kept = new_node(NULL, block(140));
    return unused;
}

int main(void)
{
    pthread_t thread;
    (void)pthread_create(&thread, NULL, work, NULL);
    (void)pthread_join(thread, NULL);
    forget();
    return 0;
}
