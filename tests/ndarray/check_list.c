/* Lists: what they hold, and arrays made of them. */
#include "support.h"

START_TEST(list_holds_references)
{
    struct nda *table = support_table(2, 2);
    struct nda_list *list = NULL;
    struct nda_list *outer = NULL;
    struct nda_value value;
    ck_ok(nda_list_new(0, &list));
    ck_ok(nda_list_append(list, NDA_OF_ARRAY(table)));
    ck_ok(nda_list_append(list, NDA_OF_ARRAY(table)));
    ck_assert_uint_eq(nda_refcount(table), 3);
    ck_ok(nda_list_new(1, &outer));
    ck_ok(nda_list_append(outer, NDA_OF_LIST(list)));
    ck_assert_uint_eq(nda_list_refcount(list), 2);
    ck_ok(nda_list_delete(list, -2));
    ck_assert_uint_eq(nda_refcount(table), 2);
    nda_decref(table);
    ck_ok(nda_list_get(list, 0, &value));
    ck_assert_ptr_eq(value.as.array, table);
    nda_list_decref(list);
    nda_list_decref(outer);
}
END_TEST

START_TEST(list_slice_is_a_copy)
{
    struct nda *ten = NULL;
    struct nda_list *list = NULL;
    struct nda_list *slice = NULL;
    struct nda_value value;
    ck_ok(nda_arange(0, 10, 1, &ten));
    ck_ok(nda_tolist(ten, &list));
    ck_ok(nda_list_append(list, NDA_OF_TEXT("end")));
    ck_ok(nda_list_slice(list, NDA_NONE, 3, -3, &slice));
    ck_assert_uint_eq(nda_list_refcount(list), 1);
    ck_assert_int_eq(nda_list_count(slice), 3);
    ck_ok(nda_list_delete(list, -1));
    ck_ok(nda_list_get(slice, 0, &value));
    ck_assert_str_eq(value.as.text, "end");
    ck_ok(nda_list_get(slice, 2, &value));
    ck_assert_int_eq(value.as.int64, 4);
    ck_fails(nda_list_slice(list, 0, 1, 0, &slice), NDA_VALUE);
    nda_list_decref(slice);
    nda_list_decref(list);
    nda_decref(ten);
}
END_TEST

START_TEST(list_refuses)
{
    struct nda_list *list = NULL;
    struct nda_value value;
    ck_fails(nda_list_new(INT64_MAX, &list), NDA_OVERFLOW);
    ck_fails(nda_list_new(-1, &list), NDA_SHAPE);
    ck_assert_ptr_null(list);
    ck_ok(nda_list_new(0, &list));
    ck_fails(nda_list_get(list, 0, &value), NDA_INDEX);
    ck_fails(nda_list_delete(list, -1), NDA_INDEX);
    ck_fails(nda_list_append(list, (struct nda_value){.kind = (enum nda_kind)9}), NDA_TYPE);
    nda_list_decref(list);
}
END_TEST

START_TEST(list_depth_is_no_limit_to_freeing)
{
    struct nda_list *list = NULL;
    struct nda *array = NULL;
    ck_ok(nda_list_new(0, &list));
    for (int i = 0; i < 200000; i++) {
        struct nda_list *outer = NULL;
        ck_ok(nda_list_new(1, &outer));
        ck_ok(nda_list_append(outer, NDA_OF_LIST(list)));
        nda_list_decref(list);
        list = outer;
    }
    ck_fails(nda_from_list(list, &array), NDA_SHAPE);
    nda_list_decref(list);
}
END_TEST

/* A list of two values, or of a list and a value. */
static struct nda_list *pair(struct nda_value first, struct nda_value second)
{
    struct nda_list *list = NULL;
    ck_ok(nda_list_new(2, &list));
    ck_ok(nda_list_append(list, first));
    ck_ok(nda_list_append(list, second));
    return list;
}

/* nda_from_list of two values that do not go together. */
static void assert_refused(struct nda_value first, struct nda_value second,
                           enum nda_status expected)
{
    struct nda *array = NULL;
    struct nda_list *list = pair(first, second);
    ck_fails(nda_from_list(list, &array), expected);
    ck_assert_ptr_null(array);
    nda_list_decref(list);
}

START_TEST(list_to_array_refuses)
{
    struct nda *table = support_table(1, 1);
    struct nda_list *two = pair(NDA_OF_INT64(1), NDA_OF_INT64(2));
    struct nda_list *none = NULL;
    ck_ok(nda_list_new(0, &none));
    assert_refused(NDA_OF_LIST(two), NDA_OF_LIST(none), NDA_SHAPE);
    assert_refused(NDA_OF_LIST(two), NDA_OF_INT64(1), NDA_SHAPE);
    assert_refused(NDA_OF_INT64(1), NDA_OF_LIST(two), NDA_SHAPE);
    assert_refused(NDA_OF_INT64(1), NDA_OF_TEXT("1"), NDA_TYPE);
    assert_refused(NDA_OF_TEXT("1"), NDA_OF_FLOAT64(1), NDA_TYPE);
    assert_refused(NDA_OF_ARRAY(table), NDA_OF_ARRAY(table), NDA_TYPE);
    assert_refused(NDA_OF_TEXT("1"), NDA_OF_TEXT("\xff"), NDA_VALUE);
    nda_list_decref(none);
    nda_list_decref(two);
    nda_decref(table);
}
END_TEST

START_TEST(list_of_an_array_without_axes_is_refused)
{
    struct nda *array = NULL;
    struct nda_list *list = NULL;
    ck_ok(nda_full(0, NULL, NDA_OF_INT64(1), &array));
    ck_fails(nda_tolist(array, &list), NDA_SHAPE);
    nda_decref(array);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        list_holds_references,
        list_slice_is_a_copy,
        list_refuses,
        list_depth_is_no_limit_to_freeing,
        list_to_array_refuses,
        list_of_an_array_without_axes_is_refused,
        NULL,
    };
    return support_run("list", tests);
}
