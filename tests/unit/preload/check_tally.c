/* Sums over records, against sums kept while they are written. */
#include "tally.h"

#include "encoder.h"
#include "suite.h"

#define SITES 100
#define ROUNDS 20

static struct site_directory sites;
static struct tally tally;
static tally_position position;
static _Alignas(64) uint8_t bytes[TRACE_WINDOW_BYTES];
static struct window window;
static uint32_t ids[SITES];
static uint32_t last; /* site of the last allocation in the window */

/* What the records that are written come to. */
static int64_t live;
static int64_t peak;
static uint64_t allocated;

static void make(void)
{
    ck_assert(site_directory_init(&sites));
    for (unsigned i = 0; i < SITES; i++) {
        ids[i] = site_directory_add(&sites, 3, (uint64_t)i * i * 1000);
    }
    window.chunk = (struct trace_chunk *)bytes;
    atomic_store(&tally.first_site, TRACE_SITE_FIRST);
    tally_begin(&tally, 0);
}

static uint8_t *end(void)
{
    return (uint8_t *)(window.chunk + 1) + window.chunk->used;
}

static int64_t size_of(unsigned i)
{
    return (int64_t)site_directory_get(&sites, ids[i])->size;
}

/* Return: the record. */
static uint8_t *add(unsigned i)
{
    uint8_t *record = end();
    window_commit(&window, encode_allocation(record, last, ids[i]));
    last = ids[i];
    live += size_of(i);
    allocated += (uint64_t)size_of(i);
    peak = live > peak ? live : peak;
    return record;
}

static void write_one(uint64_t *random)
{
    unsigned a = (unsigned)(suite_random(random) % SITES);
    unsigned b = (unsigned)(suite_random(random) % SITES);
    uint32_t age = (uint32_t)suite_random_bits(random, 32);
    switch (suite_random(random) % 10) {
    case 0:
        window_commit(&window, encode_free(end(), last, ids[a], age));
        live -= size_of(a);
        break;
    case 9:
        encode_pair(add(b));
        live -= size_of(b);
        break;
    case 1:
        window_commit(&window, encode_reallocation(end(), last, ids[a], age, ids[b]));
        last = ids[b];
        live += size_of(b) - size_of(a);
        allocated += (uint64_t)size_of(b);
        peak = live > peak ? live : peak;
        break;
    case 2:
        window_commit(&window, encode_implied_free(end(), last, ids[a], age));
        live -= size_of(a);
        break;
    case 3:
        window_commit(&window, encode_inherited_free(end(), age));
        break;
    case 4:
        window_commit(&window, encode_snapshot(encode_time(end(), age, age), "name", 4));
        break;
    case 5:
        window_commit(&window, encode_clear(end(), age));
        break;
    default:
        add(a);
        break;
    }
}

static void check_sums(void)
{
    tally_window(&tally, &position, &window, &sites);
    ck_assert_int_eq(atomic_load(&tally.live), live);
    ck_assert_int_eq(atomic_load(&tally.peak), peak);
    ck_assert_uint_eq(atomic_load(&tally.allocated), allocated);
}

START_TEST(tally_adds_up_in_pieces)
{
    uint64_t random = suite_seed();
    for (int round = 0; round < ROUNDS; round++) {
        while (window.chunk->used < TRACE_WINDOW_BYTES / 2) {
            write_one(&random);
            if (suite_random_bits(&random, 7) == 0) {
                check_sums();
            }
        }
        check_sums();
        window.chunk->used = 0;
        last = 0;
        tally_restart_window(&position);
    }
    ck_assert_int_gt(peak, 0);
}
END_TEST

START_TEST(tally_counts_nothing_until_it_begins)
{
    atomic_store(&tally.is_on, false);
    add(5);
    tally_window(&tally, &position, &window, &sites);
    ck_assert_int_eq(atomic_load(&tally.live), 0);
    tally_skip(&position, &window);
    tally_begin(&tally, 77);
    live = peak = 77;
    allocated = 0;
    check_sums();
    add(6);
    check_sums();
}
END_TEST

START_TEST(tally_leaves_cleared_sites_out)
{
    add(50);
    check_sums();
    atomic_store(&tally.first_site, ids[60]);
    window_commit(&window, encode_allocation(end(), last, ids[59]));
    window_commit(&window, encode_free(end(), ids[59], ids[50], 1));
    window_commit(&window, encode_reallocation(end(), ids[59], ids[59], 1, ids[70]));
    live += size_of(70);
    allocated += (uint64_t)size_of(70);
    peak = live > peak ? live : peak;
    check_sums();
}
END_TEST

/* Windows of other threads may be read while they are filled anew: any bytes must do. */
START_TEST(tally_survives_garbage)
{
    uint64_t random = suite_seed();
    for (int round = 0; round < ROUNDS * 10; round++) {
        for (unsigned i = 0; i < 200; i++) {
            *(end() + i) = (uint8_t)suite_random_bits(&random, 8);
        }
        window.chunk->used = 200;
        tally_window(&tally, &position, &window, &sites);
        window.chunk->used = 0;
        tally_restart_window(&position);
    }
}
END_TEST

START_TEST(tally_drops_what_somebody_else_has_added)
{
    add(10);
    tally_position before = atomic_load(&position);
    check_sums();
    ck_assert_uint_ne(atomic_load(&position), before);
    check_sums();           /* nothing is new */
    window.chunk->used = 0; /* the window is emptied, its position not yet moved */
    check_sums();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tally_adds_up_in_pieces,
        tally_counts_nothing_until_it_begins,
        tally_leaves_cleared_sites_out,
        tally_survives_garbage,
        tally_drops_what_somebody_else_has_added,
        NULL,
    };
    return suite_run_with("tally", tests, make, NULL);
}
