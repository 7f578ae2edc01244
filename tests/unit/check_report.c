/* report.c: sums, words and notes. */
#include "report.h"

#include <string.h>

#include "unit.h"

START_TEST(report_has_the_options_words)
{
    // as --by and --metric take them
    ck_assert_str_eq(report_by_name(GROUP_LINENO), "lineno");
    ck_assert_str_eq(report_by_name(GROUP_FILENAME), "filename");
    ck_assert_str_eq(report_by_name(GROUP_TRACEBACK), "traceback");
    ck_assert_str_eq(report_by_name(GROUP_SIZE), "size");
    ck_assert_str_eq(report_metric_name(REPORT_LIVE), "live");
    ck_assert_str_eq(report_metric_name(REPORT_FREED), "freed");
}
END_TEST

/* Every number of the totals is a sum, but for the times of the peaks: none is forgotten. */
START_TEST(report_adds_everything)
{
    struct report_totals one;
    struct report_totals sum;
    uint64_t numbers[sizeof one / sizeof(uint64_t)];
    ck_assert_uint_eq(sizeof one % sizeof(uint64_t), 0);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        numbers[i] = 1000 + i;
    }
    memcpy(&one, numbers, sizeof one);
    one.peak_s = 2.5;
    one.peak_resident_s = 3.5;
    sum = one;
    sum.longest_pause_us = 1;
    report_add_totals(&sum, &one);
    ck_assert_double_eq(sum.peak_s, 2.5);
    ck_assert_double_eq(sum.peak_resident_s, 3.5);
    ck_assert_uint_eq(sum.longest_pause_us, one.longest_pause_us);
    memcpy(numbers, &sum, sizeof sum);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (i != offsetof(struct report_totals, longest_pause_us) / sizeof(uint64_t) &&
            i != offsetof(struct report_totals, peak_s) / sizeof(uint64_t) &&
            i != offsetof(struct report_totals, peak_resident_s) / sizeof(uint64_t)) {
            ck_assert_msg(numbers[i] == 2 * (1000 + i), "number %zu", i);
        }
    }
}
END_TEST

START_TEST(report_counts_lost_events)
{
    struct report_totals totals = {0};
    for (size_t i = 0; i < TRACE_COUNTERS_USED; i++) {
        totals.counters[i] = UINT64_C(1) << i;
    }
    ck_assert_uint_eq(report_lost_events(&totals),
                      0x40f); // LOST_NESTED to LOST_ADDRESS, LOST_CUT_SHORT
}
END_TEST

START_TEST(report_notes_what_is_not_as_it_should_be)
{
    struct report report = {0};
    ck_assert(report_make_notes(&report));
    ck_assert_uint_eq(report.note_count, 0);
    report.totals.damage.missing_chunks = 3;
    report.totals.counters[TRACE_UNWIND_CHECKS] = 100; // nothing bad
    report.totals.counters[TRACE_UNWIND_FULL] = 100;
    report.totals.counters[TRACE_TRACER_BYTES] = 100;
    report.totals.cut_stacks = 7;
    ck_assert(report_make_notes(&report));
    ck_assert_uint_eq(report.note_count, 2);
    ck_assert_ptr_nonnull(strstr(report.notes[0], "missing: 3; "));
    ck_assert_ptr_nonnull(strstr(report.notes[1], ": 7; set LIBTRACE_DEPTH higher"));
    report_fini(&report);
    ck_assert_uint_eq(report.note_count, 0);
    report_fini(&report); // of an empty one
}
END_TEST

START_TEST(report_notes_every_loss)
{
    const uint64_t harmless = UINT64_C(1) << TRACE_UNWIND_CHECKS |
                              UINT64_C(1) << TRACE_UNWIND_FULL | UINT64_C(1) << TRACE_TRACER_BYTES;
    for (size_t i = 0; i < TRACE_COUNTERS_USED; i++) {
        struct report report = {0};
        report.totals.counters[i] = 5;
        ck_assert(report_make_notes(&report));
        ck_assert_uint_eq(report.note_count, (harmless >> i & 1) == 0);
        report_fini(&report);
    }
    struct report report = {0};
    struct damage *damage = &report.totals.damage;
    uint64_t *const others[] = {
        &damage->truncated_chunks,    &damage->corrupt_chunks,       &damage->unknown_chunks,
        &damage->missing_chunks,      &report.totals.negative_sites, &report.totals.cut_stacks,
        &report.totals.broken_stacks, &report.totals.implied_frees,  &report.unresolved_frames};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        *others[i] = 5;
        ck_assert(report_make_notes(&report));
        ck_assert_uint_eq(report.note_count, 1);
        report_fini(&report);
        *others[i] = 0;
    }
}
END_TEST

static void assert_only_note(struct report *report, const char *begin)
{
    ck_assert(report_make_notes(report));
    ck_assert_uint_eq(report->note_count, 1);
    ck_assert_msg(strncmp(report->notes[0], begin, strlen(begin)) == 0, "%s", report->notes[0]);
}

/* Memory that the trace does not know is a matter of one process: many small ones are no big one.
 */
START_TEST(report_notes_the_process_with_the_most_unseen_memory)
{
    const uint64_t mib = 1 << 20;
    struct report report = {0};
    for (size_t i = 0; i < 300; i++) {
        struct report_trace *trace = report_new_trace(&report);
        trace->program = "/usr/bin/small";
        trace->totals.peak_bytes = mib;
        trace->totals.peak_resident_bytes = 20 * mib;
        report_add_totals(&report.totals, &trace->totals);
    }
    ck_assert(report_make_notes(&report));
    ck_assert_uint_eq(report.note_count, 0);

    struct report_trace *big = &report.traces[8];
    report.traces[7].totals.peak_resident_bytes = 301 * mib;
    big->program = "/usr/bin/big";
    big->pid = 4711;
    big->totals.peak_resident_bytes = 501 * mib;
    assert_only_note(&report, "MiB of resident memory far above what was live, in 2 of 300 "
                              "processes, most in /usr/bin/big (4711): 500; ");
    big->program = NULL; /* the trace does not tell */
    assert_only_note(&report, "MiB of resident memory far above what was live, in 2 of 300 "
                              "processes, most in process 4711: 500; ");
    report.traces[0] = *big;
    report.trace_count = 1;
    assert_only_note(&report, "MiB of resident memory far above what was live: 500; ");
    report_fini(&report);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("report");
    tcase_add_test(tests, report_has_the_options_words);
    tcase_add_test(tests, report_adds_everything);
    tcase_add_test(tests, report_counts_lost_events);
    tcase_add_test(tests, report_notes_what_is_not_as_it_should_be);
    tcase_add_test(tests, report_notes_every_loss);
    tcase_add_test(tests, report_notes_the_process_with_the_most_unseen_memory);
    return unit_run("report", tests);
}
