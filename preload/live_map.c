/* The shadow's regions. See live_map.h. */
#include "live_map.h"

#include "memory.h"

bool live_map_init(struct live_map *map, unsigned granule_shift)
{
    map->granule_shift = granule_shift;
    map->regions = memory_map(LIVE_MAP_REGIONS * sizeof *map->regions);
    return map->regions != NULL;
}

_Atomic live_entry *live_map_grow(struct live_map *map, uintptr_t address)
{
    size_t bytes = ((size_t)1 << (LIVE_MAP_REGION_SHIFT - map->granule_shift)) * sizeof(live_entry);
    if (address >> LIVE_MAP_ADDRESS_BITS != 0) {
        return NULL;
    }
    _Atomic live_entry *region = memory_map(bytes);
    if (region == NULL) {
        return NULL;
    }
    _Atomic live_entry *expected = NULL;
    if (!atomic_compare_exchange_strong(&map->regions[address >> LIVE_MAP_REGION_SHIFT], &expected,
                                        region)) {
        memory_unmap(region, bytes); /* another thread was faster: its region is as good */
    }
    return live_map_find(map, address);
}
