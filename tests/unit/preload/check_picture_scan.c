/*
 * Words to records: picture_scan.c and picture_writer.c, on blocks whose words the test sets, read
 * back byte by byte as docs/format.md has them.
 */
#include "picture_scan.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "file_bench.h"
#include "scratch.h"
#include "suite.h"

enum { SHIFT = 4, AREA_BYTES = 1 << 16, BLOCK_BYTES = 64, WORDS = BLOCK_BYTES / 8, BLOCKS = 3 };

static struct live_map live;
static struct site_directory sites;
static struct mappings mappings;
static struct block_directory directory;
static struct picture_scan scan;
static struct picture_writer writer;
static uintptr_t *area;
static const struct picture_title title = {.number = 1, .name = "unit"};

/* Return: a word of a block; blocks are a hundred words apart. */
static uintptr_t *word_of(size_t block, size_t word)
{
    return area + 100 * block + word;
}

static void ignore(void *context, const struct block *block, const struct mapping *mapping)
{
    (void)context;
    (void)block;
    (void)mapping;
}

static void setup(void)
{
    static const struct block_visitor visitor = {NULL, ignore};
    scratch_enter();
    (void)file_bench_create("a.trace");
    ck_assert(live_map_init(&live, SHIFT) && site_directory_init(&sites));
    void *memory =
        mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(memory != MAP_FAILED);
    area = memory;
    memset(area, 0, AREA_BYTES);
    for (size_t i = 0; i < BLOCKS; i++) {
        struct live_front front = {0};
        uintptr_t address = (uintptr_t)word_of(i, 0);
        _Atomic live_entry *place = live_map_find(&live, address);
        place = place != NULL ? place : live_map_grow(&live, address, &front);
        atomic_store(place, live_entry_make(site_directory_add(&sites, 1, BLOCK_BYTES), 7));
    }
    ck_assert(mappings_read(&mappings));
    ck_assert(block_directory_build(&directory, &live, &sites, &mappings, false, &visitor));
    ck_assert(picture_writer_init(&writer, &file, &title));
    picture_scan_init(&scan, &directory, &mappings, &writer);
}

static void scan_blocks(void)
{
    block_directory_each(&directory, picture_scan_block, &scan);
}

/* What has been written after the HEAD must be these bytes. */
static void written(const uint8_t *bytes, size_t count)
{
    static const uint8_t head[] = {TRACE_PIC_HEAD, 4, 'u', 'n', 'i', 't', 0, 0, 0, 0};
    const uint8_t *records = (const uint8_t *)(writer.chunk + 1);
    ck_assert_int_eq(memcmp(records, head, sizeof head), 0);
    ck_assert_uint_eq((size_t)(writer.next - records), sizeof head + count);
    ck_assert(count == 0 || memcmp(records + sizeof head, bytes, count) == 0);
}

START_TEST(scan_of_blocks_without_pointers_writes_nothing)
{
    *word_of(0, 1) = 1;
    *word_of(1, 0) = (uintptr_t)word_of(0, WORDS); // one past its end
    *word_of(2, 3) = (uintptr_t)word_of(1, 0) - 1;
    *word_of(0, WORDS) = (uintptr_t)word_of(1, 0); // in no block
    scan_blocks();
    written(NULL, 0);
    ck_assert_uint_eq(scan.totals.blocks, BLOCKS);
    ck_assert_uint_eq(scan.totals.bytes, (uint64_t)BLOCKS * BLOCK_BYTES);
    ck_assert_uint_eq(scan.totals.unreadable_words, 0);
}
END_TEST

START_TEST(scan_finds_pointers_to_starts_and_inside)
{
    static const uint8_t expected[] = {
        TRACE_PIC_FROM_BLOCK, 0, 2, 2, 0,    2, 0x80, 1, // 0 to 1, and 16 bytes inside 2
        TRACE_PIC_FROM_BLOCK, 2, 1, 3, 0xf8, 3,          // 2 to the last byte of 0
    };
    *word_of(0, 0) = (uintptr_t)word_of(1, 0);
    *word_of(0, WORDS - 1) = (uintptr_t)word_of(2, 2);
    *word_of(1, 2) = (uintptr_t)word_of(1, 4); // to itself
    *word_of(2, 5) = (uintptr_t)word_of(0, WORDS) - 1;
    scan_blocks();
    written(expected, sizeof expected);
}
END_TEST

START_TEST(scan_knows_what_a_length_and_an_array_look_like)
{
    static const uint8_t expected[] = {
        TRACE_PIC_FROM_BLOCK, 0, 2, 2, 8 << 3 | TRACE_INSIDE_ARRAY, 2, 8 << 3 | TRACE_INSIDE_LENGTH,
    };
    *word_of(0, 0) = (uintptr_t)word_of(1, 1);
    *word_of(0, 1) = (uintptr_t)word_of(2, 1);
    *word_of(1, 0) = 7; // elements of 8 bytes
    *word_of(2, 0) = BLOCK_BYTES - 8;
    scan_blocks();
    written(expected, sizeof expected);
}
END_TEST

START_TEST(scan_of_a_region_tells_it_only_with_a_pointer)
{
    struct picture_region region = {.kind = TRACE_REGION_STACK,
                                    .start = 64,
                                    .bytes = 10 * sizeof(uintptr_t),
                                    .thread = 77,
                                    .name = "s",
                                    .name_bytes = 1};
    static const uint8_t expected[] = {
        TRACE_PIC_REGION,
        0,
        TRACE_REGION_STACK,
        64,
        80,
        0,
        0,
        77,
        1,
        's', //
        TRACE_PIC_FROM_ROOT,
        0,
        3,
        2,
        0,
        4,
        0,
        5,
        3,
        0, // word 3 to 2, word 8 to 0
    };
    uintptr_t words[10] = {0};
    picture_scan_region(&scan, &region, NULL, (uintptr_t)words);
    written(NULL, 0);
    words[3] = (uintptr_t)word_of(2, 0);
    words[8] = (uintptr_t)word_of(0, 0);
    picture_scan_region(&scan, &region, NULL, (uintptr_t)words);
    written(expected, sizeof expected);
}
END_TEST

START_TEST(scan_says_what_it_cannot_read)
{
    ck_assert_int_eq(mprotect(area, AREA_BYTES, PROT_NONE), 0);
    ck_assert(mappings_read(&mappings));
    picture_scan_init(&scan, &directory, &mappings, &writer);
    scan_blocks();
    written(NULL, 0);
    ck_assert_uint_eq(scan.totals.unreadable_words, (uint64_t)BLOCKS * WORDS);
}
END_TEST

/* More pointers than a record holds: several records of one source. */
START_TEST(scan_of_many_pointers_writes_several_records)
{
    struct picture_region region = {.kind = TRACE_REGION_STACK, .name = ""};
    static uintptr_t words[PICTURE_BATCH + 1];
    for (size_t i = 0; i <= PICTURE_BATCH; i++) {
        words[i] = (uintptr_t)word_of(1, 0);
    }
    region.bytes = sizeof words;
    picture_scan_region(&scan, &region, NULL, (uintptr_t)words);
    static const uint8_t last[] = {TRACE_PIC_FROM_ROOT, 0, 0x80, 1, 1, 0, 0, 0};
    ck_assert_int_eq(memcmp(writer.next - sizeof last, last, sizeof last), 0);
}
END_TEST

START_TEST(writer_says_that_the_file_takes_no_more)
{
    const struct rlimit none = {TRACE_HEADER_BYTES, TRACE_HEADER_BYTES};
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    picture_write_count(&writer);
    ck_assert_int_ne(picture_writer_finish(&writer), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        scan_of_blocks_without_pointers_writes_nothing,
        scan_finds_pointers_to_starts_and_inside,
        scan_knows_what_a_length_and_an_array_look_like,
        scan_of_a_region_tells_it_only_with_a_pointer,
        scan_says_what_it_cannot_read,
        scan_of_many_pointers_writes_several_records,
        writer_says_that_the_file_takes_no_more,
        NULL,
    };
    return suite_run_with("picture_scan", tests, setup, scratch_leave);
}
