/* The library of boxed.c: a function that is exported, and one that is not. */
#include <stdlib.h>

void *boxed_allocate(size_t bytes);

__attribute__((noinline)) static void *hidden(size_t bytes)
{
    void *volatile block = malloc(bytes); // not a tail call: the frame stays
    return block;
}

void *boxed_allocate(size_t bytes)
{
    void *volatile block = hidden(bytes);
    return block;
}
