/* What the unit tests of the array library share. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <check.h>
#include <stdlib.h>

#include "ndarray.h"

#define ck_ok(call) ck_assert_msg((call) == NDA_OK, "%s: %s", #call, nda_error())
#define ck_fails(call, expected) ck_assert_int_eq((call), (expected))

/* Nothing of the library may be alive: a fixture's teardown. */
static inline void support_nothing_left(void)
{
    ck_assert_uint_eq(nda_usage().bytes, 0);
    ck_assert_uint_eq(nda_usage().blocks, 0);
    ck_assert_uint_eq(nda_usage().buffer_bytes, 0);
    ck_assert_uint_eq(nda_usage().buffers, 0);
}

/* The int64 item at an index of up to two axes. */
static inline int64_t support_item(const struct nda *array, int64_t row, int64_t column)
{
    struct nda_value value = {.kind = NDA_LIST};
    ck_ok(nda_get(array, (const int64_t[]){row, column}, &value));
    ck_assert_int_eq(value.kind, NDA_INT64);
    return value.as.int64;
}

/* 0, 1, 2, ... in a table. */
static inline struct nda *support_table(int64_t rows, int64_t columns)
{
    struct nda *flat = NULL;
    struct nda *view = NULL;
    struct nda *table = NULL;
    ck_ok(nda_arange(0, rows * columns, 1, &flat));
    ck_ok(nda_reshape(flat, 2, (const int64_t[]){rows, columns}, &view));
    ck_ok(nda_copy(view, &table));
    nda_decref(view);
    nda_decref(flat);
    return table;
}

/* Run one suite. @tests: ends with NULL. Return: main's. */
static inline int support_run(const char *name, const TTest *const *tests)
{
    Suite *suite = suite_create(name);
    TCase *test_case = tcase_create(name);
    tcase_add_checked_fixture(test_case, NULL, support_nothing_left);
    for (size_t i = 0; tests[i] != NULL; i++) {
        tcase_add_test(test_case, tests[i]);
    }
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
