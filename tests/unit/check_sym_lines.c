/* The line table of a unit: which row describes an address. */

#include "sym_lines.h"
#include "unit.h"

static struct sym_lines *lines;

static void setup(void)
{
    lines = sym_lines_new();
    ck_assert_ptr_nonnull(lines);
}

static void teardown(void)
{
    sym_lines_free(lines);
}

static void add(uint64_t addr, uint32_t line, bool is_end)
{
    struct sym_line_row row = {.addr = addr, .file = 1, .line = line, .is_end = is_end};
    ck_assert(sym_lines_add(lines, &row));
}

/* Return: the line of @address, 0 if no row describes it. */
static uint32_t line_of(uint64_t address)
{
    const struct sym_line_row *row = sym_lines_find(lines, address);
    return row != NULL ? row->line : 0;
}

START_TEST(sym_lines_finds_nothing_in_an_empty_table)
{
    sym_lines_finish(lines);
    struct sym_range range;
    ck_assert_uint_eq(line_of(0), 0);
    ck_assert(!sym_lines_piece(lines, 0, &range));
}
END_TEST

START_TEST(sym_lines_holds_a_row_up_to_the_next)
{
    add(0x10, 1, false);
    add(0x14, 2, false);
    add(0x20, 3, true);
    sym_lines_finish(lines);
    ck_assert_uint_eq(line_of(0x0f), 0);
    ck_assert_uint_eq(line_of(0x10), 1);
    ck_assert_uint_eq(line_of(0x13), 1);
    ck_assert_uint_eq(line_of(0x14), 2);
    ck_assert_uint_eq(line_of(0x1f), 2);
    ck_assert_uint_eq(line_of(0x20), 0);
}
END_TEST

START_TEST(sym_lines_takes_the_last_row_of_an_address)
{
    add(0x10, 1, false);
    add(0x10, 2, false);
    add(0x10, 3, false);
    add(0x20, 3, true);
    sym_lines_finish(lines);
    ck_assert_uint_eq(line_of(0x10), 3);
}
END_TEST

START_TEST(sym_lines_finds_sequences_in_any_order)
{
    add(0x100, 1, false);
    add(0x110, 1, true);
    add(0x10, 2, false);
    add(0x20, 2, true);
    sym_lines_finish(lines);
    ck_assert_uint_eq(line_of(0x105), 1);
    ck_assert_uint_eq(line_of(0x15), 2);
    ck_assert_uint_eq(line_of(0x50), 0);
}
END_TEST

START_TEST(sym_lines_trims_what_overlaps)
{
    add(0x10, 1, false);
    add(0x30, 1, true);
    add(0x20, 2, false); // its first half is taken
    add(0x40, 2, true);
    add(0x12, 3, false); // lies inside the first
    add(0x14, 3, true);
    sym_lines_finish(lines);
    ck_assert_uint_eq(line_of(0x13), 1);
    ck_assert_uint_eq(line_of(0x2f), 1);
    ck_assert_uint_eq(line_of(0x30), 2);
    struct sym_range range;
    ck_assert(sym_lines_piece(lines, 1, &range));
    ck_assert_uint_eq(range.low, 0x30);
    ck_assert_uint_eq(range.high, 0x40);
    ck_assert(!sym_lines_piece(lines, 2, &range));
}
END_TEST

START_TEST(sym_lines_sorts_rows)
{
    add(0x18, 2, false);
    add(0x10, 1, false);
    add(0x20, 2, true);
    sym_lines_finish(lines);
    ck_assert_uint_eq(line_of(0x11), 1);
    ck_assert_uint_eq(line_of(0x19), 2);
}
END_TEST

START_TEST(sym_lines_ignores_rows_without_an_end)
{
    add(0x10, 1, false);
    add(0x20, 2, false);
    sym_lines_finish(lines);
    ck_assert_uint_eq(line_of(0x10), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("table");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, sym_lines_finds_nothing_in_an_empty_table);
    tcase_add_test(tests, sym_lines_holds_a_row_up_to_the_next);
    tcase_add_test(tests, sym_lines_takes_the_last_row_of_an_address);
    tcase_add_test(tests, sym_lines_finds_sequences_in_any_order);
    tcase_add_test(tests, sym_lines_trims_what_overlaps);
    tcase_add_test(tests, sym_lines_sorts_rows);
    tcase_add_test(tests, sym_lines_ignores_rows_without_an_end);
    return unit_run("sym_lines", tests);
}
