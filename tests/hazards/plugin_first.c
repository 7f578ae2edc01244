/* One of two plugins that replace each other at one address. */
#include <stdlib.h>

void *allocate(size_t size);

void *allocate(size_t size)
{
    void *block = malloc(size);
    __asm__ volatile("" ::: "memory");
    return block;
}
