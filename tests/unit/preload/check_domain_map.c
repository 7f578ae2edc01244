/* Objects by domain and address, against a plain reference, from several threads, and out of
 * memory. */
#include "domain_map.h"

#include <pthread.h>
#include <sys/resource.h>

#include "suite.h"

#define ADDRESSES 3000
#define STEPS ((unsigned)(SUITE_IS_SANITIZED ? 200000 : 2000000))
#define THREADS 4

static struct domain_map map;
static const uint32_t domains[] = {1, 0, 7, UINT32_MAX};
#define DOMAINS (sizeof domains / sizeof domains[0])

/* Every other address a byte from the next, the rest far apart. */
static uintptr_t address(unsigned number)
{
    return number % 2 == 0 ? number / 2 : (uintptr_t)number << 20;
}

/* Return: what was known before. */
static live_entry put(uint32_t domain, uintptr_t at, uint32_t site)
{
    live_entry before = 0;
    _Atomic live_entry *place = domain_map_reach(&map, domain, at, &before);
    ck_assert_ptr_nonnull(place);
    atomic_store(place, live_entry_make(site, site + 1));
    return before;
}

START_TEST(domain_map_is_empty_at_first)
{
    ck_assert_uint_eq(domain_map_take(&map, 1, 8), 0);
    ck_assert_uint_eq(put(1, 8, 5), 0);
    ck_assert_uint_eq(domain_map_take(&map, 2, 8), 0);
    ck_assert_uint_eq(domain_map_take(&map, 1, 9), 0);
    ck_assert_uint_eq(domain_map_take(&map, 1, 8), live_entry_make(5, 6));
    ck_assert_uint_eq(domain_map_take(&map, 1, 8), 0);
}
END_TEST

struct sum {
    uint64_t sites;
    uint64_t count;
};

static void add_entry(void *context, live_entry entry)
{
    struct sum *sum = context;
    sum->sites += live_entry_site(entry);
    sum->count++;
}

START_TEST(domain_map_does_what_a_plain_table_does)
{
    static uint32_t sites[DOMAINS][ADDRESSES];
    struct sum expected = {0};
    struct sum found = {0};
    uint64_t random = 1;
    for (uint32_t i = 1; i <= STEPS; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t domain = random >> 33 & (DOMAINS - 1);
        unsigned number = (unsigned)((random >> 40) % ADDRESSES);
        uint32_t *site = &sites[domain][number];
        live_entry before = *site != 0 ? live_entry_make(*site, *site + 1) : 0;
        bool is_put = random >> 63 != 0;
        live_entry got = is_put ? put(domains[domain], address(number), i)
                                : domain_map_take(&map, domains[domain], address(number));
        if (got != before) {
            ck_abort_msg("step %u: another entry", i);
        }
        *site = is_put ? i : 0;
    }
    for (size_t i = 0; i < DOMAINS * ADDRESSES; i++) {
        expected.sites += sites[i / ADDRESSES][i % ADDRESSES];
        expected.count += sites[i / ADDRESSES][i % ADDRESSES] != 0;
    }
    domain_map_visit(&map, add_entry, &found);
    ck_assert_uint_eq(found.sites, expected.sites);
    ck_assert_uint_eq(found.count, expected.count);
}
END_TEST

/* One bucket, one domain: nodes are taken over by whoever comes next. */
static void *use_own(void *argument)
{
    const uintptr_t first = *(const uintptr_t *)argument;
    for (uint32_t i = 1; i <= STEPS / 8; i++) {
        uintptr_t at = first + (uintptr_t)(i % 64) * THREADS;
        uint32_t before = live_entry_site(domain_map_take(&map, 1, at));
        if (before != (i > 64 ? i - 64 : 0)) {
            return argument;
        }
        live_entry old = 0;
        _Atomic live_entry *place = domain_map_reach(&map, 1, at, &old);
        if (place == NULL || old != 0) {
            return argument;
        }
        atomic_store(place, live_entry_make(i, 0));
    }
    return NULL;
}

START_TEST(domain_map_serves_threads_with_objects_of_their_own)
{
    pthread_t threads[THREADS];
    uintptr_t firsts[THREADS];
    struct sum found = {0};
    for (uintptr_t i = 0; i < THREADS; i++) {
        firsts[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_own, &firsts[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    domain_map_visit(&map, add_entry, &found);
    ck_assert_uint_eq(found.count, (uint64_t)64 * THREADS);
}
END_TEST

/* A place that is reached and never stored to, as after longjmp() out of a signal handler, is in
 * nobody's way. */
START_TEST(domain_map_goes_on_after_an_event_that_was_cut_short)
{
    struct sum found = {0};
    live_entry before = 1;
    for (unsigned i = 0; i < 10; i++) {
        ck_assert_ptr_nonnull(domain_map_reach(&map, 1, 8, &before));
        ck_assert_uint_eq(before, 0);
        ck_assert_uint_eq(domain_map_take(&map, 1, 8), 0);
    }
    ck_assert_uint_eq(put(1, 8, 5), 0);
    domain_map_visit(&map, add_entry, &found);
    ck_assert_uint_eq(found.count, 1);
    ck_assert_uint_eq(domain_map_take(&map, 1, 8), live_entry_make(5, 6));
}
END_TEST

START_TEST(domain_map_refuses_what_it_has_no_room_for)
{
    live_entry before = 1;
    ck_assert_ptr_null(domain_map_reach(&map, 1, (uintptr_t)1 << DOMAIN_MAP_ADDRESS_BITS, &before));
    ck_assert_uint_eq(before, 0);
    for (uint32_t domain = 1; domain < DOMAIN_MAP_DOMAINS; domain++) {
        ck_assert_uint_eq(put(domain, 8, domain), 0);
    }
    ck_assert_ptr_null(domain_map_reach(&map, DOMAIN_MAP_DOMAINS, 8, &before));
    ck_assert_uint_eq(domain_map_take(&map, DOMAIN_MAP_DOMAINS, 8), 0);
    for (uint32_t domain = 1; domain < DOMAIN_MAP_DOMAINS; domain++) {
        ck_assert_uint_eq(live_entry_site(domain_map_take(&map, domain, 8)), domain);
    }
}
END_TEST

/* Nodes that there are go on working; no others come. */
START_TEST(domain_map_is_without_memory)
{
    const struct rlimit none = {0, 0};
    live_entry before = 0;
    unsigned count = 0;
    if (SUITE_IS_SANITIZED) {
        return; // whose runtime wants memory of its own
    }
    ck_assert_uint_eq(put(1, 0, 1), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    for (uintptr_t at = 1; domain_map_reach(&map, 1, at, &before) != NULL; at++) {
        ck_assert_uint_lt(++count, 10000);
    }
    ck_assert_uint_eq(domain_map_take(&map, 1, 0), live_entry_make(1, 2));
    ck_assert_uint_eq(put(1, 0, 3), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        domain_map_is_empty_at_first,
        domain_map_does_what_a_plain_table_does,
        domain_map_serves_threads_with_objects_of_their_own,
        domain_map_goes_on_after_an_event_that_was_cut_short,
        domain_map_refuses_what_it_has_no_room_for,
        domain_map_is_without_memory,
        NULL,
    };
    return suite_run("domain_map", tests);
}
