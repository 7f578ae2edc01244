/* Creation: shapes, strides, types, contents, and everything that is refused. */
#include <math.h>
#include <string.h>

#include "support.h"

START_TEST(create_zeros_has_one_buffer_of_numpys_size)
{
    struct nda *array = NULL;
    ck_ok(nda_zeros(NDA_DTYPE_TEXT(13), 2, (const int64_t[]){10000, 6}, &array));
    struct nda_usage usage = nda_usage();
    ck_assert_uint_eq(usage.buffer_bytes, 3120000);
    ck_assert_uint_eq(usage.buffers, 1);
    ck_assert_uint_eq(usage.blocks, 2);
    ck_assert_uint_lt(usage.bytes - usage.buffer_bytes, 256);
    ck_assert_uint_eq(nda_itemsize(array), 52);
    ck_assert_int_eq(nda_strides(array)[0], 312);
    ck_assert_int_eq(nda_strides(array)[1], 52);
    ck_assert_int_eq(nda_size(array), 60000);
    ck_assert(nda_owns_data(array));
    ck_assert_ptr_null(nda_base(array));
    nda_decref(array);
}
END_TEST

START_TEST(create_zero_axes_is_one_item)
{
    struct nda *array = NULL;
    ck_ok(nda_full(0, NULL, NDA_OF_FLOAT64(0.5), &array));
    struct nda_value value;
    ck_ok(nda_get(array, NULL, &value));
    ck_assert_double_eq(value.as.float64, 0.5);
    ck_assert_int_eq(nda_size(array), 1);
    ck_assert_int_eq(nda_ndim(array), 0);
    nda_decref(array);
}
END_TEST

START_TEST(create_without_items_has_an_address)
{
    struct nda *array = NULL;
    ck_ok(nda_zeros(NDA_DTYPE_INT64, 3, (const int64_t[]){INT64_MAX / 8, 0, 1}, &array));
    ck_assert_ptr_nonnull(nda_data(array));
    ck_assert_int_eq(nda_size(array), 0);
    ck_assert_int_eq(nda_strides(array)[0], 0);
    nda_decref(array);
}
END_TEST

START_TEST(create_refuses_sizes_that_overflow)
{
    static const int64_t shapes[][3] = {
        {INT64_MAX, 2, 1},
        {INT64_MAX / 8 + 1, 1, 1},
        {1LL << 31, 1LL << 31, 4},
        {0, 1LL << 40, 1LL << 40},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct nda *array = NULL;
        ck_fails(nda_zeros(NDA_DTYPE_INT64, 3, shapes[i], &array), NDA_OVERFLOW);
        ck_fails(nda_full(3, shapes[i], NDA_OF_INT64(1), &array), NDA_OVERFLOW);
        ck_fails(nda_randn(3, shapes[i], 1, &array), NDA_OVERFLOW);
        ck_assert_ptr_null(array);
    }
    struct nda *array = NULL;
    ck_fails(nda_arange(INT64_MIN, INT64_MAX, 1, &array), NDA_OVERFLOW);
    ck_fails(nda_arange(0, INT64_MAX, 1, &array), NDA_OVERFLOW);
    ck_fails(nda_from_rows(NULL, INT64_MAX, 2, &array), NDA_OVERFLOW);
    ck_fails(nda_zeros(NDA_DTYPE_TEXT(UINT32_MAX), 0, NULL, &array), NDA_OVERFLOW);
    ck_assert_ptr_null(array);
}
END_TEST

START_TEST(create_refuses_shapes_and_types)
{
    const int64_t nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct nda *array = NULL;
    ck_fails(nda_zeros(NDA_DTYPE_INT64, 9, nine, &array), NDA_SHAPE);
    ck_fails(nda_zeros(NDA_DTYPE_INT64, -1, nine, &array), NDA_SHAPE);
    ck_fails(nda_zeros(NDA_DTYPE_INT64, 1, (const int64_t[]){-1}, &array), NDA_SHAPE);
    ck_fails(nda_zeros(NDA_DTYPE_TEXT(0), 1, nine, &array), NDA_TYPE);
    ck_fails(nda_zeros((struct nda_dtype){NDA_LIST, 0}, 1, nine, &array), NDA_TYPE);
    ck_fails(nda_full(1, nine, NDA_OF_LIST(NULL), &array), NDA_TYPE);
    ck_fails(nda_from_rows(NULL, -1, 2, &array), NDA_SHAPE);
    ck_fails(nda_arange(0, 1, 0, &array), NDA_VALUE);
    ck_assert_ptr_null(array);
    ck_assert_str_ne(nda_error(), "");
    ck_ok(nda_zeros(NDA_DTYPE_INT64, 8, nine, &array));
    nda_decref(array);
}
END_TEST

START_TEST(create_arange_reaches_the_ends_of_int64)
{
    struct nda *array = NULL;
    ck_ok(nda_arange(INT64_MIN, INT64_MAX, INT64_MAX, &array));
    const int64_t *items = nda_data(array);
    ck_assert_int_eq(nda_size(array), 3);
    ck_assert_int_eq(items[0], INT64_MIN);
    ck_assert_int_eq(items[1], -1);
    ck_assert_int_eq(items[2], INT64_MAX - 1);
    nda_decref(array);
    ck_ok(nda_arange(INT64_MAX, INT64_MIN, INT64_MIN, &array));
    ck_assert_int_eq(nda_size(array), 2);
    ck_assert_int_eq(((const int64_t *)nda_data(array))[1], -1);
    nda_decref(array);
}
END_TEST

START_TEST(create_from_buffer_borrows)
{
    int64_t items[] = {1, 2, 3, 4, 5, 6};
    struct nda *array = NULL;
    struct nda *view = NULL;
    ck_ok(nda_from_buffer(NDA_DTYPE_INT64, 2, (const int64_t[]){2, 3}, items, &array));
    ck_assert_uint_eq(nda_usage().buffers, 0);
    ck_assert(!nda_owns_data(array));
    ck_assert_ptr_null(nda_base(array));
    ck_ok(nda_view(array, NDA_KEYS(NDA_AT(1)), &view));
    ck_assert_ptr_eq(nda_base(view), array);
    ck_ok(nda_set(view, (const int64_t[]){-1}, NDA_OF_INT64(60)));
    ck_assert_int_eq(items[5], 60);
    nda_decref(view);
    nda_decref(array);
}
END_TEST

START_TEST(create_from_rows_is_as_wide_as_the_longest)
{
    static const char *const cells[] = {"a", "日本", "", "café!"};
    struct nda *array = NULL;
    char text[32];
    ck_ok(nda_from_rows(cells, 2, 2, &array));
    ck_assert_uint_eq(nda_dtype(array).width, 5);
    for (int64_t i = 0; i < 4; i++) {
        ck_ok(nda_get_text(array, (const int64_t[]){i / 2, i % 2}, sizeof text, text));
        ck_assert_str_eq(text, cells[i]);
    }
    nda_decref(array);
    ck_ok(nda_from_rows(cells, 0, 6, &array));
    ck_assert_uint_eq(nda_dtype(array).width, 1);
    nda_decref(array);
}
END_TEST

START_TEST(create_randn_is_seeded_and_normal)
{
    struct nda *array = NULL;
    struct nda *again = NULL;
    struct nda *other = NULL;
    ck_ok(nda_randn(2, (const int64_t[]){100, 1001}, 7, &array));
    ck_ok(nda_randn(2, (const int64_t[]){100, 1001}, 7, &again));
    ck_ok(nda_randn(2, (const int64_t[]){100, 1001}, 8, &other));
    size_t bytes = (size_t)nda_size(array) * sizeof(double);
    ck_assert_mem_eq(nda_data(array), nda_data(again), bytes);
    ck_assert(memcmp(nda_data(array), nda_data(other), bytes) != 0);
    const double *items = nda_data(array);
    double sum = 0;
    double squares = 0;
    int64_t size = nda_size(array);
    int64_t within = 0;
    for (int64_t i = 0; i < size; i++) {
        sum += items[i];
        squares += items[i] * items[i];
        within += fabs(items[i]) < 1;
    }
    // five standard deviations of each estimate
    ck_assert_double_eq_tol(sum / (double)size, 0, 0.016);
    ck_assert_double_eq_tol(squares / (double)size, 1, 0.023);
    ck_assert_double_eq_tol((double)within / (double)size, 0.6827, 0.0074);
    nda_decref(array);
    nda_decref(again);
    nda_decref(other);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        create_zeros_has_one_buffer_of_numpys_size,
        create_zero_axes_is_one_item,
        create_without_items_has_an_address,
        create_refuses_sizes_that_overflow,
        create_refuses_shapes_and_types,
        create_arange_reaches_the_ends_of_int64,
        create_from_buffer_borrows,
        create_from_rows_is_as_wide_as_the_longest,
        create_randn_is_seeded_and_normal,
        NULL,
    };
    return support_run("create", tests);
}
