/* Single items: text in and out, conversions, and the statuses' texts. */
#include <string.h>

#include "support.h"

START_TEST(items_text_survives)
{
    static const char *const texts[] = {
        "", "a", "é", "日本語", "\U0001F600 \U0010FFFF", "\xef\xbf\xbf"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct nda *array = NULL;
        char text[64];
        ck_ok(nda_full(1, (const int64_t[]){2}, NDA_OF_TEXT(texts[i]), &array));
        ck_ok(nda_get_text(array, (const int64_t[]){1}, sizeof text, text));
        ck_assert_str_eq(text, texts[i]);
        size_t needed = strlen(texts[i]) + 1;
        ck_ok(nda_get_text(array, (const int64_t[]){0}, needed, text));
        ck_fails(nda_get_text(array, (const int64_t[]){0}, needed - 1, text), NDA_OVERFLOW);
        nda_decref(array);
    }
}
END_TEST

START_TEST(items_text_must_be_utf8)
{
    static const char *const texts[] = {
        "\x80",         "\xc3",         "\xc3(", "\xc0\x80",   "\xe0\x80\x80",
        "\xed\xa0\x80", "\xf5\x80\x80", "\xff",  "ok\xe6\x97", "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct nda *array = NULL;
        ck_fails(nda_full(0, NULL, NDA_OF_TEXT(texts[i]), &array), NDA_VALUE);
        ck_fails(nda_from_rows(&texts[i], 1, 1, &array), NDA_VALUE);
        ck_ok(nda_zeros(NDA_DTYPE_TEXT(4), 0, NULL, &array));
        ck_fails(nda_set(array, NULL, NDA_OF_TEXT(texts[i])), NDA_VALUE);
        nda_decref(array);
    }
}
END_TEST

START_TEST(items_that_are_no_characters_are_told)
{
    uint32_t wild[][2] = {{0xd800, 0}, {0x110000, 0}, {0, 'a'}};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        struct nda *array = NULL;
        struct nda *copy = NULL;
        struct nda_list *list = NULL;
        char text[16];
        ck_ok(nda_from_buffer(NDA_DTYPE_TEXT(2), 1, (const int64_t[]){1}, wild[i], &array));
        ck_fails(nda_get_text(array, (const int64_t[]){0}, sizeof text, text), NDA_VALUE);
        ck_fails(nda_tolist(array, &list), NDA_VALUE);
        ck_fails(nda_astype(array, NDA_DTYPE_INT64, &copy), NDA_VALUE);
        nda_decref(array);
    }
}
END_TEST

START_TEST(items_are_converted_one_way_only)
{
    struct nda *table = support_table(2, 2);
    struct nda *floats = NULL;
    struct nda *text = NULL;
    struct nda_value value = NDA_OF_INT64(-1);
    char room[16];
    const int64_t at[] = {1, 1};
    ck_ok(nda_astype(table, NDA_DTYPE_FLOAT64, &floats));
    ck_ok(nda_astype(table, NDA_DTYPE_TEXT(3), &text));
    ck_ok(nda_set(floats, at, NDA_OF_INT64(7)));
    ck_ok(nda_get(floats, at, &value));
    ck_assert_double_eq(value.as.float64, 7);
    ck_fails(nda_set(table, at, NDA_OF_FLOAT64(1)), NDA_TYPE);
    ck_fails(nda_set(table, at, NDA_OF_TEXT("1")), NDA_TYPE);
    ck_fails(nda_set(text, at, NDA_OF_INT64(1)), NDA_TYPE);
    ck_fails(nda_set(text, at, NDA_OF_ARRAY(table)), NDA_TYPE);
    ck_ok(nda_set(text, at, NDA_OF_TEXT("12345")));
    ck_ok(nda_get_text(text, at, sizeof room, room));
    ck_assert_str_eq(room, "123");
    ck_fails(nda_get(text, at, &value), NDA_TYPE);
    ck_fails(nda_get_text(table, at, sizeof room, room), NDA_TYPE);
    ck_fails(nda_get(table, (const int64_t[]){0, 2}, &value), NDA_INDEX);
    ck_fails(nda_set(table, (const int64_t[]){-3, 0}, NDA_OF_INT64(1)), NDA_INDEX);
    nda_decref(text);
    nda_decref(floats);
    nda_decref(table);
}
END_TEST

START_TEST(items_unaligned_memory_is_no_problem)
{
    unsigned char bytes[1 + 3 * sizeof(int64_t)] = {0};
    struct nda *array = NULL;
    struct nda *copy = NULL;
    ck_ok(nda_from_buffer(NDA_DTYPE_INT64, 2, (const int64_t[]){3, 1}, bytes + 1, &array));
    ck_ok(nda_set(array, (const int64_t[]){1, 0}, NDA_OF_INT64(-7)));
    ck_ok(nda_sort_by_column(array, 0, &copy));
    ck_assert_int_eq(support_item(copy, 0, 0), -7);
    nda_decref(copy);
    nda_decref(array);
}
END_TEST

START_TEST(items_statuses_have_texts)
{
    for (int status = NDA_OK; status <= NDA_STRIDES; status++) {
        ck_assert_str_ne(nda_status_text((enum nda_status)status), "unknown status");
    }
    ck_assert_str_eq(nda_status_text((enum nda_status)99), "unknown status");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        items_text_survives,
        items_text_must_be_utf8,
        items_that_are_no_characters_are_told,
        items_are_converted_one_way_only,
        items_unaligned_memory_is_no_problem,
        items_statuses_have_texts,
        NULL,
    };
    return support_run("items", tests);
}
