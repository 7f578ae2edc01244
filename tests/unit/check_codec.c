/* trace_codec.h: what is put can be got back, and nothing is read that is not there. */
#include <stdint.h>
#include <string.h>

#include "trace_codec.h"
#include "unit.h"

static const uint64_t numbers[] = {
    0, 1, 0x7f, 0x80, 0x3fff, 0x4000, UINT32_MAX, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX,
};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

START_TEST(codec_varint_comes_back)
{
    uint8_t bytes[TRACE_VARINT_BYTES];
    const uint8_t *end = trace_put_varint(bytes, numbers[_i]);
    struct trace_cursor cursor = trace_cursor_over(bytes, (size_t)(end - bytes));
    ck_assert_uint_eq(trace_get_varint(&cursor), numbers[_i]);
    ck_assert(!cursor.is_bad);
    ck_assert_ptr_eq(cursor.next, end);
}
END_TEST

START_TEST(codec_cut_varint_is_bad)
{
    uint8_t bytes[TRACE_VARINT_BYTES];
    const uint8_t *end = trace_put_varint(bytes, numbers[_i]);
    for (size_t length = 0; length < (size_t)(end - bytes); length++) {
        struct trace_cursor cursor = trace_cursor_over(bytes, length);
        ck_assert_uint_eq(trace_get_varint(&cursor), 0);
        ck_assert(cursor.is_bad);
    }
}
END_TEST

START_TEST(codec_delta_comes_back)
{
    uint8_t bytes[TRACE_VARINT_BYTES];
    for (size_t i = 0; i < NUMBERS; i++) {
        const uint8_t *end = trace_put_delta(bytes, numbers[_i], numbers[i]);
        struct trace_cursor cursor = trace_cursor_over(bytes, (size_t)(end - bytes));
        ck_assert_uint_eq(trace_get_delta(&cursor, numbers[i]), numbers[_i]);
    }
}
END_TEST

START_TEST(codec_too_long_varint_is_bad)
{
    static const uint8_t too_large[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    static const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                      0x80, 0x80, 0x80, 0x80, 0x01};
    struct trace_cursor cursor = trace_cursor_over(too_large, sizeof too_large);
    ck_assert_uint_eq(trace_get_varint(&cursor), 0);
    ck_assert(cursor.is_bad);
    cursor = trace_cursor_over(endless, sizeof endless);
    ck_assert_uint_eq(trace_get_varint(&cursor), 0);
    ck_assert(cursor.is_bad);
}
END_TEST

START_TEST(codec_bytes_stay_inside)
{
    uint8_t bytes[16];
    size_t length = 99;
    const uint8_t *end = trace_put_bytes(bytes, "abc", 3);
    struct trace_cursor cursor = trace_cursor_over(bytes, (size_t)(end - bytes));
    const uint8_t *got = trace_get_bytes(&cursor, 3, &length);
    ck_assert_uint_eq(length, 3);
    ck_assert_mem_eq(got, "abc", 3);
    cursor = trace_cursor_over(bytes, (size_t)(end - bytes));
    (void)trace_get_bytes(&cursor, 2, &length);
    ck_assert(cursor.is_bad);
    ck_assert_uint_eq(length, 0);
    cursor = trace_cursor_over(bytes, (size_t)(end - bytes) - 1);
    (void)trace_get_bytes(&cursor, 16, &length);
    ck_assert(cursor.is_bad);
}
END_TEST

START_TEST(codec_stays_bad)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct trace_cursor cursor = trace_cursor_over(bytes, 0);
    ck_assert_uint_eq(trace_get_byte(&cursor), 0);
    cursor.end = bytes + sizeof bytes;
    ck_assert_uint_eq(trace_get_byte(&cursor), 0);
    ck_assert_uint_eq(trace_get_varint(&cursor), 0);
    ck_assert_ptr_eq(cursor.next, bytes);
}
END_TEST

START_TEST(codec_check_is_fnv_1a)
{
    ck_assert_uint_eq(trace_check("", 0), 0x811c9dc5u);
    ck_assert_uint_eq(trace_check("foobar", 6), 0xbf9cf968u);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("codec");
    tcase_add_loop_test(tests, codec_varint_comes_back, 0, NUMBERS);
    tcase_add_loop_test(tests, codec_cut_varint_is_bad, 0, NUMBERS);
    tcase_add_loop_test(tests, codec_delta_comes_back, 0, NUMBERS);
    tcase_add_test(tests, codec_too_long_varint_is_bad);
    tcase_add_test(tests, codec_bytes_stay_inside);
    tcase_add_test(tests, codec_stays_bad);
    tcase_add_test(tests, codec_check_is_fnv_1a);
    return unit_run("codec", tests);
}
