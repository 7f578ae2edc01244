/*
 * A bump allocator over a static arena. Each block is preceded by its size. A request that does not
 * fit gets pages of its own, which bootstrap_owns() must know as well: they are few, and kept in a
 * list.
 */
#include "bootstrap.h"

#include <stdatomic.h>
#include <stdint.h>

#include "memory.h"

#define ARENA_BYTES 65536
#define BIG_BLOCKS_MAX 64
#define MIN_ALIGNMENT 16

static _Alignas(MIN_ALIGNMENT) unsigned char arena[ARENA_BYTES];
static _Atomic size_t arena_used;

struct big_block {
    _Atomic uintptr_t start;
    _Atomic uintptr_t end;
};
static struct big_block big_blocks[BIG_BLOCKS_MAX];
static _Atomic unsigned big_blocks_used;

/* First address from @from on with room for the size before it and the alignment asked for. */
static uintptr_t place_block(uintptr_t from, size_t alignment)
{
    return (from + sizeof(size_t) + alignment - 1) & ~(uintptr_t)(alignment - 1);
}

static void *finish_block(uintptr_t block, size_t size)
{
    ((size_t *)block)[-1] = size;
    return (void *)block;
}

static void *allocate_big(size_t alignment, size_t size)
{
    size_t bytes = (size + alignment + sizeof(size_t) + 4095) & ~(size_t)4095;
    void *pages = bytes > size ? memory_map(bytes) : NULL;
    if (pages == NULL) {
        return NULL;
    }
    unsigned index = atomic_fetch_add(&big_blocks_used, 1);
    if (index >= BIG_BLOCKS_MAX) {
        memory_unmap(pages, bytes);
        return NULL;
    }
    uintptr_t start = (uintptr_t)pages;
    atomic_store(&big_blocks[index].end, start + bytes);
    atomic_store(&big_blocks[index].start, start);
    return finish_block(place_block(start, alignment), size);
}

void *bootstrap_allocate(size_t alignment, size_t size)
{
    if (alignment < MIN_ALIGNMENT) {
        alignment = MIN_ALIGNMENT;
    }
    uintptr_t base = (uintptr_t)arena;
    size_t used = atomic_load(&arena_used);
    for (;;) {
        uintptr_t block = place_block(base + used, alignment);
        if (size > ARENA_BYTES || block + size > base + ARENA_BYTES) {
            return allocate_big(alignment, size);
        }
        if (atomic_compare_exchange_weak(&arena_used, &used, block + size - base)) {
            return finish_block(block, size);
        }
    }
}

void bootstrap_arena(uintptr_t *ret_start, uintptr_t *ret_end)
{
    *ret_start = (uintptr_t)arena;
    *ret_end = (uintptr_t)arena + atomic_load(&arena_used);
}

static __attribute__((noinline, cold)) bool is_big_block(uintptr_t address)
{
    for (unsigned i = 0; i < BIG_BLOCKS_MAX; i++) {
        uintptr_t start = atomic_load_explicit(&big_blocks[i].start, memory_order_relaxed);
        if (start != 0 && address >= start && address < atomic_load(&big_blocks[i].end)) {
            return true;
        }
    }
    return false;
}

bool bootstrap_owns(const void *block) /* asked before every free: short, so that it is inlined */
{
    return (uintptr_t)block - (uintptr_t)arena < ARENA_BYTES ||
           (__builtin_expect(atomic_load_explicit(&big_blocks_used, memory_order_relaxed) != 0,
                             0) &&
            is_big_block((uintptr_t)block));
}

size_t bootstrap_size(const void *block)
{
    return ((const size_t *)block)[-1];
}
