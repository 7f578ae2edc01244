/* Addresses to blocks. See block_directory.h. */
#include "block_directory.h"

#include "glibc_heap.h"
#include "memory.h"

#define LINE_GRANULES 64
#define PAGE_GRANULES (MEMORY_PAGE_BYTES / sizeof(live_entry)) /* of the live map */
#define HALF_BYTES 16
#define REGION_BYTES ((uintptr_t)1 << LIVE_MAP_REGION_SHIFT)

/* What is known while a directory is made. */
struct building {
    struct block_directory *directory;
    const struct mappings *mappings;
    const struct block_visitor *visitor;
    const struct mapping *mapping; /* of the last block */
    struct touched_pages pages;    /* of the live map */
    struct glibc_walk walk;
    struct block last; /* size 0: none */
    size_t next_region;
    bool is_glibc;
};

static size_t granules(const struct block_directory *directory)
{
    return (size_t)1 << (LIVE_MAP_REGION_SHIFT - directory->granule_shift);
}

static uint64_t bytes_of(const struct block *block)
{
    return block->size > 0 ? block->size : 1;
}

/* Return: a new part for @region, without blocks of its own; NULL if there is no room. */
static struct directory_part *add_part(struct building *building, size_t region)
{
    struct block_directory *directory = building->directory;
    if (directory->part_count == directory->part_room) {
        return NULL;
    }
    struct directory_part *part = &directory->parts[directory->part_count++];
    part->first_number = directory->blocks;
    part->before = building->last;
    part->region = region;
    directory->index[region] = (uint32_t)directory->part_count;
    return part;
}

/* Regions before @region into which the last block reaches, and in which none begins. */
static void add_covered(struct building *building, size_t region)
{
    const struct block *last = &building->last;
    if (building->directory->blocks == 0) {
        return;
    }
    size_t after = ((last->address + bytes_of(last) - 1) >> LIVE_MAP_REGION_SHIFT) + 1;
    for (size_t i = building->next_region; i < region && i < after; i++) {
        (void)add_part(building, i);
    }
}

/* Enter the block of a granule. Return: false if it is none. */
static bool add_block(struct building *building, struct directory_part *part, uintptr_t start,
                      size_t granule, live_entry entry)
{
    struct block_directory *directory = building->directory;
    uintptr_t address = start + (granule << directory->granule_shift);
    const struct mapping *mapping = building->mapping;
    uint32_t site = live_entry_site(entry);
    if (mapping == NULL || address < mapping->start || address >= mapping->end) {
        mapping = mappings_find(building->mappings, address);
        building->mapping = mapping;
    }
    /* without a mapping it was freed behind the tracer's back */
    if (mapping == NULL || site == 0 || site >= atomic_load(&directory->sites->next_id)) {
        return false;
    }
    struct block block = {
        .size = site_directory_get(directory->sites, site)->size,
        .address = address,
        .number = directory->blocks,
        .entry = entry,
    };
    if (building->is_glibc && (mapping->flags & MAPPING_READ) != 0) {
        block.address = glibc_block_in(&building->walk, mapping, address, block.size);
    }
    uint64_t bit = (uint64_t)1 << granule % LINE_GRANULES;
    struct directory_line *line = &part->lines[granule / LINE_GRANULES];
    line->starts |= bit;
    line->halves |= block.address != address ? bit : 0;
    directory->lowest = directory->blocks == 0 ? block.address : directory->lowest;
    if (block.address + bytes_of(&block) - 1 > directory->highest) {
        directory->highest = block.address + bytes_of(&block) - 1;
    }
    directory->blocks++;
    building->last = block;
    building->visitor->block(building->visitor->context, &block, mapping);
    return true;
}

/* Return: how many blocks begin in a region that there is no room for. */
static uint64_t count_entries(const _Atomic live_entry *entries, size_t count)
{
    uint64_t blocks = 0;
    for (size_t i = 0; i < count; i++) {
        blocks += atomic_load_explicit(&entries[i], memory_order_relaxed) != 0 ? 1 : 0;
    }
    return blocks;
}

static void add_region(struct building *building, const struct live_map *live, size_t region)
{
    struct block_directory *directory = building->directory;
    const _Atomic live_entry *entries = live_map_region(live, region);
    size_t count = granules(directory);
    add_covered(building, entries == NULL ? region + 1 : region);
    building->next_region = region + 1;
    if (entries == NULL) {
        return;
    }
    struct directory_part *part = add_part(building, region);
    if (part != NULL) {
        part->lines = memory_map(count / LINE_GRANULES * sizeof *part->lines);
    }
    if (part == NULL || part->lines == NULL) {
        directory->left_out += count_entries(entries, count);
        return;
    }
    part->entries = entries;
    uint32_t last = 0;
    bool is_touched = false;
    for (size_t granule = 0; granule < count; granule++) {
        if (granule % PAGE_GRANULES == 0) {
            is_touched = touched_pages_has(&building->pages, (uintptr_t)&entries[granule]);
        }
        if (granule % LINE_GRANULES == 0) {
            struct directory_line *line = &part->lines[granule / LINE_GRANULES];
            line->count = (uint32_t)(directory->blocks - part->first_number);
            line->last = last;
            granule += is_touched ? 0 : LINE_GRANULES - 1;
        }
        live_entry entry =
            is_touched ? atomic_load_explicit(&entries[granule], memory_order_relaxed) : 0;
        if (entry != 0 && add_block(building, part, region * REGION_BYTES, granule, entry)) {
            last = (uint32_t)granule + 1;
        }
    }
}

bool block_directory_build(struct block_directory *directory, const struct live_map *live,
                           const struct site_directory *sites, const struct mappings *mappings,
                           bool is_glibc, const struct block_visitor *visitor)
{
    const uint8_t usable = MAPPING_READ | MAPPING_WRITE;
    size_t regions = 0;
    for (size_t i = 0; i < mappings->count; i++) {
        const struct mapping *mapping = &mappings->list[i];
        if ((mapping->flags & usable) == usable && mapping->start >> LIVE_MAP_ADDRESS_BITS == 0) {
            regions += (mapping->end - mapping->start) / REGION_BYTES + 2;
        }
    }
    regions = regions < LIVE_MAP_REGIONS ? regions : LIVE_MAP_REGIONS;
    *directory = (struct block_directory){
        .sites = sites,
        .granule_shift = live->granule_shift,
        .index = memory_map(LIVE_MAP_REGIONS * sizeof *directory->index),
        .parts = memory_map((regions + 1) * sizeof *directory->parts),
        .part_room = regions,
    };
    struct building building = {
        .directory = directory,
        .mappings = mappings,
        .visitor = visitor,
        .is_glibc = is_glibc,
    };
    if (directory->index == NULL || directory->parts == NULL) {
        return false;
    }
    touched_pages_open(&building.pages);
    for (size_t i = 0; i < mappings->count; i++) {
        const struct mapping *mapping = &mappings->list[i];
        if ((mapping->flags & usable) != usable || mapping->start >> LIVE_MAP_ADDRESS_BITS != 0) {
            continue;
        }
        size_t first = mapping->start >> LIVE_MAP_REGION_SHIFT;
        size_t after = ((mapping->end - 1) >> LIVE_MAP_REGION_SHIFT) + 1;
        for (size_t region = first; region < after && region < LIVE_MAP_REGIONS; region++) {
            if (region >= building.next_region) {
                add_region(&building, live, region);
            }
        }
    }
    add_covered(&building, LIVE_MAP_REGIONS);
    return true;
}

/* Where the block in @granule begins. */
static uintptr_t start_in(const struct block_directory *directory,
                          const struct directory_part *part, size_t granule)
{
    uint64_t halves = part->lines[granule / LINE_GRANULES].halves >> granule % LINE_GRANULES;
    return part->region * REGION_BYTES + (granule << directory->granule_shift) +
           (halves & 1) * HALF_BYTES;
}

/* The block that begins in @granule, but for its number. */
static struct block block_in(const struct block_directory *directory,
                             const struct directory_part *part, size_t granule)
{
    live_entry entry = atomic_load_explicit(&part->entries[granule], memory_order_relaxed);
    return (struct block){
        .address = start_in(directory, part, granule),
        .size = site_directory_get(directory->sites, live_entry_site(entry))->size,
        .entry = entry,
    };
}

static uint64_t number_of(const struct directory_part *part, size_t granule)
{
    const struct directory_line *line = &part->lines[granule / LINE_GRANULES];
    uint64_t before = ((uint64_t)1 << granule % LINE_GRANULES) - 1;
    return part->first_number + line->count + (uint64_t)__builtin_popcountll(line->starts & before);
}

/* Return: the granule of the last block that begins at or before @granule, plus 1; 0: none. */
static size_t last_start(const struct directory_part *part, size_t granule)
{
    const struct directory_line *line = &part->lines[granule / LINE_GRANULES];
    uint64_t starts = line->starts & (UINT64_MAX >> (LINE_GRANULES - 1 - granule % LINE_GRANULES));
    return starts == 0 ? line->last
                       : (granule | (LINE_GRANULES - 1)) + 1 - (size_t)__builtin_clzll(starts);
}

bool block_directory_find_slow(const struct block_directory *directory, uintptr_t address,
                               struct block_hit *ret_hit)
{
    const struct directory_part *part =
        &directory->parts[directory->index[address >> LIVE_MAP_REGION_SHIFT] - 1];
    size_t granule = (address % REGION_BYTES) >> directory->granule_shift;
    size_t last = part->lines != NULL ? last_start(part, granule) : 0;
    if (last > 0 && start_in(directory, part, last - 1) > address) {
        last = last > 1 ? last_start(part, last - 2) : 0; /* that one begins behind it */
    }
    if (last > 0 && start_in(directory, part, last - 1) == address) {
        ret_hit->number = number_of(part, last - 1);
        ret_hit->offset = 0;
        return true;
    }
    struct block block = last > 0 ? block_in(directory, part, last - 1) : part->before;
    if (block.entry == 0 || address - block.address >= bytes_of(&block)) {
        return false;
    }
    block.number = last > 0 ? number_of(part, last - 1) : block.number;
    *ret_hit = (struct block_hit){block.number, address - block.address, block};
    return true;
}

void block_directory_each(const struct block_directory *directory,
                          void (*visit)(void *context, const struct block *block), void *context)
{
    uint64_t number = 0;
    for (size_t i = 0; i < directory->part_count; i++) {
        const struct directory_part *part = &directory->parts[i];
        size_t lines = part->lines != NULL ? granules(directory) / LINE_GRANULES : 0;
        for (size_t line = 0; line < lines; line++) {
            for (uint64_t starts = part->lines[line].starts; starts != 0; starts &= starts - 1) {
                size_t granule = line * LINE_GRANULES + (size_t)__builtin_ctzll(starts);
                struct block block = block_in(directory, part, granule);
                block.number = number++;
                visit(context, &block);
            }
        }
    }
}
