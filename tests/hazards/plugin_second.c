/* The other: the same code at the same place, from another file. */
#include <stdlib.h>

void *allocate(size_t size);

void *allocate(size_t size)
{
    void *block = malloc(size);
    __asm__ volatile("" ::: "memory");
    return block;
}
