/*
 * Hash buckets with chains of ids, nodes in chunks. See stack_table.h.
 *
 * A node is immutable once published; `next` is set before the compare-and-swap that
 * publishes it, `is_published` after it, for those who come without a bucket. Nodes that hang below
 * one that is not published yet need no bucket: `is_published` alone lets them be found, once their
 * parent is. Ids are never freed, so there is no ABA problem.
 */
#include "stack_table.h"

#include "memory.h"

#define BUCKETS ((size_t)1 << STACK_TABLE_BUCKET_BITS)
#define FIRST_PARENTS_BITS 13
#define FIRST_BUCKETS_BITS (FIRST_PARENTS_BITS + 2)
#define POPULATED_NODES ((uint32_t)2048) /* pages of nodes are asked for so many at a time, ... */
#define FEW_NODES ((uint32_t)128)        /* ... the first ones in a program with more than these */
#define CHUNK_NODES ((size_t)1 << STACK_TABLE_CHUNK_BITS)

bool stack_table_init(struct stack_table *table)
{
    table->buckets = memory_map(BUCKETS * sizeof *table->buckets);
    table->chunks = memory_map(STACK_TABLE_CHUNKS * sizeof *table->chunks);
    atomic_store(&table->next_id, TRACE_STACK_FIRST);
    return table->buckets != NULL && table->chunks != NULL;
}

void stack_table_forget(struct stack_table *table)
{
    memory_clear(table->buckets, BUCKETS * sizeof *table->buckets);
}

/* A part of the buckets, a power of two of them. */
struct region {
    size_t start;
    unsigned bits;
};

/* Where the children of node @parent are found. Each region but the first is as large as all before
 * it. */
static struct region region_of(uint32_t parent)
{
    uint32_t generation = parent >> FIRST_PARENTS_BITS;
    if (generation == 0) {
        return (struct region){0, FIRST_BUCKETS_BITS};
    }
    unsigned bits = FIRST_BUCKETS_BITS + 31 - (unsigned)__builtin_clz(generation);
    bits = bits < STACK_TABLE_BUCKET_BITS ? bits : STACK_TABLE_BUCKET_BITS - 1;
    return (struct region){(size_t)1 << bits, bits};
}

/* Multiplicative hashing with odd constants from the golden ratio (Knuth, TAOCP 3, 6.4). */
static _Atomic uint32_t *bucket_of(const struct stack_table *table, uint32_t parent,
                                   uint32_t module, uintptr_t address)
{
    struct region region = region_of(parent);
    uint64_t key = (address + module) * 0x9e3779b97f4a7c15u;
    key = (key ^ (key >> 32) ^ parent) * 0xd6e8feb86659fd93u;
    return &table->buckets[region.start + (key >> (64 - region.bits))];
}

static struct stack_node *node_at(const struct stack_table *table, uint32_t id)
{
    struct stack_node *chunk =
        atomic_load_explicit(&table->chunks[id >> STACK_TABLE_CHUNK_BITS], memory_order_acquire);
    return &chunk[id & (CHUNK_NODES - 1)];
}

const struct stack_node *stack_table_node(const struct stack_table *table, uint32_t id)
{
    return node_at(table, id);
}

/* Search the chain from @id up to, not including, @end. */
static uint32_t find_in_chain(const struct stack_table *table, uint32_t id, uint32_t end,
                              uint32_t parent, uint32_t module, uintptr_t address)
{
    while (id != end) {
        const struct stack_node *node = node_at(table, id);
        if (node->address == address && node->parent == parent && node->module == module) {
            return id;
        }
        id = node->next;
    }
    return 0;
}

uint32_t stack_table_find(const struct stack_table *table, uint32_t parent, uint32_t module,
                          uintptr_t address)
{
    const _Atomic uint32_t *bucket = bucket_of(table, parent, module, address);
    uint32_t head = atomic_load_explicit(bucket, memory_order_acquire);
    return find_in_chain(table, head, 0, parent, module, address);
}

static bool map_chunk(struct stack_table *table, uint32_t id)
{
    _Atomic(struct stack_node *) *place = &table->chunks[id >> STACK_TABLE_CHUNK_BITS];
    if (atomic_load(place) != NULL) {
        return true;
    }
    struct stack_node *chunk = memory_map(CHUNK_NODES * sizeof *chunk);
    struct stack_node *expected = NULL;
    if (chunk == NULL) {
        return false;
    }
    if (!atomic_compare_exchange_strong(place, &expected, chunk)) {
        memory_unmap(chunk, CHUNK_NODES * sizeof *chunk);
    }
    return true;
}

/* Pages that are about to be touched one by one cost a fault each: have them all at once. @first
 * to @last: the next ids. */
static void populate(struct stack_table *table, uint32_t first, uint32_t last)
{
    struct region region = region_of(last);
    if (first == TRACE_STACK_FIRST || region.start != region_of(first - 1).start) {
        memory_populate(table->buckets + region.start,
                        ((size_t)1 << region.bits) * sizeof *table->buckets);
    }
    const uint32_t part = last - last % POPULATED_NODES;
    if (part >= first || (first <= FEW_NODES && FEW_NODES <= last)) {
        memory_populate(node_at(table, part), POPULATED_NODES * sizeof(struct stack_node));
    }
}

/* Return: how many ids from @id on there are in its chunk. */
static uint32_t room_from(uint32_t id)
{
    const uint32_t in_chunk = (uint32_t)(CHUNK_NODES - id % CHUNK_NODES);
    const uint32_t in_all = id < STACK_NONE - 1 ? STACK_NONE - 1 - id : 0;
    return in_chunk < in_all ? in_chunk : in_all;
}

struct stack_branch stack_table_make_branch(struct stack_table *table, size_t most)
{
    uint32_t id = atomic_load(&table->next_id);
    uint32_t count = 0;
    do {
        const uint32_t room = room_from(id);
        count = most < room ? (uint32_t)most : room;
        if (count == 0 || !map_chunk(table, id)) {
            return (struct stack_branch){0};
        }
    } while (!atomic_compare_exchange_weak(&table->next_id, &id, id + count));
    populate(table, id, id + count - 1);
    return (struct stack_branch){.first = id, .count = count, .nodes = node_at(table, id)};
}

uint32_t stack_table_create(struct stack_table *table, uint32_t parent, uint32_t module,
                            uintptr_t address)
{
    struct stack_branch branch = stack_table_make_branch(table, 1);
    if (branch.count == 0) {
        return STACK_NONE;
    }
    stack_branch_put(&branch, 0, parent, module, address);
    return branch.first;
}

uint32_t stack_table_publish(struct stack_table *table, uint32_t id)
{
    struct stack_node *node = node_at(table, id);
    _Atomic uint32_t *bucket = bucket_of(table, node->parent, node->module, node->address);
    uint32_t head = atomic_load_explicit(bucket, memory_order_acquire);
    uint32_t searched = 0; /* the chain from here on holds no equal node */
    for (;;) {
        uint32_t twin =
            find_in_chain(table, head, searched, node->parent, node->module, node->address);
        if (twin != 0) {
            return twin;
        }
        searched = head;
        node->next = head;
        if (atomic_compare_exchange_strong_explicit(bucket, &head, id, memory_order_release,
                                                    memory_order_acquire)) {
            atomic_store_explicit(&node->is_published, 1, memory_order_release);
            return id;
        }
    }
}

uint32_t stack_table_publish_branch(struct stack_table *table, const struct stack_branch *branch)
{
    for (uint32_t i = 1; i < branch->count; i++) {
        atomic_store_explicit(&branch->nodes[i].is_published, 1, memory_order_release);
    }
    return stack_table_publish(table, branch->first);
}
