/*
 * Which live block does an address lie in? Made from the live map, for a heap picture: a bit for
 * each granule in which a block begins, and for each 64 of them how many there were before, and
 * where the last one was: one cache line answers. Memory: a fiftieth of the heap at most.
 *
 * For a process that nobody changes meanwhile. Context: async-signal-safe; memory is mapped, never
 * given back.
 */
#ifndef PRELOAD_BLOCK_DIRECTORY_H
#define PRELOAD_BLOCK_DIRECTORY_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live_map.h"
#include "mappings.h"
#include "site_table.h"

struct block {
    uintptr_t address;
    uint64_t size;   /* as requested */
    uint64_t number; /* from 0, by address */
    live_entry entry;
};

/* 64 granules. */
struct directory_line {
    uint64_t starts; /* a bit for each granule in which a block begins */
    uint64_t halves; /* the same where it begins in the granule's middle */
    uint32_t count;  /* blocks of this region that begin before the line */
    uint32_t last;   /* granule of the last of them, plus 1; 0: there is none */
};

/* A region of the live map. */
struct directory_part {
    const _Atomic live_entry *entries;
    struct directory_line *lines; /* NULL: no block begins here */
    uint64_t first_number;        /* of its first block */
    size_t region;                /* its number in the live map */
    struct block before;          /* the last block that begins before the region; entry 0: none */
};

struct block_directory {
    const struct site_directory *sites;
    unsigned granule_shift;
    uint32_t *index; /* of each region: its part, plus 1; 0: no block in it */
    struct directory_part *parts;
    size_t part_count;
    size_t part_room;
    uintptr_t lowest; /* of all blocks */
    uintptr_t highest;
    uint64_t blocks;
    uint64_t left_out; /* for want of memory */
};

/* Is told of every block while the directory is made, by address. */
struct block_visitor {
    void *context;
    void (*block)(void *context, const struct block *block, const struct mapping *mapping);
};

/*
 * Find all blocks of the live map that lie in a mapping that can be read and written.
 * @is_glibc: the allocator's headers may be used.
 * Return: false without memory for anything.
 */
bool block_directory_build(struct block_directory *directory, const struct live_map *live,
                           const struct site_directory *sites, const struct mappings *mappings,
                           bool is_glibc, const struct block_visitor *visitor);

/* What an address points to. */
struct block_hit {
    uint64_t number;
    uint64_t offset;    /* of the address in the block */
    struct block block; /* only filled in if the offset is not 0 */
};

/* Return: true if @address points to or into a block. One of size 0 has its first byte. */
bool block_directory_find_slow(const struct block_directory *directory, uintptr_t address,
                               struct block_hit *ret_hit);

/* The same; most words are not addresses at all. */
static inline bool block_directory_find(const struct block_directory *directory, uintptr_t address,
                                        struct block_hit *ret_hit)
{
    return address - directory->lowest <= directory->highest - directory->lowest &&
           directory->index[address >> LIVE_MAP_REGION_SHIFT] != 0 &&
           block_directory_find_slow(directory, address, ret_hit);
}

/* Call @visit for every block, by address. */
void block_directory_each(const struct block_directory *directory,
                          void (*visit)(void *context, const struct block *block), void *context);

#endif
