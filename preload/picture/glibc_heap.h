/*
 * What glibc's allocator writes in front of its blocks: enough to tell where a block begins that
 * the live map knows to 32 bytes only, and which memory is the allocator's.
 *
 * A chunk is 16-byte aligned; its size, whose lowest bits are flags, stands 8 bytes before the
 * block. Chunks of a heap follow each other without gaps, so from one that is known the next ones
 * are found; where that chain is not to be had (the first block, a block mapped alone, a heap that
 * another thread was changing when memory was frozen), the header that makes sense wins.
 *
 * Source: glibc, malloc/malloc.c ("Chunk representation") and malloc/arena.c (heap_info); the same
 * from 2.26 on at least.
 */
#ifndef PRELOAD_GLIBC_HEAP_H
#define PRELOAD_GLIBC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mappings.h"

#define GLIBC_HEAP_GRANULE 32

/* A walk over blocks, by address. */
struct glibc_walk {
    const struct mapping *mapping; /* of the last block */
    uintptr_t chunk;               /* where the next chunk begins; 0: not known */
};

/*
 * Where does the block in a granule begin?
 * @granule: its address; in @mapping, which can be read. The granules of a walk ascend.
 * @size: as requested.
 * Return: @granule or @granule + 16.
 */
uintptr_t glibc_block_in(struct glibc_walk *walk, const struct mapping *mapping, uintptr_t granule,
                         uint64_t size);

/* An address range. */
struct range {
    uintptr_t start;
    uintptr_t end;
};

/* Return: the memory around a block that is the allocator's: its heap, or its own mapping. */
struct range glibc_range_of(const struct mapping *mapping, uintptr_t block);

/* Return: the heap that a mapping begins with, though no block in it is alive; empty if none. */
struct range glibc_empty_heap(const struct mapping *mapping);

/*
 * Return: the main arena, which is among libc's variables and points to free chunks; empty if it is
 * not in @mapping.
 */
struct range glibc_main_arena(const struct mapping *mapping);

/*
 * A block that is neither free nor in the live map: in the middle of being reallocated, say.
 * @address: anything; in @mapping, which is a heap.
 * Return: its bytes, 0 if no such block begins at the address.
 */
size_t glibc_used_bytes(const struct mapping *mapping, uintptr_t address);

#endif
