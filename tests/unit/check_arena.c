/* arena.c: zeroed, aligned, apart from each other, and limits. */
#include "arena.h"

#include <stdint.h>
#include <string.h>

#include "unit.h"

static struct arena arena;

static void teardown(void)
{
    arena_fini(&arena);
}

START_TEST(arena_gives_zeroed_aligned_pieces)
{
    uint8_t *last = NULL;
    for (size_t i = 0; i < 5000; i++) {
        size_t bytes = i % 97 + 1;
        uint8_t *piece = arena_array(&arena, bytes, 1);
        ck_assert_ptr_nonnull(piece);
        ck_assert_uint_eq((uintptr_t)piece % _Alignof(max_align_t), 0);
        ck_assert_ptr_ne(piece, last);
        for (size_t b = 0; b < bytes; b++) {
            ck_assert_uint_eq(piece[b], 0); // not another's
        }
        memset(piece, 0xff, bytes);
        last = piece;
    }
}
END_TEST

START_TEST(arena_takes_what_is_larger_than_a_block)
{
    enum { LARGE = 3 << 20 };
    char *before = arena_copy(&arena, "before", 6);
    uint8_t *large = arena_array(&arena, LARGE / 8, 8);
    ck_assert_ptr_nonnull(large);
    ck_assert_uint_eq(large[0] | large[LARGE - 1], 0);
    memset(large, 0xff, LARGE);
    char *after = arena_copy(&arena, "after", 5);
    ck_assert_str_eq(before, "before");
    ck_assert_str_eq(after, "after");
}
END_TEST

START_TEST(arena_refuses_what_overflows)
{
    ck_assert_ptr_null(arena_array(&arena, SIZE_MAX, 2));
    ck_assert_ptr_null(arena_array(&arena, SIZE_MAX / 4 + 2, 4)); // the product would be 4
    ck_assert_ptr_null(arena_array(&arena, SIZE_MAX, 1));
    ck_assert_ptr_nonnull(arena_array(&arena, 1, 1)); // and goes on
    ck_assert_ptr_nonnull(arena_array(&arena, 0, 8));
}
END_TEST

START_TEST(arena_copies_bytes_and_ends_them)
{
    char *copy = arena_copy(&arena, "a\0b", 3);
    ck_assert_mem_eq(copy, "a\0b", 4); // the zero behind, too
    ck_assert_str_eq(arena_copy(&arena, NULL, 0), "");
}
END_TEST

START_TEST(arena_formats_any_length)
{
    ck_assert_str_eq(arena_format(&arena, "%d-%s", 12, "x"), "12-x");
    ck_assert_str_eq(arena_format(&arena, "%s", ""), "");
    char *text = arena_format(&arena, "%0*d", 100000, 7);
    ck_assert_uint_eq(strlen(text), 100000);
    ck_assert_str_eq(text + 99998, "07");
}
END_TEST

START_TEST(arena_is_usable_after_its_end)
{
    (void)arena_copy(&arena, "x", 1);
    arena_fini(&arena);
    ck_assert_str_eq(arena_copy(&arena, "y", 1), "y");
    arena_fini(&arena);
    arena_fini(&arena); // of an empty one
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("arena");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, arena_gives_zeroed_aligned_pieces);
    tcase_add_test(tests, arena_takes_what_is_larger_than_a_block);
    tcase_add_test(tests, arena_refuses_what_overflows);
    tcase_add_test(tests, arena_copies_bytes_and_ends_them);
    tcase_add_test(tests, arena_formats_any_length);
    tcase_add_test(tests, arena_is_usable_after_its_end);
    return unit_run("arena", tests);
}
