/* strings.c: equal strings are one pointer and one number, also after the pool has grown. */
#include "strings.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

enum { MANY = 20000 };

static struct strings *strings;

static void setup(void)
{
    strings = strings_new();
}

static void teardown(void)
{
    strings_free(strings);
}

START_TEST(strings_numbers_in_the_order_of_coming)
{
    uint32_t number = 99;
    const char *one = strings_intern(strings, "one", 3, &number);
    ck_assert_uint_eq(number, 0);
    const char *two = strings_intern(strings, "two", 3, &number);
    ck_assert_uint_eq(number, 1);
    ck_assert_ptr_ne(one, two);
    ck_assert_ptr_eq(strings_intern(strings, "one more", 3, &number), one);
    ck_assert_uint_eq(number, 0);
    ck_assert_ptr_eq(strings_intern(strings, "two", 3, NULL), two);
    ck_assert_str_eq(one, "one"); // with a zero, though it was a part of another
}
END_TEST

START_TEST(strings_tells_zero_bytes_apart)
{
    const char *shorter = strings_intern(strings, "a", 1, NULL);
    const char *longer = strings_intern(strings, "a\0", 2, NULL);
    const char *other = strings_intern(strings, "a\0b", 3, NULL);
    const char *empty = strings_intern(strings, "", 0, NULL);
    ck_assert_ptr_ne(shorter, longer);
    ck_assert_ptr_ne(longer, other);
    ck_assert_mem_eq(other, "a\0b", 4);
    ck_assert_str_eq(empty, "");
    ck_assert_ptr_eq(strings_intern(strings, NULL, 0, NULL), empty);
    ck_assert_ptr_eq(strings_text(strings, "a"), shorter);
    ck_assert_ptr_eq(strings_text(strings, ""), empty);
    ck_assert_ptr_null(strings_text(strings, NULL));
}
END_TEST

START_TEST(strings_stay_where_they_are)
{
    static const char *kept[MANY];
    char text[32];
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < MANY; i++) {
            uint32_t number = 0;
            (void)snprintf(text, sizeof text, "name %u", i);
            const char *found = strings_intern(strings, text, strlen(text), &number);
            ck_assert_uint_eq(number, i);
            ck_assert_str_eq(found, text);
            ck_assert(pass == 0 || found == kept[i]);
            kept[i] = found;
        }
    }
}
END_TEST

START_TEST(strings_free_takes_nothing)
{
    strings_free(NULL);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("strings");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, strings_numbers_in_the_order_of_coming);
    tcase_add_test(tests, strings_tells_zero_bytes_apart);
    tcase_add_test(tests, strings_stay_where_they_are);
    tcase_add_test(tests, strings_free_takes_nothing);
    return unit_run("strings", tests);
}
