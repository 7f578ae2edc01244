/* Chunks of glibc. See glibc_heap.h. */
#include "glibc_heap.h"

#include <string.h>

#define CHUNK_HEAD 16 /* from the chunk's address to the block's */
#define SIZE_AT 8     /* in the chunk */
#define SIZE_BYTES sizeof(uint64_t)
#define ALIGNMENT 16
#define CHUNK_LEAST 32
#define SPARE_MOST 32 /* a rest that is too small to be a chunk stays with the block */

#define IS_PREVIOUS_USED 1u
#define IS_MAPPED 2u
#define IS_OTHER_ARENA 4u
#define FLAGS 7u

#define HEAP_BYTES ((uintptr_t)64 << 20) /* of an arena that is not the main one; its alignment */

/* malloc_state: its bins are pairs of words. An empty bin points to 16 bytes before itself, and the
 * last bin is always empty. */
#define BINS 127
#define BIN_BYTES 16
#define EMPTY_BINS_LEAST 8
#define BINS_AT 112 /* in the arena */
#define ARENA_BYTES 2200

static uint64_t word_at(uintptr_t address)
{
    return *(const uint64_t *)address;
}

static bool is_inside(const struct mapping *mapping, uintptr_t address, size_t bytes)
{
    return address >= mapping->start && address < mapping->end && mapping->end - address >= bytes;
}

/* Return: the size field of a chunk; 0 if it cannot be one. */
static uint64_t size_field(const struct mapping *mapping, uintptr_t chunk)
{
    if (!is_inside(mapping, chunk, CHUNK_HEAD)) {
        return 0;
    }
    uint64_t field = word_at(chunk + SIZE_AT);
    uint64_t size = field & ~(uint64_t)FLAGS;
    bool is_possible = size >= ALIGNMENT && size % ALIGNMENT == 0 && size <= mapping->end - chunk;
    return is_possible ? field : 0;
}

static uint64_t chunk_bytes(uint64_t field)
{
    return field & ~(uint64_t)FLAGS;
}

/* What a request makes the chunk's size be. */
static uint64_t bytes_for(uint64_t size)
{
    uint64_t bytes = (size + SIZE_BYTES + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
    return bytes < CHUNK_LEAST ? CHUNK_LEAST : bytes;
}

/* How well would a block of @size fit here? 0: not at all. */
static unsigned fit(const struct mapping *mapping, uintptr_t chunk, uint64_t size)
{
    uint64_t field = size_field(mapping, chunk);
    uint64_t bytes = chunk_bytes(field);
    uint64_t needed = bytes_for(size);
    if (field == 0 || bytes < needed) {
        return 0;
    }
    if ((field & IS_MAPPED) != 0) {
        uint64_t before = word_at(chunk);
        return (field & IS_PREVIOUS_USED) == 0 && (chunk - before) % MEMORY_PAGE_BYTES == 0 &&
                       (before + bytes) % MEMORY_PAGE_BYTES == 0
                   ? 3
                   : 0;
    }
    uint64_t next = size_field(mapping, chunk + bytes);
    if ((next & IS_PREVIOUS_USED) == 0 || bytes > needed + SPARE_MOST) {
        return 1;
    }
    return bytes == needed ? 3 : 2;
}

/* Follow the chain up to a chunk that may hold the block. Return: false if it does not lead there.
 */
static bool follow(struct glibc_walk *walk, const struct mapping *mapping, uintptr_t granule)
{
    if (walk->chunk == 0 || walk->mapping != mapping) {
        return false;
    }
    while (walk->chunk < granule - CHUNK_HEAD) {
        uint64_t field = size_field(mapping, walk->chunk);
        if (field == 0) {
            return false;
        }
        walk->chunk += chunk_bytes(field);
    }
    return walk->chunk <= granule - CHUNK_HEAD + ALIGNMENT;
}

uintptr_t glibc_block_in(struct glibc_walk *walk, const struct mapping *mapping, uintptr_t granule,
                         uint64_t size)
{
    uintptr_t chunk = granule - CHUNK_HEAD;
    if (follow(walk, mapping, granule)) {
        chunk = walk->chunk;
    } else if (fit(mapping, chunk + ALIGNMENT, size) > fit(mapping, chunk, size)) {
        chunk += ALIGNMENT;
    }
    uint64_t field = size_field(mapping, chunk);
    walk->mapping = mapping;
    walk->chunk = field != 0 && (field & IS_MAPPED) == 0 ? chunk + chunk_bytes(field) : 0;
    return chunk + CHUNK_HEAD;
}

static struct range clip(struct range range, const struct mapping *mapping)
{
    range.start = range.start < mapping->start ? mapping->start : range.start;
    range.end = range.end > mapping->end ? mapping->end : range.end;
    return range;
}

struct range glibc_range_of(const struct mapping *mapping, uintptr_t block)
{
    uintptr_t chunk = block - CHUNK_HEAD;
    uint64_t field = size_field(mapping, chunk);
    struct range range = {mapping->start, mapping->end};
    if ((field & IS_MAPPED) != 0) {
        range = (struct range){chunk - word_at(chunk), chunk + chunk_bytes(field)};
    } else if ((field & IS_OTHER_ARENA) != 0) {
        range.start = block & ~(HEAP_BYTES - 1);
        range.end = range.start + HEAP_BYTES;
    }
    return clip(range, mapping);
}

struct range glibc_empty_heap(const struct mapping *mapping)
{
    struct range range = {mapping->start, mapping->start};
    if (strcmp(mapping->name, "[heap]") == 0) {
        range.end = mapping->end;
        return range;
    }
    /* heap_info begins with its arena's address, which for the first heap follows it */
    if (mapping->start % HEAP_BYTES == 0 && mapping->inode == 0 &&
        (mapping->flags & MAPPING_SHARED) == 0) {
        uintptr_t behind = word_at(mapping->start) % HEAP_BYTES;
        if (behind == 32 || behind == 48) {
            range.end = mapping->start + HEAP_BYTES;
        }
    }
    return clip(range, mapping);
}

static bool is_empty_bin(uintptr_t bin)
{
    return word_at(bin) == bin - BIN_BYTES && word_at(bin + sizeof(uint64_t)) == bin - BIN_BYTES;
}

struct range glibc_main_arena(const struct mapping *mapping)
{
    struct range range = {mapping->start, mapping->start};
    unsigned empty = 0;
    uintptr_t last = 0;
    for (uintptr_t bin = mapping->start; mapping->end - bin >= BIN_BYTES; bin += sizeof(uint64_t)) {
        if (is_empty_bin(bin)) {
            last = bin;
            empty++;
        }
    }
    if (empty >= EMPTY_BINS_LEAST) {
        range.start = last - (BINS - 1) * BIN_BYTES - BINS_AT;
        range.end = range.start + ARENA_BYTES;
    }
    return clip(range, mapping);
}

size_t glibc_used_bytes(const struct mapping *mapping, uintptr_t address)
{
    uint64_t field = address % ALIGNMENT == 0 ? size_field(mapping, address - CHUNK_HEAD) : 0;
    uint64_t bytes = chunk_bytes(field);
    if (bytes < CHUNK_LEAST) {
        return 0;
    }
    if ((field & IS_MAPPED) != 0) {
        return bytes - CHUNK_HEAD;
    }
    uint64_t next = size_field(mapping, address - CHUNK_HEAD + bytes);
    return (next & IS_PREVIOUS_USED) != 0 ? bytes - SIZE_BYTES : 0;
}
