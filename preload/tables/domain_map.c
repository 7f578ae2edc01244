/*
 * Who may write to a node: to its entry whoever owns the object; to its key whoever changed the
 * entry from 0 to CLAIMED, and only until the entry is stored. A thread that looks for its own
 * object can therefore trust a key that it finds beside a live entry: nobody else can write this
 * key. A claim that is never completed, because a signal handler left with longjmp(), costs a node.
 */
#include "domain_map.h"

#include <stdbool.h>

#include "memory.h"

#define BUCKETS ((size_t)1 << DOMAIN_MAP_BUCKET_BITS)
#define SLAB_NODES 2048
#define CLAIMED live_entry_make(0, 1) /* no site: nobody's entry */

struct domain_slab {
    struct domain_slab *before;
    _Atomic uint32_t used; /* more than there are when threads found it full */
    struct domain_node nodes[SLAB_NODES];
};

/* Return: an object's key, 0 if it has none: no number is left for the domain, or @address is too
 * large. @is_new: give the domain a number if it has none. */
static uint64_t key_of(struct domain_map *map, uint32_t domain, uintptr_t address, bool is_new)
{
    if ((uint64_t)address >> DOMAIN_MAP_ADDRESS_BITS != 0) {
        return 0;
    }
    for (uint64_t number = 1; number < DOMAIN_MAP_DOMAINS; number++) {
        uint64_t known = atomic_load_explicit(&map->domains[number], memory_order_relaxed);
        if (known == 0 && (!is_new || atomic_compare_exchange_strong(&map->domains[number], &known,
                                                                     (uint64_t)domain + 1))) {
            return is_new ? number << DOMAIN_MAP_ADDRESS_BITS | address : 0;
        }
        if (known == (uint64_t)domain + 1) {
            return number << DOMAIN_MAP_ADDRESS_BITS | address;
        }
    }
    return 0;
}

/* Return: NULL if there are none and, where @is_new, no memory. */
static _Atomic(struct domain_node *) *buckets_of(struct domain_map *map, bool is_new)
{
    _Atomic(struct domain_node *) *buckets = atomic_load(&map->buckets);
    if (buckets != NULL || !is_new) {
        return buckets;
    }
    _Atomic(struct domain_node *) *fresh = memory_map(BUCKETS * sizeof *fresh);
    if (fresh != NULL && !atomic_compare_exchange_strong(&map->buckets, &buckets, fresh)) {
        memory_unmap(fresh, BUCKETS * sizeof *fresh);
        return buckets;
    }
    return fresh;
}

/* Multiplicative hashing with an odd constant from the golden ratio (Knuth, TAOCP 3, 6.4). */
static size_t bucket_of(uint64_t key)
{
    return (size_t)(key * 0x9e3779b97f4a7c15u >> (64 - DOMAIN_MAP_BUCKET_BITS));
}

static struct domain_node *new_node(struct domain_map *map)
{
    for (;;) {
        struct domain_slab *slab = atomic_load(&map->slab);
        uint32_t at = slab != NULL ? atomic_fetch_add(&slab->used, 1) : SLAB_NODES;
        if (at < SLAB_NODES) {
            return &slab->nodes[at];
        }
        struct domain_slab *fresh = memory_map(sizeof *fresh);
        if (fresh == NULL) {
            return NULL;
        }
        fresh->before = slab;
        if (!atomic_compare_exchange_strong(&map->slab, &slab, fresh)) {
            memory_unmap(fresh, sizeof *fresh);
        }
    }
}

/*
 * Search a chain for a live object.
 * @ret_free: gets a node that waits for the next object, or NULL. May be NULL.
 */
static struct domain_node *find(struct domain_node *node, uint64_t key,
                                struct domain_node **ret_free)
{
    for (; node != NULL; node = node->below) {
        live_entry entry = atomic_load_explicit(&node->entry, memory_order_acquire);
        if (live_entry_site(entry) != 0 &&
            atomic_load_explicit(&node->key, memory_order_relaxed) == key) {
            return node;
        }
        if (entry == 0 && ret_free != NULL && *ret_free == NULL) {
            *ret_free = node;
        }
    }
    return NULL;
}

static struct domain_node *push(struct domain_map *map, _Atomic(struct domain_node *) *bucket,
                                uint64_t key)
{
    struct domain_node *node = new_node(map);
    if (node == NULL) {
        return NULL;
    }
    atomic_store_explicit(&node->key, key, memory_order_relaxed);
    atomic_store_explicit(&node->entry, CLAIMED, memory_order_relaxed);
    node->below = atomic_load(bucket);
    while (!atomic_compare_exchange_weak(bucket, &node->below, node)) {
    }
    return node;
}

_Atomic live_entry *domain_map_reach(struct domain_map *map, uint32_t domain, uintptr_t address,
                                     live_entry *ret_entry)
{
    uint64_t key = key_of(map, domain, address, true);
    _Atomic(struct domain_node *) *buckets = buckets_of(map, true);
    *ret_entry = 0;
    if (key == 0 || buckets == NULL) {
        return NULL;
    }
    _Atomic(struct domain_node *) *bucket = &buckets[bucket_of(key)];
    struct domain_node *waiting = NULL;
    struct domain_node *node = find(atomic_load(bucket), key, &waiting);
    if (node != NULL) {
        *ret_entry = atomic_load_explicit(&node->entry, memory_order_relaxed);
        return &node->entry;
    }
    live_entry expected = 0;
    if (waiting != NULL && atomic_compare_exchange_strong(&waiting->entry, &expected, CLAIMED)) {
        atomic_store_explicit(&waiting->key, key, memory_order_relaxed);
        return &waiting->entry;
    }
    node = push(map, bucket, key);
    return node != NULL ? &node->entry : NULL;
}

live_entry domain_map_take(struct domain_map *map, uint32_t domain, uintptr_t address)
{
    uint64_t key = key_of(map, domain, address, false);
    _Atomic(struct domain_node *) *buckets = buckets_of(map, false);
    if (key == 0 || buckets == NULL) {
        return 0;
    }
    struct domain_node *node = find(atomic_load(&buckets[bucket_of(key)]), key, NULL);
    return node != NULL ? atomic_exchange(&node->entry, 0) : 0;
}

void domain_map_visit(struct domain_map *map, void (*visit)(void *context, live_entry entry),
                      void *context)
{
    for (struct domain_slab *slab = atomic_load(&map->slab); slab != NULL; slab = slab->before) {
        uint32_t used = atomic_load(&slab->used);
        for (uint32_t i = 0; i < used && i < SLAB_NODES; i++) {
            live_entry entry = atomic_load(&slab->nodes[i].entry);
            if (live_entry_site(entry) != 0) {
                visit(context, entry);
            }
        }
    }
}
