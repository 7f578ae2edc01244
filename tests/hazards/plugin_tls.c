/* Thread-local storage that a thread gets with malloc at its first use. */
#include <string.h>

char *touch(int value);

static __thread char storage[3000];

char *touch(int value)
{
    memset(storage, value, sizeof storage);
    return storage;
}
