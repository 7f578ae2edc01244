/* What fleeting.c loads. */
#include <stdlib.h>

void *fleeting_allocate(size_t bytes);

void *fleeting_allocate(size_t bytes)
{
    void *volatile block = malloc(bytes); // not a tail call: the frame stays
    return block;
}
