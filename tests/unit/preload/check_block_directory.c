/* Addresses to blocks, against a plain search through all of them. */
#include "block_directory.h"

#include <sys/mman.h>

#include "suite.h"

enum { BLOCKS = 5000, QUESTIONS = 200000, SHIFT = 4 };

#define REGION_BYTES ((size_t)1 << LIVE_MAP_REGION_SHIFT)
#define AREA_BYTES (5 * REGION_BYTES)

static struct live_map live;
static struct site_directory sites;
static struct mappings mappings;
static struct block_directory directory;
static struct block blocks[BLOCKS];
static size_t block_count;
static uintptr_t area;
static size_t visited;

static void put(uintptr_t address, uint64_t size)
{
    struct live_front front = {0};
    uint32_t site = site_directory_add(&sites, 1, size);
    _Atomic live_entry *place = live_map_find(&live, address);
    place = place != NULL ? place : live_map_grow(&live, address, &front);
    ck_assert_ptr_nonnull(place);
    live_entry entry = live_entry_make(site, 7);
    atomic_store(place, entry);
    blocks[block_count] =
        (struct block){.address = address, .size = size, .number = block_count, .entry = entry};
    block_count++;
}

static void visit_new(void *context, const struct block *block, const struct mapping *mapping)
{
    (void)context;
    ck_assert_uint_eq(block->number, visited);
    ck_assert_uint_eq(block->address, blocks[visited].address);
    ck_assert_uint_eq(block->size, blocks[visited].size);
    ck_assert(block->address >= mapping->start && block->address < mapping->end);
    visited++;
}

static void visit_again(void *context, const struct block *block)
{
    visit_new(context, block, mappings_find(&mappings, block->address));
}

static void prepare(void)
{
    ck_assert(live_map_init(&live, SHIFT));
    ck_assert(site_directory_init(&sites));
    void *memory = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert(memory != MAP_FAILED);
    area = (uintptr_t)memory;
}

static void build(void)
{
    const struct block_visitor visitor = {NULL, visit_new};
    ck_assert(mappings_read(&mappings));
    ck_assert(block_directory_build(&directory, &live, &sites, &mappings, false, &visitor));
    ck_assert_uint_eq(visited, block_count);
    ck_assert_uint_eq(directory.blocks, block_count);
    ck_assert_uint_eq(directory.left_out, 0);
    visited = 0;
    block_directory_each(&directory, visit_again, NULL);
    ck_assert_uint_eq(visited, block_count);
}

/* Return: the block that an address points to or into, or NULL. */
static const struct block *search(uintptr_t address)
{
    for (size_t i = 0; i < block_count; i++) {
        uint64_t bytes = blocks[i].size > 0 ? blocks[i].size : 1;
        if (address - blocks[i].address < bytes) {
            return &blocks[i];
        }
    }
    return NULL;
}

static void ask(uintptr_t address)
{
    struct block_hit hit = {0};
    const struct block *expected = search(address);
    bool is_found = block_directory_find(&directory, address, &hit);
    ck_assert_msg(is_found == (expected != NULL), "%#lx: %s, block %lu of %lu bytes", address,
                  is_found ? "found" : "not found",
                  expected != NULL ? expected->number : hit.number,
                  expected != NULL ? expected->size : hit.block.size);
    if (expected != NULL) {
        ck_assert_uint_eq(hit.number, expected->number);
        ck_assert_uint_eq(hit.offset, address - expected->address);
        ck_assert(hit.offset == 0 || hit.block.address == expected->address);
    }
}

/* Blocks of all sizes, with gaps of all sizes; some are larger than a region of the live map. */
START_TEST(directory_agrees_with_a_search)
{
    uint64_t state = suite_seed();
    uintptr_t address = area;
    while (block_count < BLOCKS) {
        uint64_t size = suite_random_bits(&state, block_count % 500 == 0 ? 27 : 10);
        address += (suite_random_bits(&state, 14) + (1 << SHIFT)) & ~(uint64_t)((1 << SHIFT) - 1);
        if (address + size >= area + AREA_BYTES) {
            break;
        }
        put(address, size);
        address += (size + (1 << SHIFT) - 1) & ~(uint64_t)((1 << SHIFT) - 1);
    }
    ck_assert_uint_gt(block_count, 100);
    build();
    for (size_t i = 0; i < block_count; i++) {
        ask(blocks[i].address);
        ask(blocks[i].address - 1);
        ask(blocks[i].address + blocks[i].size);
        ask(blocks[i].address + blocks[i].size - 1);
    }
    for (unsigned i = 0; i < QUESTIONS / BLOCKS * 100; i++) {
        ask(area + suite_random(&state) % AREA_BYTES);
    }
    ask(0);
    ask(UINTPTR_MAX);
}
END_TEST

START_TEST(directory_without_a_block_finds_none)
{
    build();
    ask(area);
    ask(0);
    ask(UINTPTR_MAX);
}
END_TEST

START_TEST(directory_leaves_out_what_lies_in_no_mapping)
{
    put(area + 64, 100);
    put(area + REGION_BYTES + 64, 100);
    block_count = 1;
    ck_assert_int_eq(munmap((void *)(area + REGION_BYTES), AREA_BYTES - REGION_BYTES), 0);
    build();
    ask(area + 64);
    ask(area + REGION_BYTES + 64);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        directory_agrees_with_a_search,
        directory_without_a_block_finds_none,
        directory_leaves_out_what_lies_in_no_mapping,
        NULL,
    };
    return suite_run_with("block_directory", tests, prepare, NULL);
}
