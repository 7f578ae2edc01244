/* Sites: a thread's table against a plain reference, and the directory of all. */
#include "site_table.h"

#include <pthread.h>
#include <sys/resource.h>

#include "memory.h"
#include "suite.h"

#define PAIRS ((size_t)(SUITE_IS_SANITIZED ? 300000 : 2000000))
#define STACKS 50000
#define THREADS 4
#define SITES_OF_THREAD 20000

static struct site_table table;
static struct site_directory directory;

static void make_directory(void)
{
    ck_assert(site_directory_init(&directory));
}

START_TEST(site_table_is_empty_at_first)
{
    ck_assert_uint_eq(site_table_find(&table, 3, 8), 0);
    site_table_clear(&table);
    ck_assert_uint_eq(site_table_find(&table, 3, 8), 0);
}
END_TEST

/* Pairs that differ in one half only, and in halves that a hash might mix up. */
START_TEST(site_table_tells_similar_pairs_apart)
{
    uint32_t id = 1;
    const uint64_t sizes[] = {0,         1, 24, UINT32_MAX, (uint64_t)1 << 32, (uint64_t)3 << 32,
                              UINT64_MAX};
    const uint32_t stacks[] = {0, 1, 2, 3, UINT32_MAX - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t k = 0; k < sizeof stacks / sizeof stacks[0]; k++, id++) {
            ck_assert_uint_eq(site_table_find(&table, stacks[k], sizes[i]), 0);
            ck_assert(site_table_insert(&table, stacks[k], sizes[i], id));
        }
    }
    id = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t k = 0; k < sizeof stacks / sizeof stacks[0]; k++, id++) {
            ck_assert_uint_eq(site_table_find(&table, stacks[k], sizes[i]), id);
        }
    }
}
END_TEST

/* The reference: pair number i is (i % STACKS + 3, i / STACKS * step), and its id is i + 1. */
static void assert_many_pairs(uint64_t step)
{
    for (size_t i = 0; i < PAIRS; i++) {
        uint32_t stack = (uint32_t)(i % STACKS + 3);
        uint64_t size = i / STACKS * step;
        if (site_table_find(&table, stack, size) != 0 ||
            !site_table_insert(&table, stack, size, (uint32_t)i + 1)) {
            ck_abort_msg("pair %zu was known before", i);
        }
    }
    ck_assert_uint_eq(table.used, PAIRS);
    ck_assert_uint_ge(table.mask + 1, 2 * PAIRS);
    ck_assert_uint_eq(table.mask & (table.mask + 1), 0);
    for (size_t i = 0; i < PAIRS; i++) {
        uint32_t stack = (uint32_t)(i % STACKS + 3);
        if (site_table_find(&table, stack, i / STACKS * step) != i + 1) {
            ck_abort_msg("pair %zu was lost", i);
        }
        if (site_table_find(&table, stack, (i / STACKS + PAIRS) * step) != 0) {
            ck_abort_msg("pair %zu was made up", i);
        }
    }
}

START_TEST(site_table_keeps_millions_of_pairs)
{
    assert_many_pairs(1);
}
END_TEST

/* Sizes with zeros at the end, which a weak hash would put into one place. */
START_TEST(site_table_spreads_round_sizes)
{
    assert_many_pairs((uint64_t)1 << 40);
}
END_TEST

START_TEST(site_table_can_be_cleared_and_used_again)
{
    uint64_t before = memory_mapped_bytes();
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 1; i < 10000; i++) {
            ck_assert(site_table_insert(&table, i, i, i + round));
        }
        ck_assert_uint_eq(site_table_find(&table, 77, 77), 77 + round);
        site_table_clear(&table);
        ck_assert_uint_eq(site_table_find(&table, 77, 77), 0);
        ck_assert_uint_eq(memory_mapped_bytes(), before);
    }
}
END_TEST

START_TEST(site_table_does_without_memory)
{
    ck_assert(site_table_insert(&table, 1, 1, 1));
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){4096, RLIM_INFINITY}), 0);
    uint32_t id = 2;
    while (site_table_insert(&table, id, id, id)) {
        id++;
    }
    uint32_t added = site_directory_add(&directory, 3, 4);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
    ck_assert_uint_gt(id, 100);
    ck_assert_uint_eq(added, 0);
    for (uint32_t i = 1; i < id; i++) {
        ck_assert_uint_eq(site_table_find(&table, i, i), i);
    }
    ck_assert_uint_eq(site_table_find(&table, id, id), 0);
    ck_assert(site_table_insert(&table, id, id, id));
    ck_assert_uint_eq(site_directory_add(&directory, 3, 4), TRACE_SITE_FIRST);
}
END_TEST

START_TEST(site_directory_knows_every_id)
{
    const uint32_t count = ((uint32_t)3 << SITE_CHUNK_BITS) + 5;
    for (uint32_t i = 0; i < count; i++) {
        if (site_directory_add(&directory, i * 7, (uint64_t)i << 33) != i + TRACE_SITE_FIRST) {
            ck_abort_msg("id %u is out of turn", i);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct site *site = site_directory_get(&directory, i + TRACE_SITE_FIRST);
        if (site->id != i + TRACE_SITE_FIRST || site->stack != i * 7 ||
            site->size != (uint64_t)i << 33) {
            ck_abort_msg("site %u is another", i);
        }
    }
}
END_TEST

START_TEST(site_directory_stops_at_the_last_id)
{
    atomic_store(&directory.next_id, UINT32_MAX - 2);
    ck_assert_uint_eq(site_directory_add(&directory, 1, 1), UINT32_MAX - 2);
    ck_assert_uint_eq(site_directory_add(&directory, 2, 2), UINT32_MAX - 1);
    for (int i = 0; i < 5; i++) {
        ck_assert_uint_eq(site_directory_add(&directory, 3, 3), 0);
    }
    ck_assert_uint_eq(site_directory_get(&directory, UINT32_MAX - 1)->stack, 2);
}
END_TEST

static void *add_sites(void *argument)
{
    uint32_t self = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < SITES_OF_THREAD; i++) {
        uint32_t id = site_directory_add(&directory, self, i);
        const struct site *site = site_directory_get(&directory, id);
        if (id == 0 || site->id != id || site->stack != self || site->size != i) {
            return argument;
        }
    }
    return NULL;
}

START_TEST(site_directory_gives_threads_different_ids)
{
    static uint32_t next[THREADS + 1];
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, add_sites, (void *)(i + 1)), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    for (uint32_t i = 0; i < THREADS * SITES_OF_THREAD; i++) {
        const struct site *site = site_directory_get(&directory, i + TRACE_SITE_FIRST);
        ck_assert(site->stack >= 1 && site->stack <= THREADS);
        ck_assert_uint_eq(site->size, next[site->stack]++);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        site_table_is_empty_at_first,
        site_table_tells_similar_pairs_apart,
        site_table_keeps_millions_of_pairs,
        site_table_spreads_round_sizes,
        site_table_can_be_cleared_and_used_again,
        site_table_does_without_memory,
        site_directory_knows_every_id,
        site_directory_stops_at_the_last_id,
        site_directory_gives_threads_different_ids,
        NULL,
    };
    return suite_run_with("site_table", tests, make_directory, NULL);
}
