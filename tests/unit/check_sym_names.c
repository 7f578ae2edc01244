/* sym_names.c: each text once, and what is shown for a linker's name. c++filt says what that is,
 * apart from the number of a crate. */
#include "sym_names.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

enum { MANY = 1000 };

static struct sym_names names;

static void setup(void)
{
    ck_assert(sym_names_init(&names, false));
}

static void teardown(void)
{
    sym_names_fini(&names);
}

START_TEST(sym_names_keep_each_text_once)
{
    char text[] = "a text";
    const char *kept = sym_names_keep(&names, text);
    ck_assert_str_eq(kept, "a text");
    ck_assert_ptr_ne(kept, text);
    text[0] = 'x';
    ck_assert_str_eq(kept, "a text");
    ck_assert_ptr_eq(sym_names_keep(&names, "a text"), kept);
    ck_assert_ptr_ne(sym_names_keep(&names, "a tex"), kept);
    ck_assert_ptr_null(sym_names_keep(&names, NULL));
    ck_assert_str_eq(sym_names_keep(&names, ""), "");
}
END_TEST

START_TEST(sym_names_show_what_is_mangled)
{
    static const char *const rows[][2] = {
        {"_ZN3box4item4growIiEET_S2_", "int box::item::grow<int>(int)"},
        {"_RNvC5crate4main", "crate::main"},
        {"malloc", "malloc"},
        {"_Z", "_Z"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *shown = sym_names_show(&names, rows[i][0]);
        ck_assert_str_eq(shown, rows[i][1]);
        ck_assert_ptr_eq(sym_names_show(&names, rows[i][0]), shown);
    }
    ck_assert_ptr_null(sym_names_show(&names, NULL));
}
END_TEST

START_TEST(sym_names_show_the_linkers_names_if_told)
{
    sym_names_fini(&names);
    ck_assert(sym_names_init(&names, true));
    ck_assert_str_eq(sym_names_show(&names, "_Z3runi"), "_Z3runi");
}
END_TEST

/* Texts that are kept and names that are shown are numbered together. */
START_TEST(sym_names_are_many)
{
    char text[32];
    char expected[32];
    const char *first = sym_names_show(&names, "_Z3runi");
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(text, sizeof text, "file %d", i);
        ck_assert_str_eq(sym_names_keep(&names, text), text);
        (void)snprintf(text, sizeof text, "_Z5f%04di", i);
        (void)snprintf(expected, sizeof expected, "f%04d(int)", i);
        ck_assert_str_eq(sym_names_show(&names, text), expected);
    }
    ck_assert_ptr_eq(sym_names_show(&names, "_Z3runi"), first);
    ck_assert_str_eq(first, "run(int)");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sym_names");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, sym_names_keep_each_text_once);
    tcase_add_test(tests, sym_names_show_what_is_mangled);
    tcase_add_test(tests, sym_names_show_the_linkers_names_if_told);
    tcase_add_test(tests, sym_names_are_many);
    return unit_run("sym_names", tests);
}
