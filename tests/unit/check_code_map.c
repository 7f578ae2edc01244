/* code_map.c: lines that name code, and lines that do not. */
#include "code_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct arena arena;
static struct saved_symbols symbols;

static void teardown(void)
{
    free(symbols.items);
    arena_fini(&arena);
}

static void parse(const char *text)
{
    ck_assert_int_eq(code_map_parse(text, strlen(text), &arena, &symbols), TRACE_OK);
}

START_TEST(code_map_has_the_last_line_first)
{
    parse("7f00 10 first\n7f10 2A a name with spaces\n0x8000 0x1 last");
    ck_assert_uint_eq(symbols.count, 3);
    ck_assert_uint_eq(symbols.items[0].address, 0x8000);
    ck_assert_str_eq(symbols.items[0].name, "last");
    ck_assert_uint_eq(symbols.items[1].bytes, 0x2a);
    ck_assert_str_eq(symbols.items[1].name, "a name with spaces");
    ck_assert_str_eq(symbols.items[2].name, "first");
}
END_TEST

static const char *const bad[] = {
    "",
    "\n\n",
    "7f00",
    "7f00 10",
    "7f00 10 ",
    "7f00 0 empty\n",
    "xyz 10 name\n",
    "7f00 -1 name\n",
    " 7f00 10 name\n",
    "10000000000000000 10 name\n",
    "0x 10 name\n",
};

START_TEST(code_map_leaves_out_what_is_no_line)
{
    parse(bad[_i]);
    ck_assert_uint_eq(symbols.count, 0);
}
END_TEST

START_TEST(code_map_cuts_long_names)
{
    static char text[100000];
    size_t start = (size_t)snprintf(text, sizeof text, "1 1 ");
    memset(text + start, 'x', sizeof text - 1 - start);
    parse(text);
    ck_assert_uint_eq(symbols.count, 1);
    ck_assert_uint_lt(strlen(symbols.items[0].name), 5000);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("lines");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, code_map_has_the_last_line_first);
    tcase_add_loop_test(tests, code_map_leaves_out_what_is_no_line, 0,
                        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tests, code_map_cuts_long_names);
    return unit_run("code_map", tests);
}
