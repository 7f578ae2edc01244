/* Addresses to blocks. See block_directory.h. */
#include "block_directory.h"

#include "glibc_heap.h"
#include "memory.h"

#define LINE_GRANULES 512
#define WORD_GRANULES 64
#define LINE_WORDS (LINE_GRANULES / WORD_GRANULES)
#define HALF_BYTES 16
#define REGION_BYTES ((uintptr_t)1 << LIVE_MAP_REGION_SHIFT)

static_assert(LINE_GRANULES * sizeof(live_entry) == MEMORY_PAGE_BYTES,
              "a page of the map is a line");

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

static bool make_lines(const struct block_directory *directory, struct directory_part *part)
{
    size_t words = granules(directory) / WORD_GRANULES;
    size_t lines = granules(directory) / LINE_GRANULES;
    uint64_t *memory = memory_map(2 * words * sizeof(uint64_t) + 2 * lines * sizeof(uint32_t));
    if (memory == NULL) {
        return false;
    }
    part->starts = memory;
    part->halves = memory + words;
    part->counts = (uint32_t *)(memory + 2 * words);
    part->lasts = part->counts + lines;
    return true;
}

/* Enter the block of a granule. */
static void add_block(struct building *building, struct directory_part *part, uintptr_t start,
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
        return;
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
    uint64_t bit = (uint64_t)1 << granule % WORD_GRANULES;
    part->starts[granule / WORD_GRANULES] |= bit;
    part->halves[granule / WORD_GRANULES] |= block.address != address ? bit : 0;
    directory->lowest = directory->blocks == 0 ? block.address : directory->lowest;
    if (block.address + bytes_of(&block) - 1 > directory->highest) {
        directory->highest = block.address + bytes_of(&block) - 1;
    }
    directory->blocks++;
    building->last = block;
    building->visitor->block(building->visitor->context, &block, mapping);
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
    const _Atomic live_entry *entries = atomic_load(&live->regions[region]);
    size_t count = granules(directory);
    add_covered(building, region);
    building->next_region = region + 1;
    if (entries == NULL) {
        add_covered(building, region + 1);
        return;
    }
    struct directory_part *part = add_part(building, region);
    if (part == NULL || !make_lines(directory, part)) {
        directory->left_out += count_entries(entries, count);
        return;
    }
    part->entries = entries;
    uint32_t last = 0;
    for (size_t granule = 0; granule < count; granule++) {
        if (granule % LINE_GRANULES == 0) {
            part->counts[granule / LINE_GRANULES] =
                (uint32_t)(directory->blocks - part->first_number);
            part->lasts[granule / LINE_GRANULES] = last;
            if (!touched_pages_has(&building->pages, (uintptr_t)&entries[granule])) {
                granule += LINE_GRANULES - 1;
                continue;
            }
        }
        live_entry entry = atomic_load_explicit(&entries[granule], memory_order_relaxed);
        if (entry != 0) {
            uint64_t blocks = directory->blocks;
            add_block(building, part, region * REGION_BYTES, granule, entry);
            last = directory->blocks > blocks ? (uint32_t)granule + 1 : last;
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

/* The block that begins in @granule, which has one. */
static struct block block_at(const struct block_directory *directory,
                             const struct directory_part *part, size_t granule)
{
    size_t word = granule / WORD_GRANULES;
    uint64_t bit = (uint64_t)1 << granule % WORD_GRANULES;
    live_entry entry = atomic_load_explicit(&part->entries[granule], memory_order_relaxed);
    return (struct block){
        .address = part->region * REGION_BYTES + (granule << directory->granule_shift) +
                   ((part->halves[word] & bit) != 0 ? HALF_BYTES : 0),
        .size = site_directory_get(directory->sites, live_entry_site(entry))->size,
        .entry = entry,
    };
}

static uint64_t number_of(const struct directory_part *part, size_t granule)
{
    size_t word = granule / WORD_GRANULES;
    size_t line = granule / LINE_GRANULES;
    uint64_t number = part->first_number + part->counts[line];
    for (size_t i = line * LINE_WORDS; i < word; i++) {
        number += (uint64_t)__builtin_popcountll(part->starts[i]);
    }
    uint64_t below = ((uint64_t)1 << granule % WORD_GRANULES) - 1;
    return number + (uint64_t)__builtin_popcountll(part->starts[word] & below);
}

/* Return: the granule of the last block that begins at or before @granule, plus 1; 0: none. */
static size_t last_start(const struct directory_part *part, size_t granule)
{
    size_t word = granule / WORD_GRANULES;
    size_t line = granule / LINE_GRANULES;
    uint64_t bits =
        part->starts[word] & (~UINT64_C(0) >> (WORD_GRANULES - 1 - granule % WORD_GRANULES));
    while (bits == 0 && word > line * LINE_WORDS) {
        bits = part->starts[--word];
    }
    if (bits == 0) {
        return part->lasts[line];
    }
    return (word + 1) * WORD_GRANULES - (size_t)__builtin_clzll(bits);
}

bool block_directory_find_slow(const struct block_directory *directory, uintptr_t address,
                               struct block *ret_block)
{
    const struct directory_part *part =
        &directory->parts[directory->index[address >> LIVE_MAP_REGION_SHIFT] - 1];
    size_t granule = (address % REGION_BYTES) >> directory->granule_shift;
    size_t last = part->starts != NULL ? last_start(part, granule) : 0;
    struct block block = part->before;
    if (last > 0) {
        block = block_at(directory, part, last - 1);
        if (block.address > address) { /* in the middle of the address's granule */
            last = last > 1 ? last_start(part, last - 2) : 0;
            block = last > 0 ? block_at(directory, part, last - 1) : part->before;
        }
    }
    if (block.entry == 0 || address - block.address >= bytes_of(&block)) {
        return false;
    }
    if (last > 0) {
        block.number = number_of(part, last - 1);
    }
    *ret_block = block;
    return true;
}

void block_directory_each(const struct block_directory *directory,
                          void (*visit)(void *context, const struct block *block), void *context)
{
    uint64_t number = 0;
    for (size_t i = 0; i < directory->part_count; i++) {
        const struct directory_part *part = &directory->parts[i];
        size_t words = part->starts != NULL ? granules(directory) / WORD_GRANULES : 0;
        for (size_t word = 0; word < words; word++) {
            for (uint64_t bits = part->starts[word]; bits != 0; bits &= bits - 1) {
                size_t granule = word * WORD_GRANULES + (size_t)__builtin_ctzll(bits);
                struct block block = block_at(directory, part, granule);
                block.number = number++;
                visit(context, &block);
            }
        }
    }
}
