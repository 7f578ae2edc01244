/* The shadow's regions. See live_map.h. */
#include "live_map.h"

#include "memory.h"
#include "sys.h"

#define PAGE_BYTES ((uintptr_t)4096)

bool live_map_init(struct live_map *map, unsigned granule_shift)
{
    map->granule_shift = granule_shift;
    map->regions = memory_map(LIVE_MAP_REGIONS * sizeof *map->regions);
    map->mapped = memory_map(LIVE_MAP_REGIONS * sizeof *map->mapped);
    return map->regions != NULL && map->mapped != NULL;
}

__attribute__((noinline, cold)) _Atomic live_entry *
live_map_grow(struct live_map *map, uintptr_t address, struct live_front *front)
{
    size_t bytes = ((size_t)1 << (LIVE_MAP_REGION_SHIFT - map->granule_shift)) * sizeof(live_entry);
    if (address >> LIVE_MAP_ADDRESS_BITS != 0) {
        return NULL;
    }
    _Atomic live_entry *region = memory_map(bytes);
    if (region == NULL) {
        return NULL;
    }
    uintptr_t expected = 0;
    const uint32_t number = (uint32_t)(address >> LIVE_MAP_REGION_SHIFT);
    const uintptr_t before = number * bytes; /* what the shadow of all lower addresses takes */
    if (!atomic_compare_exchange_strong(&map->regions[number], &expected,
                                        (uintptr_t)region - before)) {
        memory_unmap(region, bytes); /* another thread was faster: its region is as good */
    } else {
        atomic_store(&map->mapped[atomic_fetch_add(&map->mapped_count, 1)], number + 1);
    }
    _Atomic live_entry *place = live_map_find(map, address);
    front->next = ((uintptr_t)place | (PAGE_BYTES - 1)) + 1;
    front->end = (uintptr_t)live_map_region(map, number) + bytes;
    return place;
}

__attribute__((noinline, cold)) void live_front_advance(struct live_front *front)
{
    uintptr_t left = front->end - front->next;
    if (left == 0) {
        *front = (struct live_front){0}; /* what lies behind the region is none of ours */
        return;
    }
    size_t bytes = left < LIVE_FRONT_BYTES ? left : LIVE_FRONT_BYTES;
    memory_populate((void *)front->next, bytes);
    front->next += bytes;
}

/* Visit the entries of some pages of the shadow that have been touched. */
static void visit_pages(int fd, const _Atomic live_entry *entries, size_t pages,
                        void (*visit)(void *context, live_entry entry), void *context)
{
    const size_t entries_each = MEMORY_PAGE_BYTES / sizeof(live_entry);
    uint8_t states[MEMORY_PAGES_MAX];
    memory_pages_read(fd, (uintptr_t)entries, pages, states);
    for (size_t page = 0; page < pages; page++) {
        const _Atomic live_entry *first = entries + page * entries_each;
        for (size_t i = 0; states[page] != MEMORY_UNTOUCHED && i < entries_each; i++) {
            live_entry entry = atomic_load_explicit(&first[i], memory_order_relaxed);
            if (entry != 0) {
                visit(context, entry);
            }
        }
    }
}

void live_map_visit(const struct live_map *map, void (*visit)(void *context, live_entry entry),
                    void *context)
{
    const size_t entries = (size_t)1 << (LIVE_MAP_REGION_SHIFT - map->granule_shift);
    const size_t step = MEMORY_PAGES_MAX * MEMORY_PAGE_BYTES / sizeof(live_entry);
    const uint32_t count = atomic_load(&map->mapped_count);
    int fd = memory_pages_open();
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = atomic_load(&map->mapped[i]);
        const _Atomic live_entry *region = number != 0 ? live_map_region(map, number - 1) : NULL;
        for (size_t at = 0; region != NULL && at < entries; at += step) {
            visit_pages(fd, region + at, MEMORY_PAGES_MAX, visit, context);
        }
    }
    if (fd >= 0) {
        (void)sys_close(fd);
    }
}
