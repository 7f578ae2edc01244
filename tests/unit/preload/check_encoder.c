/* Event records, read back by the rules of docs/format.md, section 5. */
#include "encoder.h"

#include "suite.h"

#define ROUNDS (SUITE_IS_SANITIZED ? 2000 : 20000)
#define ROOM (ENCODER_EVENT_BYTES + TRACE_NAME_BYTES)

/* One event as a reader sees it: the code's operand and what follows. */
struct event {
    enum trace_event_code code;
    uint64_t operand; /* of allocations and frees: the site */
    uint64_t fields[3];
};

/* @last: site of the last allocation before. */
static struct event read_event(struct trace_cursor *cursor, uint64_t last)
{
    struct event event = {0};
    uint64_t first = trace_get_varint(cursor);
    size_t fields = 0;
    const unsigned bits = (first & 3) == 3 ? 3 : 2;
    event.code = (enum trace_event_code)(first & ((1U << bits) - 1));
    event.operand = first >> bits;
    if (event.code == TRACE_EV_FREE) {
        fields = 1;
    } else if (event.code == TRACE_EV_OTHER) {
        static const size_t counts[] = {[TRACE_EV_TIME] = 2,
                                        [TRACE_EV_REALLOCATION] = 3,
                                        [TRACE_EV_IMPLIED_FREE] = 2,
                                        [TRACE_EV_INHERITED_FREE] = 1};
        ck_assert_uint_le(event.operand, TRACE_EV_INHERITED_FREE);
        fields = counts[event.operand];
    }
    if (event.code != TRACE_EV_OTHER) {
        event.operand = (uint32_t)(last + (uint64_t)trace_unzigzag(event.operand));
    }
    for (size_t i = 0; i < fields; i++) {
        event.fields[i] = trace_get_varint(cursor);
    }
    if (event.code == TRACE_EV_OTHER && event.operand == TRACE_EV_REALLOCATION) {
        event.fields[2] = (uint32_t)(last + (uint64_t)trace_unzigzag(event.fields[2]));
    }
    if (event.code == TRACE_EV_OTHER &&
        (event.operand == TRACE_EV_REALLOCATION || event.operand == TRACE_EV_IMPLIED_FREE)) {
        event.fields[0] = (uint32_t)(last + (uint64_t)trace_unzigzag(event.fields[0]));
    }
    ck_assert(!cursor->is_bad);
    return event;
}

/* Read the one event in [bytes, end) and compare. */
static void assert_event(const uint8_t *bytes, const uint8_t *end, uint64_t last,
                         struct event expected)
{
    struct trace_cursor cursor = trace_cursor_over(bytes, (size_t)(end - bytes));
    struct event event = read_event(&cursor, last);
    ck_assert_ptr_eq(cursor.next, end);
    ck_assert_int_eq(event.code, expected.code);
    ck_assert_uint_eq(event.operand, expected.operand);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(event.fields[i], expected.fields[i]);
    }
}

START_TEST(encoder_writes_the_bytes_that_the_format_shows)
{
    uint8_t bytes[ROOM];
    ck_assert_ptr_eq(encode_allocation(bytes, 0, 1), bytes + 1);
    ck_assert_uint_eq(bytes[0], 0x08); /* zig-zag 2, code 0 */
    ck_assert_ptr_eq(encode_allocation(bytes, 5000, 5000), bytes + 1);
    ck_assert_uint_eq(bytes[0], 0x00);
    ck_assert_ptr_eq(encode_free_young(bytes, 5000, 4984), bytes + 1);
    ck_assert_uint_eq(bytes[0], 0x7e); /* zig-zag 31, code 2 */
    ck_assert_ptr_eq(encode_free(bytes, 5000, 5016, 300), bytes + 4);
    ck_assert_int_eq(memcmp(bytes, "\x83\x02\xac\x02", 4), 0); /* zig-zag 32, code 3 */
    ck_assert_ptr_eq(encode_reallocation(bytes, 5000, 4999, 300, 5001), bytes + 5);
    ck_assert_int_eq(memcmp(bytes, "\x0f\x01\xac\x02\x02", 5), 0);
    ck_assert_ptr_eq(encode_implied_free(bytes, 5000, 4998, 0), bytes + 3);
    ck_assert_int_eq(memcmp(bytes, "\x17\x03\x00", 3), 0);
    ck_assert_ptr_eq(encode_time(bytes, 1, 0), bytes + 3);
    ck_assert_int_eq(memcmp(bytes, "\x07\x01\x00", 3), 0);
    ck_assert_ptr_eq(encode_snapshot(bytes, "ab", 2), bytes + 4);
    ck_assert_int_eq(memcmp(bytes,
                            "\x27\x02"
                            "ab",
                            4),
                     0);
    ck_assert_ptr_eq(encode_clear(bytes, 300), bytes + 5);
    ck_assert_int_eq(memcmp(bytes, "\x8f\x01\x02\xac\x02", 5), 0);
    ck_assert_ptr_eq(encode_resident(bytes, 4096), bytes + 5);
    ck_assert_int_eq(memcmp(bytes, "\x97\x01\x02\x80\x20", 5), 0);
}
END_TEST

/* An allocation becomes a pair where it stands. */
START_TEST(encoder_makes_a_pair_of_an_allocation)
{
    uint8_t bytes[ROOM];
    const uint32_t sites[] = {0, 1, 15, 16, 5000, UINT32_MAX};
    for (size_t i = 0; i < sizeof sites / sizeof sites[0]; i++) {
        const uint8_t *end = encode_allocation(bytes, 7, sites[i]);
        encode_pair(bytes);
        assert_event(bytes, end, 7, (struct event){TRACE_EV_PAIR, sites[i], {0}});
    }
}
END_TEST

START_TEST(encoder_free_again_is_a_free_of_the_last_site)
{
    uint8_t bytes[ROOM] = {0};
    for (uint32_t age = 1; age < ENCODER_SHORT_AGE; age++) {
        encode_free_again(bytes, age);
        assert_event(bytes, bytes + 2, 90, (struct event){TRACE_EV_FREE, 90, {age}});
    }
}
END_TEST

START_TEST(encoder_short_varints_are_varints)
{
    uint64_t random = suite_seed();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint8_t ours[TRACE_VARINT_BYTES] = {0};
        uint8_t plain[TRACE_VARINT_BYTES] = {0};
        uint64_t value = i < 17000 ? i : suite_random_bits(&random, 64);
        const uint8_t *our_end = encode_short_varint(ours, value);
        const uint8_t *plain_end = trace_put_varint(plain, value);
        ck_assert_int_eq(our_end - ours, plain_end - plain);
        ck_assert_int_eq(memcmp(ours, plain, sizeof ours), 0);
    }
}
END_TEST

START_TEST(encoder_events_can_be_read_back)
{
    uint8_t bytes[ROOM];
    uint64_t random = suite_seed();
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t site = (uint32_t)suite_random_bits(&random, 32);
        uint32_t other = (uint32_t)suite_random_bits(&random, 32);
        uint32_t last = (uint32_t)suite_random_bits(&random, 32);
        uint32_t age = (uint32_t)suite_random_bits(&random, 32);
        uint64_t wide = suite_random_bits(&random, 64);
        assert_event(bytes, encode_allocation(bytes, last, site), last,
                     (struct event){TRACE_EV_ALLOCATION, site, {0}});
        assert_event(bytes, encode_free_young(bytes, last, site), last,
                     (struct event){TRACE_EV_FREE_YOUNG, site, {0}});
        assert_event(bytes, encode_free(bytes, last, site, age), last,
                     (struct event){TRACE_EV_FREE, site, {age}});
        assert_event(bytes, encode_time(bytes, age, wide), last,
                     (struct event){TRACE_EV_OTHER, TRACE_EV_TIME, {age, wide}});
        assert_event(bytes, encode_reallocation(bytes, last, site, age, other), last,
                     (struct event){TRACE_EV_OTHER, TRACE_EV_REALLOCATION, {site, age, other}});
        assert_event(bytes, encode_implied_free(bytes, last, site, age), last,
                     (struct event){TRACE_EV_OTHER, TRACE_EV_IMPLIED_FREE, {site, age}});
        assert_event(bytes, encode_inherited_free(bytes, wide), last,
                     (struct event){TRACE_EV_OTHER, TRACE_EV_INHERITED_FREE, {wide}});
    }
}
END_TEST

/* The most that one event may be: a time, what was freed unseen, and the event. */
START_TEST(encoder_longest_event_fits_its_room)
{
    uint8_t bytes[2 * ROOM];
    const uint8_t *end = encode_time(bytes, UINT32_MAX, UINT64_MAX);
    uint8_t *next = bytes + (end - bytes);
    next = encode_inherited_free(next, UINT64_MAX);
    uint8_t *again = encode_inherited_free(next, UINT64_MAX);
    ck_assert_int_le(encode_allocation(again, 0, UINT32_MAX) - bytes, ENCODER_EVENT_BYTES);
    ck_assert_int_le(encode_reallocation(next, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX) - bytes,
                     ENCODER_EVENT_BYTES);
    ck_assert_int_le(encode_free(next, UINT32_MAX, 0, UINT32_MAX) - bytes, ENCODER_EVENT_BYTES);
}
END_TEST

START_TEST(encoder_keeps_names_of_snapshots)
{
    uint8_t bytes[ROOM];
    char name[TRACE_NAME_BYTES];
    for (size_t i = 0; i < sizeof name; i++) {
        name[i] = (char)(255 - i);
    }
    for (size_t length = 0; length <= sizeof name; length++) {
        size_t read = 0;
        const uint8_t *end = encode_snapshot(bytes, name, length);
        struct trace_cursor cursor = trace_cursor_over(bytes, (size_t)(end - bytes));
        ck_assert_uint_eq(trace_get_varint(&cursor), TRACE_EV_SNAPSHOT << 3 | TRACE_EV_OTHER);
        const uint8_t *kept = trace_get_bytes(&cursor, TRACE_NAME_BYTES, &read);
        ck_assert(!cursor.is_bad);
        ck_assert_uint_eq(read, length);
        ck_assert_int_eq(memcmp(kept, name, length), 0);
        ck_assert_ptr_eq(cursor.next, end);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        encoder_writes_the_bytes_that_the_format_shows,
        encoder_makes_a_pair_of_an_allocation,
        encoder_free_again_is_a_free_of_the_last_site,
        encoder_short_varints_are_varints,
        encoder_events_can_be_read_back,
        encoder_longest_event_fits_its_room,
        encoder_keeps_names_of_snapshots,
        NULL,
    };
    return suite_run("encoder", tests);
}
