/* A block that only pthread_setspecific() knows. */
#include <pthread.h>

#include "leaks.h"

int main(void)
{
    pthread_key_t key;
    (void)pthread_key_create(&key, NULL);
    (void)pthread_setspecific(key, block(80));
    forget();
    return 0;
}
