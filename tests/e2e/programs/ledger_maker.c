/* A library that allocates: ledger.c. */
#include "ledger.h"

#include <stdlib.h>

void *maker_make(size_t size)
{
    return malloc(size);
}

void *maker_resize(void *block, size_t size)
{
    return realloc(block, size);
}

void maker_drop(void *block)
{
    free(block);
}
