/* Copies: they own, they share nothing, the original stays; and what is refused. */
#include <math.h>
#include <string.h>

#include "support.h"

/* An owner that shares nothing with @array, which nobody else holds. Gives @copy back. */
static void assert_copy(const struct nda *array, struct nda *copy)
{
    ck_assert(nda_owns_data(copy));
    ck_assert_ptr_null(nda_base(copy));
    ck_assert(!nda_shares_memory(array, copy));
    ck_assert_uint_eq(nda_refcount(array), 1);
    nda_decref(copy);
}

START_TEST(copies_own_their_items)
{
    static const bool mask[] = {true, false, true, true};
    static const int64_t rows[] = {1, -1, 1};
    struct nda *table = support_table(4, 3);
    struct nda *copy = NULL;
    ck_ok(nda_copy(table, &copy));
    assert_copy(table, copy);
    ck_ok(nda_take(table, rows, 3, 0, &copy));
    assert_copy(table, copy);
    ck_ok(nda_take(table, rows, 3, NDA_FLAT, &copy));
    assert_copy(table, copy);
    ck_ok(nda_mask(table, mask, 4, 0, &copy));
    assert_copy(table, copy);
    ck_ok(nda_delete(table, -1, 1, &copy));
    assert_copy(table, copy);
    ck_ok(nda_append(table, table, 0, &copy));
    assert_copy(table, copy);
    ck_ok(nda_append(table, table, NDA_FLAT, &copy));
    assert_copy(table, copy);
    ck_ok(nda_concatenate((const struct nda *const[]){table}, 1, 1, &copy));
    assert_copy(table, copy);
    ck_ok(nda_sort_by_column(table, 0, &copy));
    assert_copy(table, copy);
    ck_ok(nda_astype(table, NDA_DTYPE_INT64, &copy));
    assert_copy(table, copy);
    ck_assert_int_eq(support_item(table, 3, 2), 11);
    nda_decref(table);
}
END_TEST

START_TEST(copies_refuse_indices_and_shapes)
{
    static const bool mask[3] = {true, true, true};
    struct nda *table = support_table(4, 3);
    struct nda *flat = support_table(1, 3);
    struct nda *text = NULL;
    struct nda *copy = NULL;
    ck_ok(nda_zeros(NDA_DTYPE_TEXT(2), 2, nda_shape(table), &text));
    ck_fails(nda_take(table, (const int64_t[]){4}, 1, 0, &copy), NDA_INDEX);
    ck_fails(nda_take(table, (const int64_t[]){0}, 1, 2, &copy), NDA_INDEX);
    ck_fails(nda_take(table, NULL, INT64_MAX, 0, &copy), NDA_OVERFLOW);
    ck_fails(nda_take(table, NULL, -1, 0, &copy), NDA_SHAPE);
    ck_fails(nda_mask(table, mask, 3, 0, &copy), NDA_SHAPE);
    ck_fails(nda_mask(table, mask, 3, -3, &copy), NDA_INDEX);
    ck_fails(nda_delete(table, 4, 0, &copy), NDA_INDEX);
    ck_fails(nda_delete(table, -13, NDA_FLAT, &copy), NDA_INDEX);
    ck_fails(nda_append(table, flat, 1, &copy), NDA_SHAPE);
    ck_fails(nda_append(table, text, 0, &copy), NDA_TYPE);
    ck_fails(nda_append(table, text, NDA_FLAT, &copy), NDA_TYPE);
    ck_fails(nda_concatenate(NULL, 0, 0, &copy), NDA_SHAPE);
    ck_fails(nda_sort_by_column(table, 3, &copy), NDA_INDEX);
    ck_fails(nda_astype(table, (struct nda_dtype){NDA_ARRAY, 0}, &copy), NDA_TYPE);
    nda_rebind(&flat, NULL);
    ck_ok(nda_arange(0, 3, 1, &flat));
    ck_fails(nda_sort_by_column(flat, 0, &copy), NDA_SHAPE);
    ck_fails(nda_append(table, flat, 0, &copy), NDA_SHAPE);
    ck_assert_ptr_null(copy);
    nda_decref(text);
    nda_decref(flat);
    nda_decref(table);
}
END_TEST

START_TEST(copies_sort_is_stable_and_puts_nan_last)
{
    double items[] = {2, 0, NAN, 1, 1, 2, NAN, 3, 1, 4, -INFINITY, 5};
    static const double order[] = {5, 2, 4, 0, 1, 3};
    struct nda *table = NULL;
    struct nda *sorted = NULL;
    ck_ok(nda_from_buffer(NDA_DTYPE_FLOAT64, 2, (const int64_t[]){6, 2}, items, &table));
    ck_ok(nda_sort_by_column(table, 0, &sorted));
    for (int64_t i = 0; i < 6; i++) {
        struct nda_value value;
        ck_ok(nda_get(sorted, (const int64_t[]){i, 1}, &value));
        ck_assert_double_eq(value.as.float64, order[i]);
    }
    nda_decref(sorted);
    nda_decref(table);
}
END_TEST

START_TEST(copies_astype_refuses_what_does_not_fit)
{
    static const struct {
        const char *text;
        enum nda_status to_int64;
        enum nda_status to_float64;
    } rows[] = {
        {"12", NDA_OK, NDA_OK},
        {" -12\n", NDA_OK, NDA_OK},
        {"+9223372036854775807", NDA_OK, NDA_OK},
        {"9223372036854775808", NDA_OVERFLOW, NDA_OK},
        {"1.5", NDA_VALUE, NDA_OK},
        {"-Infinity", NDA_VALUE, NDA_OK},
        {"nan", NDA_VALUE, NDA_OK},
        {"1e400", NDA_VALUE, NDA_OK},
        {"0x10", NDA_VALUE, NDA_VALUE},
        {"1 2", NDA_VALUE, NDA_VALUE},
        {"+-1", NDA_VALUE, NDA_VALUE},
        {"", NDA_VALUE, NDA_VALUE},
        {"e", NDA_VALUE, NDA_VALUE},
        {"日", NDA_VALUE, NDA_VALUE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nda *text = NULL;
        struct nda *int64 = NULL;
        struct nda *float64 = NULL;
        ck_ok(nda_full(0, NULL, NDA_OF_TEXT(rows[i].text), &text));
        ck_fails(nda_astype(text, NDA_DTYPE_INT64, &int64), rows[i].to_int64);
        ck_fails(nda_astype(text, NDA_DTYPE_FLOAT64, &float64), rows[i].to_float64);
        nda_decref(int64);
        nda_decref(float64);
        nda_decref(text);
    }
    static const double wild[] = {NAN, INFINITY, -INFINITY, 0x1p63, -0x1.0000000000001p63};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        struct nda *number = NULL;
        struct nda *int64 = NULL;
        ck_ok(nda_full(0, NULL, NDA_OF_FLOAT64(wild[i]), &number));
        ck_fails(nda_astype(number, NDA_DTYPE_INT64, &int64), NDA_OVERFLOW);
        nda_decref(number);
    }
}
END_TEST

START_TEST(copies_astype_reads_long_text_as_no_number)
{
    struct nda *text = NULL;
    struct nda *copy = NULL;
    static char digits[1000];
    memset(digits, '1', sizeof digits - 1);
    ck_ok(nda_full(0, NULL, NDA_OF_TEXT(digits), &text));
    ck_fails(nda_astype(text, NDA_DTYPE_FLOAT64, &copy), NDA_VALUE);
    ck_ok(nda_astype(text, NDA_DTYPE_TEXT(3), &copy));
    ck_assert_uint_eq(nda_itemsize(copy), 12);
    nda_decref(copy);
    nda_decref(text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        copies_own_their_items,
        copies_refuse_indices_and_shapes,
        copies_sort_is_stable_and_puts_nan_last,
        copies_astype_refuses_what_does_not_fit,
        copies_astype_reads_long_text_as_no_number,
        NULL,
    };
    return support_run("copies", tests);
}
