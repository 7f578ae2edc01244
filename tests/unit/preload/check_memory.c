/* Pages from the kernel. */
#include "memory.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "suite.h"

#define BYTES ((size_t)8 * 4096)

static void assert_zero(const unsigned char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (memory[i] != 0) {
            ck_abort_msg("byte %zu is not zero", i);
        }
    }
}

START_TEST(memory_is_zeroed_counted_and_given_back)
{
    uint64_t before = memory_mapped_bytes();
    unsigned char *memory = memory_map(BYTES);
    ck_assert_ptr_nonnull(memory);
    ck_assert_uint_eq((uintptr_t)memory % 4096, 0);
    assert_zero(memory, BYTES);
    ck_assert_uint_eq(memory_mapped_bytes(), before + BYTES);
    memory_unmap(memory, BYTES);
    ck_assert_uint_eq(memory_mapped_bytes(), before);
    ck_assert_int_ne(msync(memory, BYTES, MS_ASYNC), 0);
    memory_unmap(NULL, BYTES);
    ck_assert_uint_eq(memory_mapped_bytes(), before);
}
END_TEST

START_TEST(memory_that_is_not_there_is_null)
{
    uint64_t before = memory_mapped_bytes();
    ck_assert_ptr_null(memory_map((size_t)1 << 60));
    ck_assert_ptr_null(memory_map(0));
    ck_assert_uint_eq(memory_mapped_bytes(), before);
}
END_TEST

START_TEST(memory_of_any_size_costs_address_space_only)
{
    struct rusage before;
    struct rusage after;
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &before), 0);
    unsigned char *memory = memory_map((size_t)1 << 30);
    ck_assert_ptr_nonnull(memory);
    memory[(size_t)1 << 29] = 1;
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &after), 0);
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 1024);
}
END_TEST

/* From the middle of a page to the middle of another. */
START_TEST(memory_is_provided_in_whole_pages)
{
    uint8_t pages[8];
    unsigned char *memory = memory_map(BYTES);
    int fd = memory_pages_open();
    memory_populate(memory + 2 * MEMORY_PAGE_BYTES + 100, 3 * MEMORY_PAGE_BYTES);
    memory_pages_read(fd, (uintptr_t)memory, 8, pages);
    if (pages[0] == MEMORY_UNTOUCHED && pages[2] == MEMORY_RESIDENT) { /* else the kernel is old */
        const uint8_t expected[8] = {0, 0, 1, 1, 1, 1, 0, 0};
        ck_assert_mem_eq(pages, expected, sizeof pages);
    }
    assert_zero(memory, BYTES);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(memory_can_be_cleared)
{
    uint64_t before = memory_mapped_bytes();
    unsigned char *memory = memory_map(BYTES);
    memset(memory, 0xff, BYTES);
    memory_clear(memory, BYTES);
    assert_zero(memory, BYTES);
    memory[5] = 1;
    ck_assert_uint_eq(memory_mapped_bytes(), before + BYTES);
}
END_TEST

START_TEST(memory_can_be_cleared_where_it_is_locked)
{
    unsigned char *memory = memory_map(BYTES);
    memset(memory, 0xff, BYTES);
    ck_assert_int_eq(mlock(memory, BYTES), 0);
    memory_clear(memory, BYTES);
    assert_zero(memory, BYTES);
}
END_TEST

START_TEST(memory_counts_what_was_touched)
{
    uint64_t before = memory_resident_bytes();
    unsigned char *memory = memory_map((size_t)1 << 24);
    ck_assert_uint_eq(memory_resident_bytes(), before);
    for (size_t page = 0; page < 3; page++) {
        memory[page * 300 * MEMORY_PAGE_BYTES] = 1;
    }
    ck_assert_uint_eq(memory_resident_bytes(), before + 3 * MEMORY_PAGE_BYTES);
    memory_unmap(memory, (size_t)1 << 24);
    ck_assert_uint_eq(memory_resident_bytes(), before);
}
END_TEST

START_TEST(memory_lists_more_areas_than_it_has_room_for)
{
    enum { AREAS = 5000 };
    static void *areas[AREAS];
    uint64_t before = memory_resident_bytes();
    for (int i = 0; i < AREAS; i++) {
        areas[i] = memory_map(MEMORY_PAGE_BYTES);
        ck_assert_ptr_nonnull(areas[i]);
        *(char *)areas[i] = 1;
    }
    ck_assert_uint_eq(memory_resident_bytes(), before + AREAS * MEMORY_PAGE_BYTES);
    for (int i = 0; i < AREAS; i++) {
        memory_unmap(areas[i], MEMORY_PAGE_BYTES);
    }
    ck_assert_uint_eq(memory_resident_bytes(), before);
}
END_TEST

START_TEST(memory_pages_are_resident_where_nobody_tells)
{
    uint8_t pages[2] = {0};
    memory_pages_read(-1, 0, 2, pages);
    ck_assert_int_eq(pages[0], MEMORY_RESIDENT);
    ck_assert_int_eq(pages[1], MEMORY_RESIDENT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        memory_is_zeroed_counted_and_given_back,
        memory_that_is_not_there_is_null,
        memory_of_any_size_costs_address_space_only,
        memory_is_provided_in_whole_pages,
        memory_can_be_cleared,
        memory_can_be_cleared_where_it_is_locked,
        memory_counts_what_was_touched,
        memory_lists_more_areas_than_it_has_room_for,
        memory_pages_are_resident_where_nobody_tells,
        NULL,
    };
    return suite_run("memory", tests);
}
