/* timeline.c, and what replay.c puts into it: points in time, merged as time goes on. */
#include "timeline.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

static struct timeline timeline;

static void add(uint32_t tick, int64_t live, int64_t peak)
{
    const uint64_t resident = (uint64_t)(live + 1000); // more than is live, as a rule
    timeline_add(&timeline, tick,
                 &(struct timeline_level){live, 1, peak, 2, resident, resident + 1});
}

START_TEST(timeline_keeps_what_is_between_events)
{
    timeline_init(&timeline);
    add(2, 10, 30);
    add(5, 20, 20);
    timeline_extend(&timeline, 7);
    static const int64_t live[] = {0, 0, 10, 10, 10, 20, 20, 20};
    static const int64_t peak[] = {0, 0, 30, 10, 10, 20, 20, 20};
    ck_assert_uint_eq(timeline.count, 8);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_int_eq(timeline.points[i].live_bytes, live[i]);
        ck_assert_int_eq(timeline.points[i].peak_bytes, peak[i]);
        ck_assert_uint_eq(timeline_tick(&timeline, i), i);
        const uint64_t resident = live[i] > 0 ? (uint64_t)live[i] + 1000 : 0;
        ck_assert_uint_eq(timeline.points[i].resident_bytes, resident);
    }
    ck_assert_uint_eq(timeline.points[2].peak_resident_bytes, 1011);
    ck_assert_uint_eq(timeline.points[3].peak_resident_bytes, 1010);
    ck_assert_int_eq(timeline_most_resident(&timeline, 0, 1), 1021);
    ck_assert_int_eq(timeline_most_resident(&timeline, 0, 4), 0);
}
END_TEST

START_TEST(timeline_merges_within_a_tick_and_never_goes_back)
{
    timeline_init(&timeline);
    add(3, 10, 50);
    add(3, 40, 45);
    add(1, 5, 60); // a damaged trace
    ck_assert_uint_eq(timeline.count, 4);
    ck_assert_int_eq(timeline.points[3].live_bytes, 5);
    ck_assert_int_eq(timeline.points[3].peak_bytes, 60);
    ck_assert_int_eq(timeline_most(&timeline, 0, 1), 60);
}
END_TEST

/* Against a table of every tick: the same at the end of each point, and the most in between. */
START_TEST(timeline_merges_as_time_goes_on)
{
    enum { TICKS = 100003 };
    static int64_t live[TICKS];
    uint32_t state = 4711;
    timeline_init(&timeline);
    for (uint32_t tick = 0; tick < TICKS; tick++) {
        state = state * 1664525 + 1013904223;
        bool is_event = state >> 29 == 0;
        live[tick] = is_event ? (int64_t)(state >> 8) : tick > 0 ? live[tick - 1] : 0;
        if (is_event) {
            int64_t before = tick > 0 ? live[tick - 1] : 0;
            add(tick, live[tick], before > live[tick] ? before : live[tick]);
        }
    }
    timeline_extend(&timeline, TICKS - 1);
    ck_assert_uint_le(timeline.count, TIMELINE_POINTS);
    ck_assert_uint_ge(timeline.count, TIMELINE_POINTS / 2);
    uint32_t tick = 0;
    for (size_t i = 0; i < timeline.count; i++) {
        int64_t most = tick > 0 ? live[tick - 1] : 0;
        for (; tick <= timeline_tick(&timeline, i); tick++) {
            most = live[tick] > most ? live[tick] : most;
        }
        ck_assert_int_eq(timeline.points[i].live_bytes, live[tick - 1]);
        // A first event of a point brings the level before it along.
        ck_assert_int_le(timeline.points[i].peak_bytes, most);
        ck_assert_int_ge(timeline.points[i].peak_bytes, live[tick - 1]);
    }
    ck_assert_uint_eq(tick, TICKS);
}
END_TEST

START_TEST(timeline_reaches_the_last_tick_there_can_be)
{
    timeline_init(&timeline);
    add(0, 1, 1);
    add(UINT32_MAX, 2, 3);
    ck_assert_uint_le(timeline.count, TIMELINE_POINTS);
    ck_assert_uint_eq(timeline_tick(&timeline, timeline.count - 1), UINT32_MAX);
    ck_assert_int_eq(timeline_most(&timeline, 0, 70), 1);
    ck_assert_int_eq(timeline_most(&timeline, 69, 70), 3);
}
END_TEST

START_TEST(timeline_parts_may_be_shorter_than_points)
{
    timeline_init(&timeline);
    ck_assert_int_eq(timeline_most(&timeline, 0, 70), 0);
    add(0, 10, 10);
    add(1, 20, 20);
    for (size_t part = 0; part < 70; part++) {
        ck_assert_int_eq(timeline_most(&timeline, part, 70), part < 35 ? 10 : 20);
    }
}
END_TEST

/* 100 and 250 bytes in two threads, one after the other, and a peak within a tick. */
static void write_trace(void)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 100);
    builder_site(builder, 1, 2, SCENE_WORK, 250);
    builder_time(builder, 0, 2, 1);
    builder_allocate(builder, 0, 1);
    builder_time(builder, 1, 4, 2);
    builder_allocate(builder, 1, 2);
    builder_release(builder, 1, 2, 0);
    builder_time(builder, 0, 6, 3);
    builder_reallocate(builder, 0, 1, 4, 2);
    builder_header(builder)->end_tick = 7;
    builder_write(builder, "t.trace");
    builder_free(builder);
}

static int64_t number(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    ck_assert_msg(json_object_object_get_ex(object, name, &value), "no %s", name);
    return json_object_get_int64(value);
}

START_TEST(timeline_is_filled_by_a_replay)
{
    static const int64_t live[] = {0, 0, 100, 100, 100, 100, 250, 250};
    static const int64_t peak[] = {0, 0, 100, 100, 350, 100, 250, 250};
    write_trace();
    char *text = scene_report("--timeline --format json t.trace", NULL);
    struct json_object *root = json_tokener_parse(text);
    struct json_object *points = NULL;
    ck_assert(json_object_object_get_ex(root, "timeline", &points));
    ck_assert_uint_eq(json_object_array_length(points), 8);
    for (size_t i = 0; i < 8; i++) {
        struct json_object *point = json_object_array_get_idx(points, i);
        struct json_object *seconds = NULL;
        ck_assert_int_eq(number(point, "live_bytes"), live[i]);
        ck_assert_int_eq(number(point, "live_blocks"), i < 2 ? 0 : 1);
        ck_assert_int_eq(number(point, "peak_bytes"), peak[i]);
        ck_assert_int_eq(number(point, "peak_blocks"), i == 4 ? 2 : number(point, "live_blocks"));
        ck_assert(json_object_object_get_ex(point, "s", &seconds));
        char expected[16];
        (void)snprintf(expected, sizeof expected, "0.00%zu", i);
        ck_assert_str_eq(json_object_get_string(seconds), expected);
    }
    json_object_put(root);
    free(text);
}
END_TEST

START_TEST(timeline_is_drawn)
{
    write_trace();
    char *text = scene_report("--timeline t.trace", NULL);
    static const char *const parts[] = {
        "[ Live bytes over time: peak 350 B after 0.004 s, 250 B at end ]\n    350 B |",
        "\n    175 B |",
        "\n      0 B +---------------------------------------------------------------------\n"
        "           0 s                           0.004 s                         0.007 s\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ck_assert_msg(strstr(text, parts[i]) != NULL, "no \"%s\" in\n%s", parts[i], text);
    }
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    ck_assert_uint_eq(lines, 1 + 16 + 2);
    free(text);
}
END_TEST

/*
 * The same trace, by hand: 69 columns for eight ticks, so one ends after 17 columns and a quarter,
 * two after 34 and a half; of 16 rows, 350 B fill all, 250 B eleven and a bit, 100 B four and half.
 */
START_TEST(timeline_is_drawn_to_scale)
{
    static const struct {
        int rows;
        const char *bars;
    } drawn[] = {
        {4, "                                   #########"},
        {1, "                                   #########        ................."},
        {6, "                                   #########        #################"},
        {1, "                  .................#########........#################"},
        {4, "                  ###################################################"},
    };
    write_trace();
    char *text = scene_report("--timeline t.trace", NULL);
    const char *at = text;
    for (size_t i = 0; i < sizeof drawn / sizeof drawn[0]; i++) {
        for (int row = 0; row < drawn[i].rows; row++) {
            at = strchr(at, '|');
            ck_assert_ptr_nonnull(at);
            size_t length = strcspn(++at, "\n");
            ck_assert_msg(length == strlen(drawn[i].bars) &&
                              strncmp(at, drawn[i].bars, length) == 0,
                          "%zu, row %d in\n%s", i, row, text);
        }
    }
    free(text);
}
END_TEST

START_TEST(timeline_of_nothing_is_drawn)
{
    struct trace_builder *builder = scene_new();
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--timeline t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "peak 0 B after 0.000 s, 0 B at end ]\n      0 B +---"));
    free(text);
    text = scene_report("--timeline t.trace t.trace", NULL);
    ck_assert_int_eq(strncmp(text, "t.trace:\n[ Live", 15), 0);
    ck_assert_ptr_nonnull(strstr(text, "\n\nt.trace:\n[ Live"));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("timeline");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, timeline_keeps_what_is_between_events);
    tcase_add_test(tests, timeline_merges_within_a_tick_and_never_goes_back);
    tcase_add_test(tests, timeline_merges_as_time_goes_on);
    tcase_add_test(tests, timeline_reaches_the_last_tick_there_can_be);
    tcase_add_test(tests, timeline_parts_may_be_shorter_than_points);
    tcase_add_test(tests, timeline_is_filled_by_a_replay);
    tcase_add_test(tests, timeline_is_drawn);
    tcase_add_test(tests, timeline_is_drawn_to_scale);
    tcase_add_test(tests, timeline_of_nothing_is_drawn);
    return unit_run("timeline", tests);
}
