/* This process's own allocator, whose blocks are asked for by their granules. */
#include "glibc_heap.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include "memory.h"
#include "suite.h"

enum { BLOCKS = 20000, BIG_BYTES = 1 << 20, SPARE_BYTES = 100000 };

static struct mappings mappings;
static struct made {
    uintptr_t address;
    size_t size;
} made[BLOCKS];
static size_t made_count;

static const struct mapping *mapping_of(uintptr_t address)
{
    const struct mapping *mapping = mappings_find(&mappings, address);
    ck_assert_ptr_nonnull(mapping);
    return mapping;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t first = ((const struct made *)a)->address;
    uintptr_t second = ((const struct made *)b)->address;
    return first < second ? -1 : first > second;
}

/* Check runs tests in forked children, whose heap has a seam where they began to add to it. Blocks
 * of all sizes, half of which are freed again: holes of all sizes lie between the others. */
static void *make_blocks(void *argument)
{
    uint64_t state = suite_seed();
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = suite_random_bits(&state, 12);
        void *block = malloc(size);
        ck_assert_ptr_nonnull(block);
        memset(block, (int)i, size);
        made[i] = (struct made){(uintptr_t)block, size};
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        if (suite_random(&state) % 2 == 0) {
            free((void *)made[i].address);
        } else {
            made[made_count++] = made[i];
        }
    }
    free(malloc(SPARE_BYTES)); /* the heap's end must not move when the checks allocate */
    qsort(made, made_count, sizeof made[0], by_address);
    return argument;
}

static void check_blocks(void)
{
    struct glibc_walk walk = {0};
    ck_assert(mappings_read(&mappings));
    for (size_t i = 0; i < made_count; i++) {
        uintptr_t granule = made[i].address & ~(uintptr_t)(GLIBC_HEAP_GRANULE - 1);
        const struct mapping *mapping = mapping_of(granule);
        ck_assert_uint_eq(glibc_block_in(&walk, mapping, granule, made[i].size), made[i].address);
        ck_assert_uint_ge(glibc_used_bytes(mapping, made[i].address), made[i].size);
        struct range range = glibc_range_of(mapping, made[i].address);
        ck_assert_uint_lt(range.start, made[i].address);
        ck_assert_uint_ge(range.end, made[i].address + made[i].size);
    }
}

START_TEST(heap_of_the_first_thread_tells_where_blocks_begin)
{
    (void)make_blocks(NULL);
    check_blocks();
    const struct mapping *heap = mapping_of(made[made_count / 2].address);
    ck_assert_str_eq(heap->name, "[heap]");
    ck_assert_uint_eq(glibc_empty_heap(heap).end, heap->end);
}
END_TEST

START_TEST(heap_of_another_thread_tells_where_blocks_begin)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, make_blocks, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    check_blocks();
    const struct mapping *heap = mapping_of(made[made_count / 2].address);
    ck_assert_str_eq(heap->name, "");
    ck_assert_uint_gt(glibc_empty_heap(heap).end, glibc_empty_heap(heap).start);
}
END_TEST

START_TEST(heap_has_large_blocks_in_ranges_of_their_own)
{
    struct glibc_walk walk = {0};
    uintptr_t block = (uintptr_t)malloc(BIG_BYTES);
    uintptr_t aligned = (uintptr_t)memalign(65536, BIG_BYTES);
    ck_assert(mappings_read(&mappings));
    for (int i = 0; i < 2; i++, block = aligned) {
        const struct mapping *mapping = mapping_of(block);
        uintptr_t granule = block & ~(uintptr_t)(GLIBC_HEAP_GRANULE - 1);
        ck_assert_uint_eq(glibc_block_in(&walk, mapping, granule, BIG_BYTES), block);
        struct range range = glibc_range_of(mapping, block);
        ck_assert_uint_ge(range.end, block + malloc_usable_size((void *)block));
        ck_assert_uint_le(range.end - range.start, (size_t)2 * BIG_BYTES);
        ck_assert_uint_ge(glibc_used_bytes(mapping, block), BIG_BYTES);
    }
}
END_TEST

START_TEST(heap_has_no_used_bytes_where_no_block_is)
{
    void *volatile block = malloc(5000);
    uintptr_t freed = (uintptr_t)block;
    uintptr_t kept = (uintptr_t)malloc(5000);
    free(block);
    ck_assert(mappings_read(&mappings));
    ck_assert_uint_eq(glibc_used_bytes(mapping_of(freed), freed), 0);
    ck_assert_uint_eq(glibc_used_bytes(mapping_of(kept), kept + 8), 0);
    ck_assert_uint_ge(glibc_used_bytes(mapping_of(kept), kept), 5000);
    /* a free chunk that is alone in its bin points to the bin, which is in the main arena */
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what free() has left there
    uintptr_t bin = *(const uintptr_t *)freed;
    struct range arena = glibc_main_arena(mapping_of(bin));
    ck_assert_uint_lt(arena.start, bin);
    ck_assert_uint_gt(arena.end, bin);
    free((void *)kept);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        heap_of_the_first_thread_tells_where_blocks_begin,
        heap_of_another_thread_tells_where_blocks_begin,
        heap_has_large_blocks_in_ranges_of_their_own,
        heap_has_no_used_bytes_where_no_block_is,
        NULL,
    };
    return suite_run("glibc_heap", tests);
}
