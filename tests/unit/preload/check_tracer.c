/*
 * The tracer as a whole, from the hooks' calls to the file: see tracer_scenes.c for what is done,
 * docs/format.md, 5 for what must be written.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "replay.h"
#include "scene_trace.h"
#include "scratch.h"
#include "suite.h"

static struct reader reader;

/* Run a scene that ends well, and open its trace. */
static void play(const char *name, const char *variable)
{
    const char *const environment[] = {variable, NULL};
    ck_assert_int_eq(scene_run(name, environment, NULL), 0);
    scene_open("1.trace", &reader);
}

static uint64_t counter(enum trace_counter counter)
{
    return reader.file.header.counters[counter];
}

START_TEST(tracer_records_in_order)
{
    play("order", NULL);
    scene_expect(&reader, 0, "+100 +200 -100 +0 -0 -200");
    ck_assert_uint_eq(reader.stream_count, 1);
    ck_assert_uint_eq(counter(TRACE_UNKNOWN_FREES), 0);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_tells_the_sizes_of_two_stacks_apart)
{
    play("alternating", NULL);
    scene_expect(&reader, 0,
                 "+100 +100 +2 +200 +3 +200 +100 +100 +100 +100 +6 +200 +7 +200 +100 +100 ! "
                 "+100 +10 +200 +11 +200 +100 +100");
    struct moment end = {.kind = MOMENT_END};
    struct replay replay;
    struct trace_error error;
    ck_assert_int_eq(replay_run(&reader, &end, NULL, NULL, NULL, NULL, &replay, &error), TRACE_OK);
    ck_assert_int_eq(replay.live_bytes, 100 + 10 + 200 + 11 + 200 + 100 + 100);
    replay_fini(&replay);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_makes_one_record_of_a_pair)
{
    play("pairs", NULL);
    struct moment end = {.kind = MOMENT_END};
    struct replay replay;
    struct trace_error error;
    ck_assert_int_eq(replay_run(&reader, &end, NULL, NULL, NULL, NULL, &replay, &error), TRACE_OK);
    ck_assert_uint_eq(replay.snapshots[0].live_bytes, 100);
    ck_assert_int_eq(replay.peak_bytes, 300);
    ck_assert_int_eq(replay.live_bytes, 0);
    uint64_t allocations = 0;
    for (size_t i = 0; i < replay.site_count; i++) {
        ck_assert_uint_eq(replay.sites[i].allocations, replay.sites[i].frees);
        allocations += replay.sites[i].allocations;
    }
    ck_assert_uint_eq(allocations, 3 * 1000 + 5);
    /* a byte for each pair, three for two blocks of which one makes a pair; and ticks in between */
    ck_assert_uint_lt(reader.streams[0].chunks[0].used, 4 * 1000 + 400);
    replay_fini(&replay);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_implies_frees)
{
    play("implied", NULL);
    scene_expect(&reader, 0, "+100 ~100 +200 -200");
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_records_reallocations_that_succeed)
{
    play("realloc", NULL);
    scene_expect(&reader, 0, "+100 100>200 200>300 -300");
    ck_assert_uint_eq(counter(TRACE_UNKNOWN_FREES), 1);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_reallocates_unknown_blocks)
{
    play("realloc_unknown", NULL);
    scene_expect(&reader, 0, "+200 -200");
    ck_assert_uint_eq(counter(TRACE_UNKNOWN_FREES), 1);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_counts_what_it_does_not_know)
{
    play("unknown", NULL);
    scene_expect(&reader, 0, "+300 -300");
    ck_assert_uint_eq(counter(TRACE_UNKNOWN_FREES), 3);
    ck_assert_uint_eq(counter(TRACE_LOST_ADDRESS), 1);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_counts_frees_whose_caller_it_cannot_keep)
{
    play("freers", "LIBTRACE_FREES=1");
    scene_expect(&reader, 0, "+100 +200 +300 +400 @ -100 ? -200 -300 -400");
    ck_assert_uint_eq(counter(TRACE_LOST_FREERS), 3);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_counts_corrected_stacks)
{
    play("corrected", NULL);
    ck_assert_uint_eq(counter(TRACE_UNWIND_CORRECTIONS), 1);
    ck_assert_uint_eq(reader.definitions.site_count, 1); /* the right stack both times */
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_takes_snapshots_between_events)
{
    char expected[400] = "+100 [middle] +200 [] [";
    size_t length = strlen(expected);
    memset(expected + length, 'n', TRACE_NAME_BYTES);
    expected[length + TRACE_NAME_BYTES] = ']';
    play("snapshot", NULL);
    scene_expect(&reader, 0, expected);
    struct moment end = {.kind = MOMENT_END};
    struct replay replay;
    struct trace_error error;
    ck_assert_int_eq(replay_run(&reader, &end, NULL, NULL, NULL, NULL, &replay, &error), TRACE_OK);
    ck_assert_uint_eq(replay.snapshot_count, 3);
    ck_assert_str_eq(replay.snapshots[0].name, "middle");
    ck_assert_uint_eq(replay.snapshots[0].live_bytes, 100);
    ck_assert_uint_eq(replay.snapshots[1].live_bytes, 300);
    replay_fini(&replay);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_takes_snapshots_at_a_signal)
{
    play("snapshot_signal", "LIBTRACE_SNAPSHOT_SIGNAL=USR2");
    scene_expect(&reader, 0, "+100 [signal] +200");
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_records_frees_while_paused)
{
    play("pause", "LIBTRACE_START=0");
    scene_expect(&reader, 0, "! +200 +300 +400 -200 -300 ! -400");
    ck_assert_uint_eq(counter(TRACE_UNKNOWN_FREES), 0);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_answers_questions_about_memory)
{
    play("traced", NULL);
    scene_expect(&reader, 0, "+100 +200 -200 +300 -300 100>50 ! -50 +100");
    struct moment end = {.kind = MOMENT_END};
    struct replay replay;
    struct trace_error error;
    ck_assert_int_eq(replay_run(&reader, &end, NULL, NULL, NULL, NULL, &replay, &error), TRACE_OK);
    ck_assert_uint_eq(replay.clears, 1);
    ck_assert_int_eq(replay.live_bytes, 100);
    ck_assert_int_eq(replay.live_blocks, 1);
    ck_assert_int_eq(replay.peak_bytes, 100);
    replay_fini(&replay);
    reader_close(&reader);
    ck_assert_int_eq(unlink("1.trace"), 0);
    static const char *const scenes[] = {"traced_much", "traced_threads", "traced_fork"};
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        play(scenes[i], NULL);
        reader_close(&reader);
        ck_assert_int_eq(unlink("1.trace"), 0);
    }
}
END_TEST

/* The innermost frame of the only site. */
static const struct stack_node *only_stack(void)
{
    ck_assert_uint_eq(reader.definitions.site_count, 1);
    return definitions_stack(&reader.definitions, reader.definitions.sites[0].stack);
}

START_TEST(tracer_finds_the_stack_that_backtrace_finds)
{
    char output[SCENE_OUTPUT_BYTES];
    char *rest = output;
    ck_assert_int_eq(scene_run("stack", NULL, output), 0);
    scene_open("1.trace", &reader);
    const struct stack_node *node = only_stack();
    uint32_t root = TRACE_STACK_BROKEN;
    int frames = 0;
    for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; frames++) {
        ck_assert_msg(node != NULL, "ends before %s", line);
        ck_assert_uint_eq(node->address, strtoull(line, NULL, 16));
        root = node->parent;
        node = definitions_stack(&reader.definitions, root);
    }
    ck_assert_int_ge(frames, 9); /* 8 of recurse(), and main() at least */
    ck_assert_uint_eq(root, TRACE_STACK_WHOLE);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_cuts_stacks_at_the_depth)
{
    play("stack", "LIBTRACE_DEPTH=3");
    const struct stack_node *node = only_stack();
    uint32_t parent = TRACE_STACK_WHOLE;
    int frames = 0;
    for (; node != NULL; frames++) {
        parent = node->parent;
        node = definitions_stack(&reader.definitions, parent);
    }
    ck_assert_int_eq(frames, 3);
    ck_assert_uint_eq(parent, TRACE_STACK_CUT);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_seals_full_windows)
{
    struct moment peak = {.kind = MOMENT_PEAK};
    struct replay replay;
    struct trace_error error;
    play("many", NULL);
    ck_assert_uint_eq(reader.definitions.site_count, 5000);
    ck_assert_uint_gt(reader.streams[0].chunk_count, 5);
    ck_assert_int_eq(replay_run(&reader, &peak, NULL, NULL, NULL, NULL, &replay, &error), TRACE_OK);
    uint64_t allocations = 0;
    for (size_t i = 0; i < replay.site_count; i++) {
        ck_assert_uint_eq(replay.sites[i].allocations, 40);
        ck_assert_uint_eq(replay.sites[i].frees, 40);
        allocations += replay.sites[i].allocations;
    }
    ck_assert_uint_eq(allocations, 200000);
    ck_assert_int_eq(replay.peak_blocks, 20000);
    ck_assert_int_eq(replay.peak_bytes, INT64_C(4) * 5000 * 5001 / 2);
    ck_assert_int_eq(replay.live_blocks, 0);
    replay_fini(&replay);
    reader_close(&reader);
}
END_TEST

/* --- signals --- */

START_TEST(tracer_gives_handlers_a_state_of_their_own)
{
    play("nested", NULL);
    scene_expect(&reader, 0, "+100 +400 -200");
    scene_expect(&reader, 1, "+200");
    ck_assert_uint_eq(counter(TRACE_LOST_NESTED), 1);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_notices_hooks_that_were_left_with_longjmp)
{
    play("stale", NULL);
    scene_expect(&reader, 0, "+100 +200 -200");
    ck_assert_uint_eq(reader.stream_count, 1);
    ck_assert_uint_eq(counter(TRACE_LOST_CUT_SHORT), 1);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_notices_hooks_that_were_left_on_another_stack)
{
    play("stale_elsewhere", NULL);
    scene_expect(&reader, 0, "+100 +200 +300");
    ck_assert_uint_eq(reader.stream_count, 1);
    ck_assert_uint_eq(counter(TRACE_LOST_CUT_SHORT), 2);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_takes_back_what_was_left_before_its_end)
{
    play("stale_record", NULL);
    scene_expect(&reader, 0, "+100 +200 -200");
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 0);
    ck_assert_uint_eq(counter(TRACE_LOST_CUT_SHORT), 1);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_loses_nothing_of_handlers_that_interrupt_it)
{
    char output[SCENE_OUTPUT_BYTES];
    struct moment end = {.kind = MOMENT_END};
    struct replay replay;
    struct trace_error error;
    ck_assert_int_eq(scene_run("handler", NULL, output), 0);
    scene_open("1.trace", &reader);
    ck_assert_int_eq(replay_run(&reader, &end, NULL, NULL, NULL, NULL, &replay, &error), TRACE_OK);
    char *rest = NULL;
    uint64_t rounds = strtoull(output, &rest, 10);
    uint64_t handled = strtoull(rest, NULL, 10);
    uint64_t allocations[2] = {0};
    for (size_t i = 0; i < replay.site_count; i++) {
        if (replay.sites[i].size != REPLAY_UNDEFINED) {
            ck_assert(replay.sites[i].size == 11 || replay.sites[i].size == 77);
            ck_assert_uint_eq(replay.sites[i].allocations, replay.sites[i].frees);
            allocations[replay.sites[i].size == 77] += replay.sites[i].allocations;
        }
    }
    ck_assert_uint_eq(allocations[0], rounds);
    ck_assert_uint_eq(allocations[1], handled);
    ck_assert_uint_eq(reader.stream_count, 2);
    ck_assert_uint_eq(counter(TRACE_LOST_NESTED), 0);
    replay_fini(&replay);
    reader_close(&reader);
}
END_TEST

/* --- threads and processes --- */

START_TEST(tracer_gives_threads_streams_of_their_own)
{
    bool is_seen[4] = {false};
    play("threads", NULL);
    scene_expect(&reader, 0, "+100 -1000");
    ck_assert_uint_eq(reader.definitions.thread_count, 5);
    for (size_t i = 0; i < reader.definitions.thread_count; i++) {
        const struct thread_definition *thread = &reader.definitions.threads[i];
        unsigned number = 0;
        char expected[16];
        if (thread->stream == 0) {
            ck_assert_uint_eq(thread->thread, reader.file.header.pid);
            continue;
        }
        ck_assert_int_eq(sscanf(thread->name, "worker %u", &number), 1); // NOLINT(cert-err34-c)
        ck_assert_uint_lt(number, 4);
        ck_assert(!is_seen[number]);
        is_seen[number] = true;
        (void)snprintf(expected, sizeof expected, "+%u", 1000 + number);
        scene_expect(&reader, thread->stream, expected);
    }
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_gives_a_forked_child_a_trace_of_its_own)
{
    play("fork", "LIBTRACE_SESSION=000000000000002a");
    struct trace_file_header parent = reader.file.header;
    uint64_t parent_sites = reader.definitions.site_count;
    scene_expect(&reader, 0, "+100 +400 -100");
    reader_close(&reader);
    scene_open("2.trace", &reader);
    scene_expect(&reader, 0, "^100 +200 -200 +300 ^400 +500");
    const struct trace_file_header *child = &reader.file.header;
    ck_assert_uint_eq(child->parent_pid, parent.pid);
    ck_assert_uint_eq(child->parent_start, parent.process_start);
    ck_assert_uint_eq(parent.session, 42);
    ck_assert_uint_eq(child->session, 42);
    ck_assert_uint_eq(child->first_site, parent.first_site + parent_sites);
    ck_assert_uint_gt(child->first_stack, parent.first_stack);
    ck_assert_uint_eq(child->end_state, TRACE_END_EXIT);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_writes_nothing_for_a_child_without_events)
{
    play("fork_silent", NULL);
    ck_assert_int_ne(access("2.trace", F_OK), 0);
    ck_assert_uint_eq(reader.file.header.end_state, TRACE_END_EXIT);
    reader_close(&reader);
}
END_TEST

START_TEST(tracer_stays_paused_in_a_child)
{
    play("fork_paused", NULL);
    scene_expect(&reader, 0, "+100");
    reader_close(&reader);
    scene_open("2.trace", &reader);
    scene_expect(&reader, 0, "^100");
    reader_close(&reader);
}
END_TEST

/* --- the end --- */

START_TEST(tracer_says_how_the_process_ended)
{
    static const struct {
        const char *scene;
        uint32_t end;
    } rows[] = {{"order", TRACE_END_EXIT},
                {"quick", TRACE_END_QUICK},
                {"exec", TRACE_END_EXEC},
                {"exec_failed", TRACE_END_NONE},
                {"stop", TRACE_END_STOPPED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        play(rows[i].scene, NULL);
        ck_assert_msg(reader.file.header.end_state == rows[i].end, "%s: %u", rows[i].scene,
                      reader.file.header.end_state);
        reader_close(&reader);
        ck_assert_int_eq(unlink("1.trace"), 0);
    }
}
END_TEST

START_TEST(tracer_keeps_what_was_recorded_before_the_end)
{
    play("stop", NULL);
    scene_expect(&reader, 0, "+100");
    reader_close(&reader);
    ck_assert_int_eq(unlink("1.trace"), 0);
    int status = scene_run("killed", NULL, NULL);
    ck_assert(WIFSIGNALED(status));
    scene_open("1.trace", &reader);
    scene_expect(&reader, 0, "+100");
    ck_assert_uint_eq(reader.file.header.end_state, TRACE_END_NONE);
    reader_close(&reader);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tracer_records_in_order,
        tracer_tells_the_sizes_of_two_stacks_apart,
        tracer_makes_one_record_of_a_pair,
        tracer_implies_frees,
        tracer_records_reallocations_that_succeed,
        tracer_reallocates_unknown_blocks,
        tracer_counts_what_it_does_not_know,
        tracer_counts_frees_whose_caller_it_cannot_keep,
        tracer_counts_corrected_stacks,
        tracer_takes_snapshots_between_events,
        tracer_takes_snapshots_at_a_signal,
        tracer_records_frees_while_paused,
        tracer_answers_questions_about_memory,
        tracer_finds_the_stack_that_backtrace_finds,
        tracer_cuts_stacks_at_the_depth,
        tracer_seals_full_windows,
        tracer_gives_handlers_a_state_of_their_own,
        tracer_notices_hooks_that_were_left_with_longjmp,
        tracer_notices_hooks_that_were_left_on_another_stack,
        tracer_takes_back_what_was_left_before_its_end,
        tracer_loses_nothing_of_handlers_that_interrupt_it,
        tracer_gives_threads_streams_of_their_own,
        tracer_gives_a_forked_child_a_trace_of_its_own,
        tracer_writes_nothing_for_a_child_without_events,
        tracer_stays_paused_in_a_child,
        tracer_says_how_the_process_ended,
        tracer_keeps_what_was_recorded_before_the_end,
        NULL,
    };
    return suite_run_with("tracer", tests, scratch_enter, scratch_leave);
}
