/*
 * A list of blocks, filled from the front. Requests larger than a block get one of their own.
 * Nothing is ever given back singly: what lives in an arena dies with it.
 */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 65536,
    ALIGN = 16,
};

struct arena_block {
    struct arena_block *older;
    size_t used; /* of the bytes after this header */
    size_t size;
    size_t pad; /* keeps what follows aligned */
};

void arena_fini(struct arena *arena)
{
    struct arena_block *block = arena->newest;
    while (block != NULL) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
    arena->newest = NULL;
}

static struct arena_block *add_block(struct arena *arena, size_t least)
{
    size_t size = least > BLOCK_BYTES ? least : BLOCK_BYTES;
    struct arena_block *block = calloc(1, sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    block->size = size;
    block->older = arena->newest;
    arena->newest = block;
    return block;
}

void *arena_array(struct arena *arena, size_t count, size_t bytes)
{
    size_t product = 0;
    if (__builtin_mul_overflow(count, bytes, &product) || product > SIZE_MAX / 2) {
        return NULL;
    }
    size_t need = (product + ALIGN - 1) / ALIGN * ALIGN;
    struct arena_block *block = arena->newest;
    if (block == NULL || block->size - block->used < need) {
        block = add_block(arena, need);
        if (block == NULL) {
            return NULL;
        }
    }
    uint8_t *start = (uint8_t *)(block + 1) + block->used;
    block->used += need;
    return start;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    char *copy = arena_array(arena, length + 1, 1);
    if (copy != NULL && length > 0) {
        memcpy(copy, bytes, length);
    }
    return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : arena_array(arena, (size_t)length + 1, 1);
    if (text != NULL) {
        va_start(arguments, format);
        (void)vsnprintf(text, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    return text;
}
