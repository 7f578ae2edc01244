/*
 * Interned call stacks: a tree of (parent, module, return address), each node named by a small
 * integer. Lock-free: nodes are found through chained hash buckets that are only ever pushed to.
 *
 * A small program's buckets must lie close together, for each is a miss of the cache, and a big
 * program must have many. So a node's bucket lies in a region that its parent's id tells: the
 * children of the first 8192 nodes have one, those of the next 8192 another, then each region has
 * twice the buckets of the one before, as have come twice the nodes.
 *
 * Frames that are new to the table come together, at the leaf end of a stack. They are entered as a
 * branch: nodes with ids in a row, of which only the first lies in a bucket.
 *
 * The table writes nothing. A caller that creates a node is told its id before anybody else can
 * see it, writes the definition into the trace, and then publishes it: an event never names a stack
 * that the file does not define.
 */
#ifndef PRELOAD_STACK_TABLE_H
#define PRELOAD_STACK_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "trace_format.h"

#define STACK_TABLE_BUCKET_BITS 21
#define STACK_TABLE_CHUNK_BITS 14 /* nodes are allocated 16384 at a time: 512 KiB */
#define STACK_TABLE_CHUNKS ((size_t)1 << (32 - STACK_TABLE_CHUNK_BITS))
#define STACK_NONE UINT32_MAX /* no memory, or no more ids */

struct stack_node {
    uint32_t parent; /* caller's id, or enum trace_stack_root */
    _Atomic uint32_t is_published;
    uintptr_t address; /* return address */
    uint32_t module;
    uint32_t next; /* in the same bucket; 0 ends the chain */
};

/* What a stack adds to the tree: nodes with ids in a row, each but the first below the one before.
 */
struct stack_branch {
    uint32_t first; /* id */
    uint32_t count;
    struct stack_node *nodes;
};

struct stack_table {
    _Atomic uint32_t *buckets;            /* heads of chains; 0: empty */
    _Atomic(struct stack_node *) *chunks; /* STACK_TABLE_CHUNKS of them, mapped when needed */
    _Atomic uint32_t next_id;
};

/* Return: false without memory. */
bool stack_table_init(struct stack_table *table);

/*
 * Forget which stack has which id, but never give out an id again: for the child after fork, whose
 * own trace starts empty. Only while no other thread uses the table.
 */
void stack_table_forget(struct stack_table *table);

/*
 * stack_table_find() where no key is needed: is it the node made right after @parent? Stacks are
 * entered root first, so that a node's first child is there, mostly on the same line of the cache.
 * Return: its id, or 0: it may be elsewhere. Any thread; signal-safe.
 */
static inline uint32_t stack_table_find_next(const struct stack_table *table, uint32_t parent,
                                             uint32_t module, uintptr_t address)
{
    const uint32_t id = parent + 1;
    if (parent < TRACE_STACK_FIRST) {
        return 0;
    }
    const struct stack_node *chunk =
        atomic_load_explicit(&table->chunks[id >> STACK_TABLE_CHUNK_BITS], memory_order_acquire);
    const struct stack_node *node = &chunk[id & (((uint32_t)1 << STACK_TABLE_CHUNK_BITS) - 1)];
    return chunk != NULL && atomic_load_explicit(&node->is_published, memory_order_acquire) != 0 &&
                   node->parent == parent && node->address == address && node->module == module
               ? id
               : 0;
}

/* Return: the id of a published node, or 0 if there is none. Any thread; signal-safe. */
uint32_t stack_table_find(const struct stack_table *table, uint32_t parent, uint32_t module,
                          uintptr_t address);

/*
 * Make a branch that nobody else can find yet, of empty nodes. It may be shorter than asked for:
 * its nodes lie in one chunk.
 * @most: nodes that are wanted, at least one.
 * Return: the branch, all of whose nodes are to be put; with none if there is no memory or no id.
 */
struct stack_branch stack_table_make_branch(struct stack_table *table, size_t most);

/*
 * @parent: of the branch's first node; not used for the others.
 * `is_published` is 0 as it came from the kernel, and stays so: others may be looking at it.
 */
static inline void stack_branch_put(const struct stack_branch *branch, uint32_t index,
                                    uint32_t parent, uint32_t module, uintptr_t address)
{
    struct stack_node *node = &branch->nodes[index];
    node->parent = index == 0 ? parent : branch->first + index - 1;
    node->address = address;
    node->module = module;
}

/*
 * Let others find a branch. Nobody else can have put anything below a node that nobody could find,
 * so only the first one is looked for and needs a bucket: the others come right after their
 * parents. Return: the first one's id; or that of an equal node that another thread published
 * meanwhile, and then none of the branch's can be found.
 */
uint32_t stack_table_publish_branch(struct stack_table *table, const struct stack_branch *branch);

/* Make a node that nobody else can find yet. Return: its id, or STACK_NONE. */
uint32_t stack_table_create(struct stack_table *table, uint32_t parent, uint32_t module,
                            uintptr_t address);

/*
 * Let others find node @id.
 * Return: @id, or the id of an equal node that another thread published meanwhile.
 */
uint32_t stack_table_publish(struct stack_table *table, uint32_t id);

/* The node of an id that find, create or publish returned. */
const struct stack_node *stack_table_node(const struct stack_table *table, uint32_t id);

#endif
