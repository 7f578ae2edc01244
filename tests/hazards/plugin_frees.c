/* Bound to libc's own functions by RTLD_DEEPBIND, past every preloaded library. */
#include <stdlib.h>

void take(void *block);
void *give(size_t size);

void take(void *block)
{
    free(block);
}

void *give(size_t size)
{
    return malloc(size);
}
