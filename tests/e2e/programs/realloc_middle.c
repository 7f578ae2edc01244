/*
 * A realloc() that is looked at in its middle: to be preloaded behind libtrace.so. A block is cut
 * to CUT_BYTES as glibc does it, the size of what is kept first; what is behind has none yet. Then
 * a picture is taken, as it may be while another thread stands there.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libtrace.h"

#define CUT_BYTES 64
#define CHUNK_BYTES 80 /* of such a block */
#define PREVIOUS_IS_USED 1u

void *realloc(void *block, size_t size)
{
    void *(*next)(void *, size_t) = NULL;
    void *symbol = dlsym(RTLD_NEXT, "realloc");
    memcpy(&next, &symbol, sizeof next);
    if (block != NULL && size == CUT_BYTES) {
        volatile uint64_t *field = (volatile uint64_t *)block - 1;
        const uint64_t whole = *field;
        *field = CHUNK_BYTES | PREVIOUS_IS_USED;
        (void)libtrace_heap_picture("middle");
        *field = whole;
    }
    return next(block, size);
}
