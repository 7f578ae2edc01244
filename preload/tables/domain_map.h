/*
 * (domain, address) -> live entry, for what a program tracks itself: the objects of its pools and
 * arenas, which malloc() knows nothing of and which may lie anywhere, at any distance. The live map
 * (live_map.h) is for domain 0.
 *
 * Lock-free: a signal handler may come at any instruction and leave with longjmp(), and a fork may
 * copy the table at any moment. Nodes hang in chained buckets that are only ever pushed to; a node
 * whose object has gone waits for the next object of its bucket. So memory follows the most objects
 * that were tracked at a time. Nothing is mapped before the first object.
 *
 * As with malloc(), whoever tracks or untracks an object owns it: two threads must not do it to the
 * same one at a time. If they do, its numbers may be wrong, and nothing else.
 */
#ifndef PRELOAD_DOMAIN_MAP_H
#define PRELOAD_DOMAIN_MAP_H

#include <stdatomic.h>
#include <stdint.h>

#include "live_map.h"

#define DOMAIN_MAP_BUCKET_BITS 20
#define DOMAIN_MAP_ADDRESS_BITS 52
#define DOMAIN_MAP_DOMAINS 4096 /* different ones that a process may use: the bits above */

struct domain_node {
    _Atomic uint64_t key;      /* number of the domain << 52 | address */
    _Atomic live_entry entry;  /* 0: free for the next; without a site: being taken */
    struct domain_node *below; /* in the same bucket */
};

struct domain_slab;

struct domain_map {
    _Atomic(_Atomic(struct domain_node *) *) buckets; /* NULL before the first object */
    _Atomic(struct domain_slab *) slab;               /* where nodes come from */
    _Atomic uint64_t domains[DOMAIN_MAP_DOMAINS];     /* plus one, by number; 0: not given out */
};

/*
 * Reach the place of an object, whether it is known or not. The caller must store an entry there:
 * the object's new one, or, if it gives up, what domain_map_reach() found.
 * @ret_entry: what is known of the object; 0: nothing.
 * Return: NULL without memory, beyond 52 bits, or with too many domains.
 */
_Atomic live_entry *domain_map_reach(struct domain_map *map, uint32_t domain, uintptr_t address,
                                     live_entry *ret_entry);

/* Take the entry of an object out. Return: the entry, 0 if the object is not known. */
live_entry domain_map_take(struct domain_map *map, uint32_t domain, uintptr_t address);

/* Call @visit for each entry. One that changes meanwhile is visited as it was before or after. */
void domain_map_visit(struct domain_map *map, void (*visit)(void *context, live_entry entry),
                      void *context);

#endif
