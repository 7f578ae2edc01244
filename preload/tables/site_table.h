/*
 * Interned sites: (stack, requested size) -> site id.
 *
 * Ids come from one counter, and a directory tells the stack and size of any id; but the look-up
 * table is private to each thread. That makes a site belong to the thread that allocates (the
 * report can tell threads apart although the live map does not), and a look-up needs no atomics,
 * even if it misses.
 */
#ifndef PRELOAD_SITE_TABLE_H
#define PRELOAD_SITE_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_format.h"

#define SITE_CHUNK_BITS 14 /* 256 KiB */
#define SITE_CHUNKS ((size_t)1 << (32 - SITE_CHUNK_BITS))

struct site {
    uint64_t size;
    uint32_t stack;
    uint32_t id; /* 0 in an empty slot of a table */
};

/* All sites of the process, by id. */
struct site_directory {
    _Atomic(struct site *) *chunks; /* SITE_CHUNKS of them, mapped when needed */
    _Atomic uint32_t next_id;
};

/* The sites of one thread: open addressing, at most half full. */
struct site_table {
    struct site *slots;
    size_t mask; /* number of slots minus one; slots is NULL before the first site */
    size_t used;
};

bool site_directory_init(struct site_directory *directory);

/* Give out a new id. Return: 0 without memory. Any thread; signal-safe. */
uint32_t site_directory_add(struct site_directory *directory, uint32_t stack, uint64_t size);

/* The site of an id that site_directory_add() returned. */
const struct site *site_directory_get(const struct site_directory *directory, uint32_t id);

/* Return: the slot that a site is in, unless it was taken when the site was entered. */
static inline size_t site_table_slot(const struct site_table *table, uint32_t stack, uint64_t size)
{
    uint64_t key = (size + ((uint64_t)stack << 32)) * 0x9e3779b97f4a7c15u;
    return (size_t)((key ^ (key >> 29)) * 0xd6e8feb86659fd93u >> 32) & table->mask;
}

/* site_table_find() at one glance, without a call. Return: the site id, or 0: it may be elsewhere.
 */
static inline uint32_t site_table_peek(const struct site_table *table, uint32_t stack,
                                       uint64_t size)
{
    if (__builtin_expect(table->slots == NULL, 0)) {
        return 0;
    }
    const struct site *site = &table->slots[site_table_slot(table, stack, size)];
    return site->stack == stack && site->size == size ? site->id : 0;
}

/* Return: the site id, or 0 if it is not in the table. Only by the table's thread. */
uint32_t site_table_find(const struct site_table *table, uint32_t stack, uint64_t size);

/* Enter a site that site_table_find() did not find. Return: false without memory. */
bool site_table_insert(struct site_table *table, uint32_t stack, uint64_t size, uint32_t id);

/* Empty the table and give its memory back. */
void site_table_clear(struct site_table *table);

#endif
