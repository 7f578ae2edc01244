/*
 * Address -> (site, birth tick), for every block that is alive: a shadow of the address space, one
 * 8-byte entry for each granule. A free event can thus name the site of the block, and nobody who
 * reads the trace needs a map of pointers.
 *
 * Two live blocks never share a granule: glibc's smallest chunk is 32 bytes. With other allocators
 * the granule is 16 bytes, and hooks.c asks them for at least 9 bytes, so that their 8-byte size
 * class is not used.
 *
 * No lock: whoever calls malloc or free owns the address. Two dependent loads reach an entry;
 * regions of the shadow are mapped when first needed and never unmapped.
 */
#ifndef PRELOAD_LIVE_MAP_H
#define PRELOAD_LIVE_MAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIVE_MAP_REGION_SHIFT 26 /* 64 MiB: small enough for RLIMIT_AS, one per glibc arena */
#define LIVE_MAP_ADDRESS_BITS 47
#define LIVE_MAP_REGIONS ((size_t)1 << (LIVE_MAP_ADDRESS_BITS - LIVE_MAP_REGION_SHIFT))

typedef uint64_t live_entry; /* birth tick << 32 | site; 0: no block */

struct live_map {
    /* LIVE_MAP_REGIONS of them; of each, where the entry of address 0 would be if it were as large
     * as to have one; 0: not mapped */
    _Atomic uintptr_t *regions;
    _Atomic uint32_t *mapped; /* numbers of those that are there, plus one */
    _Atomic uint32_t mapped_count;
    unsigned granule_shift;
};

/*
 * @granule_shift: 5 for glibc, 4 for other allocators.
 * Return: false without memory.
 */
bool live_map_init(struct live_map *map, unsigned granule_shift);

/*
 * Where a heap grows into new pages of the shadow. There they are asked for many at a time: a fault
 * for each of them costs more than everything else that is done for its 512 blocks. One for each
 * thread, whose heap it most often is; all zero: nowhere.
 */
struct live_front {
    uintptr_t next; /* in the shadow: pages from here on have not been asked for */
    uintptr_t end;  /* of the region's shadow */
};

#define LIVE_FRONT_BYTES ((uintptr_t)65536) /* asked for at a time: enough for 256 KiB of heap */

/*
 * Map the region of @address.
 * @front: is put behind the page of @address, where the heap is expected to grow.
 * Return: the entry's place, or NULL: no memory, or beyond 47 bits.
 */
_Atomic live_entry *live_map_grow(struct live_map *map, uintptr_t address,
                                  struct live_front *front);

/* A place near the front was reached: ask for the next pages. */
void live_front_advance(struct live_front *front);

/*
 * Call @visit for each entry. One that changes meanwhile is visited as it was before or after.
 * Looks at pages of the shadow that have been touched: a quarter of the heap with glibc.
 */
void live_map_visit(const struct live_map *map, void (*visit)(void *context, live_entry entry),
                    void *context);

static inline live_entry live_entry_make(uint32_t site, uint32_t birth)
{
    return (live_entry)birth << 32 | site;
}

static inline uint32_t live_entry_site(live_entry entry)
{
    uint32_t site = (uint32_t)entry;
    /* or the compiler masks the entry after each shift */
    __asm__("" : "+r"(site));
    return site;
}

static inline uint32_t live_entry_birth(live_entry entry)
{
    return (uint32_t)(entry >> 32);
}

/* Return: the entry's place, or NULL if its region is not mapped. */
static inline _Atomic live_entry *live_map_find(const struct live_map *map, uintptr_t address)
{
    const uintptr_t number = address >> LIVE_MAP_REGION_SHIFT;
    if (__builtin_expect(number >= LIVE_MAP_REGIONS, 0)) {
        return NULL;
    }
    const uintptr_t origin = atomic_load_explicit(&map->regions[number], memory_order_acquire);
    if (__builtin_expect(origin == 0, 0)) {
        return NULL;
    }
    const uintptr_t place = origin + (address >> map->granule_shift) * sizeof(live_entry);
    if (place == 0) {
        __builtin_unreachable(); /* or callers would look at it again */
    }
    return (_Atomic live_entry *)place;
}

/* Return: the entries of a region, or NULL if it is not mapped. */
static inline _Atomic live_entry *live_map_region(const struct live_map *map, size_t number)
{
    return live_map_find(map, (uintptr_t)number << LIVE_MAP_REGION_SHIFT);
}

/*
 * Is @place so near that live_front_advance() is due? To be asked now and then: from time to time
 * the heap has grown by less than LIVE_FRONT_BYTES stand for.
 */
static inline bool live_front_is_near(const struct live_front *front,
                                      const _Atomic live_entry *place)
{
    return (uintptr_t)place - (front->next - LIVE_FRONT_BYTES) < 2 * LIVE_FRONT_BYTES;
}

/*
 * Enter a block.
 * Return: what was in the place: 0, or the entry of a block that was freed unseen.
 */
static inline live_entry live_map_put(_Atomic live_entry *place, live_entry entry)
{
    /* One instruction that reads and writes. A page that is read before it is written costs two
     * faults, the second of which interrupts all other processors of the process; and where there
     * was nothing, which is nearly always, the sum is the entry. */
    __asm__ volatile("addq %1, %0" : "+m"(*(volatile live_entry *)place) : "r"(entry));
    live_entry left = atomic_load_explicit(place, memory_order_relaxed) - entry;
    if (__builtin_expect(left != 0, 0)) {
        atomic_store_explicit(place, entry, memory_order_relaxed);
    }
    return left;
}

/*
 * Take the entry of a block out, before the block is freed.
 * Return: the entry, 0 if the address is not known.
 */
static inline live_entry live_map_take(const struct live_map *map, uintptr_t address)
{
    _Atomic live_entry *place = live_map_find(map, address);
    if (place == NULL) {
        return 0;
    }
    live_entry entry = atomic_load_explicit(place, memory_order_relaxed);
    atomic_store_explicit(place, 0, memory_order_relaxed);
    return entry;
}

#endif
