/* The shadow of the address space. */
#include "live_map.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "suite.h"

#define REGION ((uintptr_t)1 << LIVE_MAP_REGION_SHIFT)
#define LIMIT ((uintptr_t)1 << LIVE_MAP_ADDRESS_BITS)
#define THREADS 4
#define REGIONS_OF_TEST 6
#define BLOCKS 2000

static struct live_map map;
static _Thread_local struct live_front front;

static void make_map(void)
{
    ck_assert(live_map_init(&map, 5));
}

/* Enter a block, as tracer.c does. */
static bool put(uintptr_t address, live_entry entry)
{
    _Atomic live_entry *place = live_map_find(&map, address);
    if (place == NULL) {
        place = live_map_grow(&map, address, &front);
    }
    if (place == NULL) {
        return false;
    }
    if (live_front_is_near(&front, place)) {
        live_front_advance(&front);
    }
    atomic_store_explicit(place, entry, memory_order_relaxed);
    return true;
}

START_TEST(live_map_entries_have_two_halves)
{
    live_entry entry = live_entry_make(UINT32_MAX, 1);
    ck_assert_uint_eq(live_entry_site(entry), UINT32_MAX);
    ck_assert_uint_eq(live_entry_birth(entry), 1);
    entry = live_entry_make(1, UINT32_MAX);
    ck_assert_uint_eq(live_entry_site(entry), 1);
    ck_assert_uint_eq(live_entry_birth(entry), UINT32_MAX);
}
END_TEST

START_TEST(live_map_gives_back_what_was_put_once)
{
    const uintptr_t addresses[] = {
        0,          16,         REGION - 32,     REGION,     5 * REGION + 64, 0x555555556010,
        LIMIT - 32, LIMIT - 64, 7 * REGION - 32, 7 * REGION,
    };
    const size_t count = sizeof addresses / sizeof addresses[0];
    for (size_t i = 1; i < count; i++) { /* 0 and 16 share a granule */
        ck_assert_uint_eq(live_map_take(&map, addresses[i]), 0);
        ck_assert(put(addresses[i], i));
    }
    for (size_t i = 1; i < count; i++) {
        ck_assert_uint_eq(live_map_take(&map, addresses[i]), i);
        ck_assert_uint_eq(live_map_take(&map, addresses[i]), 0);
    }
}
END_TEST

START_TEST(live_map_refuses_addresses_beyond_47_bits)
{
    const uintptr_t addresses[] = {
        LIMIT, LIMIT + 4096, UINTPTR_MAX, UINTPTR_MAX - 31, (uintptr_t)1 << 48, (uintptr_t)1 << 63};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        ck_assert_ptr_null(live_map_find(&map, addresses[i]));
        ck_assert_ptr_null(live_map_grow(&map, addresses[i], &front));
        ck_assert_uint_eq(live_map_take(&map, addresses[i]), 0);
    }
    ck_assert_ptr_nonnull(live_map_grow(&map, LIMIT - 1, &front));
}
END_TEST

/* Neighbouring blocks of the smallest size do not meet, at the start and the end of regions. */
static void assert_neighbours(unsigned granule_shift)
{
    const uintptr_t step = (uintptr_t)1 << granule_shift;
    const uintptr_t starts[] = {REGION, 2 * REGION - 100 * step, LIMIT - 200 * step};
    ck_assert(live_map_init(&map, granule_shift));
    for (size_t k = 0; k < 3; k++) {
        for (uintptr_t i = 0; i < 200; i++) {
            ck_assert(put(starts[k] + i * step, i + 1));
        }
        for (uintptr_t i = 0; i < 200; i++) {
            ck_assert_uint_eq(live_map_take(&map, starts[k] + i * step + i % step), i + 1);
        }
    }
}

START_TEST(live_map_tells_neighbours_of_32_bytes_apart)
{
    assert_neighbours(5);
}
END_TEST

START_TEST(live_map_tells_neighbours_of_16_bytes_apart)
{
    assert_neighbours(4);
}
END_TEST

START_TEST(live_map_grows_twice_without_losing_anything)
{
    ck_assert(put(REGION + 32, 5));
    ck_assert_ptr_eq(live_map_grow(&map, REGION + 32, &front), live_map_find(&map, REGION + 32));
    ck_assert_uint_eq(live_map_take(&map, REGION + 32), 5);
}
END_TEST

/* Return: is the page of @place there without having been touched? Source: mincore(2). */
static bool is_resident(const _Atomic live_entry *place)
{
    unsigned char in_core = 0;
    ck_assert_int_eq(mincore((void *)((uintptr_t)place & ~(uintptr_t)4095), 4096, &in_core), 0);
    return in_core & 1;
}

START_TEST(live_map_front_provides_pages_ahead_and_stops_at_the_region)
{
    const uintptr_t step = 4096 / sizeof(live_entry) * 32; /* of addresses, to a page of entries */
    const size_t ahead = LIVE_FRONT_BYTES / sizeof(live_entry);
    ck_assert(put(REGION, 1));
    _Atomic live_entry *first = live_map_find(&map, REGION);
    ck_assert(is_resident(first + ahead));
    ck_assert(!is_resident(first + ahead + 4096 / sizeof(live_entry)));
    ck_assert(put(REGION + step, 2)); /* as far from the front as may be: here the heap grows */
    ck_assert(is_resident(first + 2 * ahead));
    ck_assert(!is_resident(first + 2 * ahead + 4096 / sizeof(live_entry)));
    ck_assert(put(REGION + 2, 3)); /* farther */
    ck_assert(!is_resident(first + 2 * ahead + 4096 / sizeof(live_entry)));

    ck_assert(put(3 * REGION - 32, 3)); /* the last page of another region: nothing lies ahead */
    ck_assert_uint_eq(front.next, front.end);
    live_front_advance(&front);
    ck_assert_uint_eq(front.next, 0);
    ck_assert_uint_eq(live_map_take(&map, REGION + step), 2);
}
END_TEST

START_TEST(live_map_does_without_memory)
{
    struct live_map other;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){4096, RLIM_INFINITY}), 0);
    bool is_made = live_map_init(&other, 5);
    _Atomic live_entry *place = live_map_grow(&map, REGION, &front);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
    ck_assert(!is_made);
    ck_assert_ptr_null(place);
    ck_assert_ptr_null(live_map_find(&map, REGION));
    ck_assert_ptr_nonnull(live_map_grow(&map, REGION, &front));
}
END_TEST

/* Threads own different blocks of the same regions. Return: how many entries went wrong. */
static void *put_and_take(void *argument)
{
    uintptr_t self = (uintptr_t)argument;
    uintptr_t wrong = 0;
    for (uintptr_t i = 0; i < BLOCKS; i++) {
        uintptr_t address = i % REGIONS_OF_TEST * REGION + (i * THREADS + self) * 32;
        wrong += !put(address, live_entry_make((uint32_t)self + 1, (uint32_t)i));
    }
    for (uintptr_t i = 0; i < BLOCKS; i++) {
        uintptr_t address = i % REGIONS_OF_TEST * REGION + (i * THREADS + self) * 32;
        wrong += live_map_take(&map, address) != live_entry_make((uint32_t)self + 1, (uint32_t)i);
    }
    return (void *)wrong;
}

START_TEST(live_map_grows_for_several_threads_at_once)
{
    for (int round = 0; round < 10; round++) {
        pthread_t threads[THREADS];
        make_map();
        for (uintptr_t i = 0; i < THREADS; i++) {
            ck_assert_int_eq(pthread_create(&threads[i], NULL, put_and_take, (void *)i), 0);
        }
        for (size_t i = 0; i < THREADS; i++) {
            void *wrong = NULL;
            ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
            ck_assert_ptr_null(wrong);
        }
    }
}
END_TEST

static void add_site(void *context, live_entry entry)
{
    *(uint64_t *)context += live_entry_site(entry);
}

START_TEST(live_map_visits_all_that_is_there)
{
    uint64_t random = suite_seed();
    uint64_t expected = 0;
    uint64_t seen = 0;
    live_map_visit(&map, add_site, &seen);
    ck_assert_uint_eq(seen, 0);
    for (uint32_t i = 1; i <= BLOCKS; i++) {
        uintptr_t address = suite_random_bits(&random, 29) & ~(uintptr_t)31;
        expected -= live_entry_site(live_map_take(&map, address));
        ck_assert(put(address, live_entry_make(i, 0)));
        expected += i;
        if (i % 3 == 0) {
            expected -= live_entry_site(live_map_take(&map, address));
        }
    }
    live_map_visit(&map, add_site, &seen);
    ck_assert_uint_eq(seen, expected);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        live_map_entries_have_two_halves,
        live_map_gives_back_what_was_put_once,
        live_map_refuses_addresses_beyond_47_bits,
        live_map_tells_neighbours_of_32_bytes_apart,
        live_map_tells_neighbours_of_16_bytes_apart,
        live_map_grows_twice_without_losing_anything,
        live_map_front_provides_pages_ahead_and_stops_at_the_region,
        live_map_does_without_memory,
        live_map_grows_for_several_threads_at_once,
        live_map_visits_all_that_is_there,
        NULL,
    };
    return suite_run_with("live_map", tests, make_map, NULL);
}
