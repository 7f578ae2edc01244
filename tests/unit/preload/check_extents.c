/* What is remembered of stacks: found again, merged, replaced, and never taken for another. */
#include "extents.h"

#include <string.h>

#include "suite.h"

#define MIB ((uintptr_t)1 << EXTENT_SHIFT)
#define BASE ((uintptr_t)0x7f0000000000)

static struct extents extents;

static void forget(void)
{
    memset(&extents, 0, sizeof extents);
}

START_TEST(extents_know_nothing_to_begin_with)
{
    ck_assert_uint_eq(extents_high(&extents, BASE), 0);
    ck_assert_uint_eq(extents_high(&extents, 1), 0);
    ck_assert_uint_eq(extents_high(&extents, UINTPTR_MAX), 0);
    ck_assert(!extents_are_one(&extents, BASE, BASE));
}
END_TEST

START_TEST(extents_find_what_was_walked)
{
    extents_add(&extents, BASE, BASE + 5 * MIB + 100);
    for (uintptr_t at = 0; at <= 5 * MIB + 100; at += 4096) {
        ck_assert_uint_eq(extents_high(&extents, BASE + at), BASE + 5 * MIB + 100);
        ck_assert(extents_are_one(&extents, BASE + at, BASE));
        ck_assert(!extents_are_one(&extents, BASE + at, BASE + 5 * MIB + 101));
    }
    ck_assert_uint_eq(extents_high(&extents, BASE + 5 * MIB + 101), 0);
}
END_TEST

START_TEST(extents_follow_a_stack_that_grows)
{
    uintptr_t high = BASE + 100 * MIB + 20000;
    extents_add(&extents, high - 100, high);
    ck_assert(extents_are_one(&extents, high - 10000, high - 50));
    ck_assert(!extents_are_one(&extents, high - 10000, high + 50));
    ck_assert(!extents_are_one(&extents, high + 50, high - 50));
    for (uintptr_t at = high; at > BASE; at -= MIB / 2) {
        ck_assert_uint_eq(extents_high(&extents, at), high);
    }
    ck_assert_uint_eq(extents_high(&extents, BASE - 2 * MIB), 0);
}
END_TEST

/* Stacks carved out of one area, upwards: those in one MiB count as one. */
START_TEST(extents_take_small_neighbours_for_one)
{
    for (uintptr_t at = 0; at < MIB; at += 16384) {
        extents_add(&extents, BASE + at, BASE + at + 8192);
    }
    for (uintptr_t at = 0; at < MIB; at += 16384) {
        ck_assert_uint_ge(extents_high(&extents, BASE + at), BASE + at + 8192);
        ck_assert_uint_lt(extents_high(&extents, BASE + at), BASE + MIB);
    }
}
END_TEST

START_TEST(extents_replace_what_shares_a_place)
{
    uintptr_t far = BASE + EXTENT_SLOTS * MIB;
    extents_add(&extents, BASE, BASE + 100);
    ck_assert_uint_eq(extents_high(&extents, far), 0);
    extents_add(&extents, far, far + 100);
    ck_assert_uint_eq(extents_high(&extents, far), far + 100);
    ck_assert_uint_eq(extents_high(&extents, BASE), 0);
}
END_TEST

START_TEST(extents_have_room_for_a_stack_larger_than_the_table)
{
    uintptr_t high = BASE + (uintptr_t)2 * EXTENT_SLOTS * MIB;
    extents_add(&extents, BASE, high);
    ck_assert_uint_eq(extents_high(&extents, BASE), high);
    ck_assert_uint_eq(extents_high(&extents, BASE + MIB), high);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        extents_know_nothing_to_begin_with,
        extents_find_what_was_walked,
        extents_follow_a_stack_that_grows,
        extents_take_small_neighbours_for_one,
        extents_replace_what_shares_a_place,
        extents_have_room_for_a_stack_larger_than_the_table,
        NULL,
    };
    return suite_run_with("extents", tests, forget, NULL);
}
