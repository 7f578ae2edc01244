/* replay.c: order across streams, counters, the peak, and moments to stop at. */
#include "replay.h"

#include <string.h>
#include <unistd.h>

#include "scene.h"
#include "unit.h"

static struct reader reader;
static struct replay replay;
static struct trace_error error;

/* What a visit saw. */
static struct {
    int visits;
    int64_t live_bytes;
    int64_t live_blocks;
    uint64_t allocations;
    uint64_t snapshots;
} seen;

static enum trace_status look(void *context, const struct replay *at, struct trace_error *ignored)
{
    (void)context;
    (void)ignored;
    seen.visits++;
    seen.live_bytes = at->live_bytes;
    seen.live_blocks = at->live_blocks;
    seen.snapshots = at->snapshot_count;
    seen.allocations = 0;
    for (size_t i = 0; i < at->site_count; i++) {
        seen.allocations += at->sites[i].allocations;
    }
    return TRACE_OK;
}

/* Replay what was built, up to @at. */
static void play(struct trace_builder *builder, const char *at)
{
    struct moment moment;
    if (strcmp(at, "each") == 0) {
        moment = (struct moment){.kind = MOMENT_EACH_SNAPSHOT};
    } else {
        ck_assert(moment_parse(at, &moment));
    }
    builder_write(builder, "t.trace");
    builder_free(builder);
    memset(&seen, 0, sizeof seen);
    ck_assert_int_eq(reader_open("t.trace", &reader, &error), TRACE_OK);
    ck_assert_int_eq(replay_run(&reader, &moment, look, NULL, NULL, NULL, &replay, &error),
                     TRACE_OK);
}

static void finish(void)
{
    replay_fini(&replay);
    reader_close(&reader);
}

static struct trace_builder *with_sites(void)
{
    struct trace_builder *builder = scene_new();
    for (uint32_t i = 1; i <= 4; i++) {
        builder_site(builder, i % 2, i, SCENE_WORK, (uint64_t)i * 100);
    }
    return builder;
}

START_TEST(replay_counts)
{
    struct trace_builder *builder = with_sites();
    builder_allocate(builder, 0, 2);
    builder_allocate(builder, 0, 2);
    builder_allocate(builder, 0, 4);
    builder_time(builder, 0, 30, 1);
    builder_release(builder, 0, 2, 30);
    builder_reallocate(builder, 0, 4, 30, 1);
    builder_implied_free(builder, 0, 2, 30);
    builder_inherited_free(builder, 0, 77);
    play(builder, "end");
    ck_assert_int_eq(replay.live_bytes, 100);
    ck_assert_int_eq(replay.live_blocks, 1);
    ck_assert_int_eq(replay.peak_bytes, 800);
    ck_assert_int_eq(replay.peak_blocks, 3);
    ck_assert_uint_eq(replay.peak_tick, 0);
    ck_assert_uint_eq(replay.tick, 30);
    ck_assert_uint_eq(replay.reallocations, 1);
    ck_assert_uint_eq(replay.implied_frees, 1);
    ck_assert_uint_eq(replay.inherited_frees, 1);
    ck_assert_uint_eq(replay.inherited_bytes, 77);
    ck_assert_uint_eq(replay.sites[1].allocations, 2);
    ck_assert_uint_eq(replay.sites[1].frees, 2);
    ck_assert_uint_eq(replay.sites[3].frees, 1);
    ck_assert_int_eq(seen.visits, 1);
    finish();
}
END_TEST

START_TEST(replay_takes_a_pair_for_an_allocation_and_a_free)
{
    struct trace_builder *builder = with_sites();
    builder_allocate(builder, 0, 2);
    builder_allocate_and_release(builder, 0, 4);
    builder_allocate(builder, 0, 4);
    builder_allocate_and_release(builder, 0, 2);
    builder_release(builder, 0, 4, 0);
    play(builder, "peak");
    ck_assert_int_eq(seen.live_bytes, 800);
    ck_assert_int_eq(seen.live_blocks, 3);
    ck_assert_int_eq(replay.peak_bytes, 800);
    ck_assert_uint_eq(seen.allocations, 4);
    finish();
    builder = with_sites();
    builder_allocate_and_release(builder, 0, 4);
    builder_allocate_and_release(builder, 0, 4);
    play(builder, "end");
    ck_assert_int_eq(seen.live_bytes, 0);
    ck_assert_int_eq(replay.peak_bytes, 400);
    ck_assert_uint_eq(seen.allocations, 2);
    finish();
}
END_TEST

/* Two threads hand a block back and forth; in any other order there would be two at a time. */
START_TEST(replay_orders_streams_by_tick_and_epoch)
{
    struct trace_builder *builder = with_sites();
    uint64_t epoch = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t stream = i % 2;
        epoch++;
        builder_time(builder, stream, i / 10, epoch);
        builder_allocate(builder, stream, 1);
        epoch++;
        builder_time(builder, 1 - stream, i / 10, epoch);
        builder_release(builder, 1 - stream, 1, 0);
    }
    play(builder, "end");
    ck_assert_int_eq(replay.peak_bytes, 100);
    ck_assert_int_eq(replay.live_bytes, 0);
    ck_assert_uint_gt(reader.streams[0].chunk_count, 1);
    finish();
}
END_TEST

START_TEST(replay_takes_snapshots_before_equal_moments)
{
    // Stream 0 comes first in the file and among equals, stream 1 has the snapshot.
    struct trace_builder *builder = with_sites();
    builder_allocate(builder, 0, 2);
    builder_time(builder, 0, 5, 7);
    builder_allocate(builder, 0, 2);
    builder_allocate(builder, 1, 1);
    builder_time(builder, 1, 5, 7);
    builder_snapshot(builder, 1, "both");
    builder_allocate(builder, 1, 1);
    play(builder, "both");
    ck_assert_int_eq(seen.visits, 1);
    ck_assert_uint_eq(seen.allocations, 2);
    ck_assert_int_eq(seen.live_bytes, 300);
    ck_assert_uint_eq(replay.snapshots[0].live_bytes, 300);
    ck_assert_int_eq(replay.live_bytes, 600);
    finish();
}
END_TEST

START_TEST(replay_takes_a_snapshot_that_begins_a_chunk_first)
{
    struct trace_builder *builder = with_sites();
    builder_time(builder, 0, 5, 7);
    builder_allocate(builder, 0, 2);
    builder_time(builder, 1, 5, 7);
    builder_seal(builder, 1, TRACE_EVENTS, BUILDER_ZSTD);
    builder_snapshot(builder, 1, "first");
    play(builder, "#1");
    ck_assert_uint_eq(seen.allocations, 0);
    finish();
}
END_TEST

START_TEST(replay_stops_at_the_peak)
{
    struct trace_builder *builder = with_sites();
    builder_allocate(builder, 0, 1);
    builder_time(builder, 0, 10, 1);
    builder_allocate(builder, 0, 4);
    builder_time(builder, 0, 20, 2);
    builder_release(builder, 0, 4, 10);
    builder_allocate(builder, 0, 3);
    builder_allocate(builder, 0, 1);
    builder_release(builder, 0, 3, 0);
    play(builder, "peak");
    ck_assert_int_eq(replay.peak_bytes, 500);
    ck_assert_uint_eq(replay.peak_tick, 10);
    ck_assert_int_eq(seen.visits, 1);
    ck_assert_int_eq(seen.live_bytes, 500);
    ck_assert_uint_eq(seen.allocations, 2);
    ck_assert_int_eq(replay.live_bytes, 200);
    finish();
}
END_TEST

START_TEST(replay_has_a_peak_of_nothing)
{
    play(with_sites(), "peak");
    ck_assert_int_eq(seen.visits, 1);
    ck_assert_int_eq(seen.live_bytes, 0);
    ck_assert_int_eq(replay.peak_bytes, 0);
    finish();
}
END_TEST

static const struct {
    const char *at;
    uint64_t allocations;
} times[] = {
    {"0s", 1},   {"0.999s", 1}, {"1s", 2},  {"1.5s", 2}, {"2s", 3},
    {"100s", 3}, {"0%", 1},     {"50%", 2}, {"99%", 2},  {"100%", 3},
};

START_TEST(replay_stops_at_a_time)
{
    struct trace_builder *builder = with_sites();
    builder_allocate(builder, 0, 1);
    builder_time(builder, 1, 1000, 1);
    builder_allocate(builder, 1, 1);
    builder_time(builder, 0, 2000, 2);
    builder_allocate(builder, 0, 1);
    play(builder, times[_i].at);
    ck_assert_int_eq(seen.visits, 1);
    ck_assert_uint_eq(seen.allocations, times[_i].allocations);
    ck_assert_uint_eq(reader.last_tick, 2000);
    finish();
}
END_TEST

START_TEST(replay_visits_each_snapshot)
{
    struct trace_builder *builder = with_sites();
    for (uint32_t i = 1; i <= 3; i++) {
        builder_allocate(builder, 0, 1);
        builder_time(builder, 0, i, i);
        builder_snapshot(builder, 0, i == 2 ? "" : "same");
    }
    play(builder, "each");
    ck_assert_int_eq(seen.visits, 3);
    ck_assert_uint_eq(replay.snapshot_count, 3);
    ck_assert_uint_eq(replay.snapshots[2].number, 3);
    ck_assert_str_eq(replay.snapshots[1].name, "");
    finish();
}
END_TEST

START_TEST(replay_does_not_visit_a_snapshot_that_is_not_there)
{
    play(with_sites(), "nowhere");
    ck_assert_int_eq(seen.visits, 0);
    finish();
}
END_TEST

START_TEST(replay_gives_up_a_chunk_at_an_undefined_site)
{
    struct trace_builder *builder = with_sites();
    builder_allocate(builder, 0, 1);
    builder_allocate(builder, 0, 99);
    builder_allocate(builder, 0, 1);
    builder_seal(builder, 0, TRACE_EVENTS, BUILDER_ZSTD);
    builder_allocate(builder, 0, 2);
    play(builder, "end");
    ck_assert_int_eq(replay.live_bytes, 300);
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 1);
    ck_assert_uint_eq(reader.damage.lost_bytes, 4); // two differences of 98
    finish();
}
END_TEST

START_TEST(replay_skips_sized_events_only)
{
    static const uint8_t sized[] = {0xc7, 2, 2, 0xff, 0xff}; // number 40
    static const uint8_t unknown[] = {(15 << 3) | TRACE_EV_OTHER, 0};
    struct trace_builder *builder = with_sites();
    builder_raw(builder, 0, TRACE_EVENTS, sized, sizeof sized);
    builder_allocate(builder, 0, 1);
    builder_raw(builder, 0, TRACE_EVENTS, unknown, sizeof unknown);
    builder_allocate(builder, 0, 1);
    play(builder, "end");
    ck_assert_int_eq(replay.live_bytes, 100);
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 1);
    finish();
}
END_TEST

/* Sites 1 and 2 were named before the clear, whatever the streams tell first. */
static void build_clear(struct trace_builder *builder)
{
    builder_allocate(builder, 0, 2);
    builder_allocate(builder, 0, 2);
    builder_allocate(builder, 1, 4);
    builder_time(builder, 0, 10, 5);
    builder_clear(builder, 0, 3);
    builder_release(builder, 0, 2, 10);
    builder_implied_free(builder, 0, 2, 10);
    builder_allocate(builder, 0, 1);
    builder_reallocate(builder, 0, 1, 0, 3);
    builder_time(builder, 0, 20, 6);
    builder_release(builder, 0, 3, 10);
}

START_TEST(replay_counts_anew_after_a_clear)
{
    struct trace_builder *builder = with_sites();
    build_clear(builder);
    play(builder, "end");
    ck_assert_uint_eq(replay.clears, 1);
    ck_assert_int_eq(replay.live_bytes, 400);
    ck_assert_int_eq(replay.live_blocks, 1);
    ck_assert_int_eq(replay.peak_bytes, 700);
    ck_assert_uint_eq(replay.reallocations, 0);
    ck_assert(!replay_site_counts(&replay.sites[1]) && replay_site_counts(&replay.sites[2]));
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 0);
    finish();
}
END_TEST

START_TEST(replay_has_everything_before_a_clear)
{
    struct trace_builder *builder = with_sites();
    build_clear(builder);
    play(builder, "0.005s");
    ck_assert_int_eq(seen.live_bytes, 800);
    ck_assert_uint_eq(seen.allocations, 3);
    finish();
}
END_TEST

START_TEST(replay_finds_the_peak_since_the_last_clear)
{
    struct trace_builder *builder = with_sites();
    build_clear(builder);
    play(builder, "peak");
    ck_assert_int_eq(seen.visits, 1);
    ck_assert_int_eq(seen.live_bytes, 700);
    ck_assert_int_eq(seen.live_blocks, 2);
    finish();
}
END_TEST

START_TEST(replay_keeps_the_resident_set_beside_what_is_live)
{
    struct trace_builder *builder = with_sites();
    builder_resident(builder, 0, 5000);
    builder_snapshot(builder, 0, "early");
    builder_time(builder, 1, 10, 5);
    builder_resident(builder, 1, 9000);
    builder_time(builder, 0, 20, 6);
    builder_resident(builder, 0, 7000);
    builder_snapshot(builder, 0, "late");
    play(builder, "end");
    ck_assert_uint_eq(replay.snapshots[0].resident_bytes, 5000);
    ck_assert_uint_eq(replay.snapshots[1].resident_bytes, 7000);
    ck_assert_uint_eq(replay.resident_bytes, 7000);
    ck_assert_uint_eq(replay.peak_resident_bytes, 9000);
    ck_assert_uint_eq(replay.peak_resident_tick, 10);
    finish();
}
END_TEST

START_TEST(replay_goes_below_zero_and_back)
{
    struct trace_builder *builder = with_sites();
    builder_release(builder, 0, 1, 3);
    builder_allocate(builder, 0, 4);
    play(builder, "end");
    ck_assert_int_eq(replay.live_bytes, 300);
    ck_assert_int_eq(replay.peak_bytes, 300);
    finish();
}
END_TEST

/* More streams than may have a buffer at once, each played a little at a time. */
START_TEST(replay_shares_buffers_among_many_streams)
{
    enum { STREAMS = 4500, BLOCKS = 3 * STREAMS };
    struct trace_builder *builder = with_sites();
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < STREAMS; i++) {
            builder_time(builder, i, round * 10 + 1, round * STREAMS + i + 1);
            builder_allocate(builder, i, 1 + round % 2); // as a difference to the last one
        }
    }
    play(builder, "peak");
    ck_assert_int_eq(replay.live_blocks, BLOCKS);
    ck_assert_int_eq(seen.live_blocks, BLOCKS);
    finish();
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("replay");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, replay_counts);
    tcase_add_test(tests, replay_takes_a_pair_for_an_allocation_and_a_free);
    tcase_add_test(tests, replay_orders_streams_by_tick_and_epoch);
    tcase_add_test(tests, replay_takes_snapshots_before_equal_moments);
    tcase_add_test(tests, replay_takes_a_snapshot_that_begins_a_chunk_first);
    tcase_add_test(tests, replay_stops_at_the_peak);
    tcase_add_test(tests, replay_has_a_peak_of_nothing);
    tcase_add_loop_test(tests, replay_stops_at_a_time, 0, sizeof times / sizeof times[0]);
    tcase_add_test(tests, replay_visits_each_snapshot);
    tcase_add_test(tests, replay_does_not_visit_a_snapshot_that_is_not_there);
    tcase_add_test(tests, replay_gives_up_a_chunk_at_an_undefined_site);
    tcase_add_test(tests, replay_skips_sized_events_only);
    tcase_add_test(tests, replay_counts_anew_after_a_clear);
    tcase_add_test(tests, replay_has_everything_before_a_clear);
    tcase_add_test(tests, replay_finds_the_peak_since_the_last_clear);
    tcase_add_test(tests, replay_keeps_the_resident_set_beside_what_is_live);
    tcase_add_test(tests, replay_goes_below_zero_and_back);
    tcase_add_test(tests, replay_shares_buffers_among_many_streams);
    return unit_run("replay", tests);
}
