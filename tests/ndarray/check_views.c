/* Views: who holds whom, what is shared, and what is refused. */
#include "support.h"

START_TEST(views_hold_the_owner)
{
    struct nda *table = support_table(4, 3);
    struct nda *view = NULL;
    struct nda *inner = NULL;
    ck_assert_uint_eq(nda_refcount(table), 1);
    ck_ok(nda_view(table, NDA_KEYS(NDA_FROM(1), NDA_TO(2)), &view));
    ck_assert_uint_eq(nda_refcount(table), 2);
    ck_ok(nda_transpose(view, NULL, &inner));
    ck_assert_ptr_eq(nda_base(inner), table);
    ck_assert_uint_eq(nda_refcount(table), 3);
    ck_assert_uint_eq(nda_refcount(view), 1);
    nda_decref(view);
    nda_decref(table);
    ck_assert_uint_eq(nda_usage().buffers, 1);
    ck_assert_uint_eq(nda_refcount(nda_base(inner)), 1);
    ck_assert_int_eq(support_item(inner, 1, 2), 10);
    nda_decref(inner);
}
END_TEST

START_TEST(views_write_through)
{
    struct nda *table = support_table(4, 3);
    struct nda *column = NULL;
    ck_ok(nda_view(table, NDA_KEYS(NDA_SLICE(NDA_NONE, NDA_NONE, -1), NDA_AT(-1)), &column));
    ck_assert_int_eq(nda_strides(column)[0], -24);
    ck_ok(nda_set(column, (const int64_t[]){0}, NDA_OF_INT64(-5)));
    ck_assert_int_eq(support_item(table, 3, 2), -5);
    ck_assert(nda_shares_memory(table, column));
    nda_decref(column);
    nda_decref(table);
}
END_TEST

START_TEST(views_share_only_what_they_see)
{
    struct nda *table = support_table(4, 3);
    struct nda *even = NULL;
    struct nda *odd = NULL;
    ck_ok(nda_view(table, NDA_KEYS(NDA_ALL, NDA_SLICE(0, NDA_NONE, 2)), &even));
    ck_ok(nda_view(table, NDA_KEYS(NDA_ALL, NDA_SLICE(1, NDA_NONE, 2)), &odd));
    ck_assert(!nda_shares_memory(even, odd));
    ck_assert(nda_shares_memory(even, table));
    nda_rebind(&odd, NULL);
    ck_ok(nda_view(table, NDA_KEYS(NDA_TO(0)), &odd));
    ck_assert(!nda_shares_memory(odd, table));
    nda_decref(odd);
    nda_decref(even);
    nda_decref(table);
}
END_TEST

START_TEST(views_refuse_bad_keys)
{
    struct nda *table = support_table(4, 3);
    struct nda *view = NULL;
    ck_fails(nda_view(table, NDA_KEYS(NDA_AT(4)), &view), NDA_INDEX);
    ck_fails(nda_view(table, NDA_KEYS(NDA_AT(-5)), &view), NDA_INDEX);
    ck_fails(nda_view(table, NDA_KEYS(NDA_AT(INT64_MIN)), &view), NDA_INDEX);
    ck_fails(nda_view(table, NDA_KEYS(NDA_ALL, NDA_ALL, NDA_ALL), &view), NDA_INDEX);
    ck_fails(nda_view(table, NDA_KEYS(NDA_SLICE(0, 1, 0)), &view), NDA_VALUE);
    ck_fails(nda_view(table,
                      NDA_KEYS(NDA_NEWAXIS, NDA_NEWAXIS, NDA_NEWAXIS, NDA_NEWAXIS, NDA_NEWAXIS,
                               NDA_NEWAXIS, NDA_NEWAXIS),
                      &view),
             NDA_SHAPE);
    ck_fails(nda_transpose(table, (const int[]){0, 0}, &view), NDA_SHAPE);
    ck_fails(nda_transpose(table, (const int[]){0, 2}, &view), NDA_INDEX);
    ck_assert_ptr_null(view);
    ck_assert_uint_eq(nda_refcount(table), 1);
    ck_ok(nda_transpose(table, (const int[]){-1, -2}, &view));
    nda_decref(view);
    nda_decref(table);
}
END_TEST

START_TEST(views_take_extreme_slices)
{
    static const struct {
        int64_t start, stop, step, count, first;
    } rows[] = {
        {INT64_MIN + 1, INT64_MAX, INT64_MAX, 1, 0},
        {INT64_MAX, INT64_MIN + 1, INT64_MIN + 1, 1, 9},
        {INT64_MAX, INT64_MIN + 1, -3, 4, 9},
        {-100, 100, 3, 4, 0},
        {5, 5, 1, 0, 0},
        {NDA_NONE, NDA_NONE, NDA_NONE, 10, 0},
    };
    struct nda *ten = NULL;
    ck_ok(nda_arange(0, 10, 1, &ten));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nda *view = NULL;
        const struct nda_key key = NDA_SLICE(rows[i].start, rows[i].stop, rows[i].step);
        ck_ok(nda_view(ten, 1, &key, &view));
        ck_assert_int_eq(nda_size(view), rows[i].count);
        if (rows[i].count > 0) {
            ck_assert_int_eq(support_item(view, 0, 0), rows[i].first);
        }
        nda_decref(view);
    }
    nda_decref(ten);
}
END_TEST

START_TEST(views_reshape_only_where_strides_allow)
{
    struct nda *table = support_table(4, 3);
    struct nda *turned = NULL;
    struct nda *view = NULL;
    ck_ok(nda_transpose(table, NULL, &turned));
    ck_fails(nda_reshape(turned, 1, (const int64_t[]){12}, &view), NDA_STRIDES);
    ck_fails(nda_reshape(table, 2, (const int64_t[]){5, -1}, &view), NDA_SHAPE);
    ck_fails(nda_reshape(table, 2, (const int64_t[]){-1, -1}, &view), NDA_SHAPE);
    ck_fails(nda_reshape(table, 2, (const int64_t[]){INT64_MAX, INT64_MAX}, &view), NDA_OVERFLOW);
    ck_fails(nda_reshape(table, 2, (const int64_t[]){0, -1}, &view), NDA_SHAPE);
    ck_fails(nda_reshape(table, 9, (const int64_t[9]){12}, &view), NDA_SHAPE);
    ck_assert_ptr_null(view);
    ck_ok(nda_reshape(turned, 3, (const int64_t[]){3, 2, -1}, &view));
    ck_assert_int_eq(nda_shape(view)[2], 2);
    ck_assert_int_eq(nda_strides(view)[1], 48);
    nda_decref(view);
    nda_decref(turned);
    nda_decref(table);
}
END_TEST

START_TEST(views_rebind_and_decref_accept_nothing)
{
    struct nda *name = NULL;
    nda_rebind(&name, NULL);
    nda_decref(NULL);
    nda_list_decref(NULL);
    nda_rebind(&name, support_table(1, 1));
    ck_assert_uint_eq(nda_refcount(nda_incref(name)), 2);
    nda_decref(name);
    nda_rebind(&name, NULL);
    ck_assert_ptr_null(name);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        views_hold_the_owner,
        views_write_through,
        views_share_only_what_they_see,
        views_refuse_bad_keys,
        views_take_extreme_slices,
        views_reshape_only_where_strides_allow,
        views_rebind_and_decref_accept_nothing,
        NULL,
    };
    return support_run("views", tests);
}
