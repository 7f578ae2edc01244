/* A library that frees what others allocated: ledger.c. */
#include "ledger.h"

#include <stdlib.h>

void user_drop(void *block)
{
    free(block);
    __asm__ volatile("" : : : "memory"); // no tail call: the caller of free() must be this library
}

void *user_resize(void *block, size_t size)
{
    void *resized = realloc(block, size);
    __asm__ volatile("" : "+r"(resized));
    return resized;
}
