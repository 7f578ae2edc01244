/*
 * Every block of the library comes from here and goes here, so that nda_usage() can say what is
 * alive. A buffer is one call of malloc or calloc of exactly its size: an allocation tracer sees
 * what NumPy would hold.
 *
 * Counters are atomic and relaxed: they are sums, nothing is ordered by them.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "internal.h"

static struct {
    atomic_size_t buffer_bytes;
    atomic_size_t buffers;
    atomic_size_t bytes;
    atomic_size_t blocks;
} alive;

static void count(enum nda_block block, size_t bytes, size_t blocks)
{
    atomic_fetch_add_explicit(&alive.bytes, bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&alive.blocks, blocks, memory_order_relaxed);
    if (block == NDA_BLOCK_BUFFER) {
        atomic_fetch_add_explicit(&alive.buffer_bytes, bytes, memory_order_relaxed);
        atomic_fetch_add_explicit(&alive.buffers, blocks, memory_order_relaxed);
    }
}

void *nda_memory_new(enum nda_block block, size_t bytes, bool is_zero)
{
    void *memory = is_zero ? calloc(1, bytes) : malloc(bytes);
    if (memory == NULL) {
        (void)nda_fail(NDA_NO_MEMORY, "out of memory for a block of %zu bytes", bytes);
        return NULL;
    }
    count(block, bytes, 1);
    return memory;
}

void *nda_memory_resize(void *memory, size_t bytes, size_t new_bytes)
{
    size_t new_blocks = memory == NULL ? 1 : 0;
    void *moved = realloc(memory, new_bytes);
    if (moved == NULL) {
        (void)nda_fail(NDA_NO_MEMORY, "out of memory for a block of %zu bytes", new_bytes);
        return NULL;
    }
    // unsigned arithmetic wraps, so adding the difference also makes the sum smaller
    count(NDA_BLOCK_OTHER, new_bytes - bytes, new_blocks);
    return moved;
}

void nda_memory_free(enum nda_block block, void *memory, size_t bytes)
{
    if (memory != NULL) {
        count(block, (size_t)0 - bytes, (size_t)0 - 1);
        free(memory);
    }
}

struct nda_usage nda_usage(void)
{
    return (struct nda_usage){
        .buffer_bytes = atomic_load_explicit(&alive.buffer_bytes, memory_order_relaxed),
        .buffers = atomic_load_explicit(&alive.buffers, memory_order_relaxed),
        .bytes = atomic_load_explicit(&alive.bytes, memory_order_relaxed),
        .blocks = atomic_load_explicit(&alive.blocks, memory_order_relaxed),
    };
}
