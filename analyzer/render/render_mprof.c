/*
 * Reports for `mprof plot` of memory_profiler: a .dat file with the resident set over time, as
 * memory_profiler samples it, and what was live beside it. A line is a word, then numbers: MiB with
 * a time in seconds since 1970.
 *
 *   CMDLINE program argument
 *   MEM 12.500000 1800000000.0010
 *   LIVE 0 9.250000 1800000000.0010       mprof passes over words that it does not know
 *   CHLD 1 3.250000 1800000000.0020       a second process, and so on
 *   FUNC load 1.0000 1800000000.0010 12.5000 1800000000.0050 0
 *
 * A MEM line has the most since the one before, so that no peak is lost; the last one has what
 * there is at the end. Where no resident set was sampled, there is only what was live. FUNC lines,
 * which are drawn as brackets, are made from snapshots: the first one of a name begins it, the next
 * one of that name ends it. Only the first process has them.
 */
#include <string.h>

#include "render.h"
#include "safe_text.h"

static const double bytes_per_mib = 1024 * 1024;

static double time_of(const struct report_trace *trace, uint32_t tick)
{
    return trace->start_s + (double)tick / TRACE_TICKS_PER_SECOND;
}

static double mib_of(int64_t bytes)
{
    return (double)(bytes > 0 ? bytes : 0) / bytes_per_mib;
}

static void print_command(FILE *out, const struct report_trace *trace)
{
    (void)fputs("CMDLINE", out);
    for (size_t i = 0; i < trace->argument_count; i++) {
        (void)fputc(' ', out);
        safe_text_print(out, trace->arguments[i]);
    }
    if (trace->argument_count == 0) {
        (void)fputc(' ', out); // memory_profiler wants a blank after the word
    }
    (void)fputc('\n', out);
}

/* Return: whether the resident set is known at all. */
static bool is_sampled(const struct report_trace *trace)
{
    return trace->totals.peak_resident_bytes > 0;
}

/* @child: 0 for the first process. */
static void print_memory(FILE *out, size_t child, double mib, double time_s)
{
    if (child == 0) {
        (void)fprintf(out, "MEM %.6f %.4f\n", mib, time_s);
    } else {
        (void)fprintf(out, "CHLD %zu %.6f %.4f\n", child, mib, time_s);
    }
}

/* What there was at a time: nothing of the resident set before its first sample. */
static void print_level(FILE *out, const struct report_trace *trace, size_t child, int64_t live,
                        uint64_t resident, double time_s)
{
    if (!is_sampled(trace)) {
        print_memory(out, child, mib_of(live), time_s);
        return;
    }
    if (resident > 0) {
        print_memory(out, child, mib_of((int64_t)resident), time_s);
    }
    (void)fprintf(out, "LIVE %zu %.6f %.4f\n", child, mib_of(live), time_s);
}

static void print_levels(FILE *out, const struct report_trace *trace, size_t child)
{
    const struct timeline *timeline = trace->timeline;
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_level *point = &timeline->points[i];
        print_level(out, trace, child, point->peak_bytes, point->peak_resident_bytes,
                    time_of(trace, timeline_tick(timeline, i)));
    }
    if (timeline->count > 0) {
        const struct timeline_level *last = &timeline->points[timeline->count - 1];
        print_level(out, trace, child, last->live_bytes, last->resident_bytes,
                    time_of(trace, timeline->last_tick));
    }
}

/* Return: what a bracket says there was at a snapshot: the same as MEM. */
static double mib_at(const struct report_trace *trace, const struct snapshot *snapshot)
{
    return mib_of((int64_t)(is_sampled(trace) ? snapshot->resident_bytes : snapshot->live_bytes));
}

/* Return: the snapshot that ends what @at begins; @at itself if it begins nothing. */
static size_t end_of(const struct report_trace *trace, size_t at)
{
    const char *name = trace->snapshots[at].name;
    size_t before = 0;
    for (size_t i = 0; i < at; i++) {
        before += strcmp(trace->snapshots[i].name, name) == 0 ? 1 : 0;
    }
    for (size_t i = at + 1; name[0] != '\0' && before % 2 == 0 && i < trace->snapshot_count; i++) {
        if (strcmp(trace->snapshots[i].name, name) == 0) {
            return i;
        }
    }
    return at;
}

/* Return: how many spans that have begun before @begin end after @end. */
static int depth_of(const struct report_trace *trace, size_t begin, size_t end)
{
    int depth = 0;
    for (size_t i = 0; i < begin; i++) {
        depth += end_of(trace, i) > end ? 1 : 0;
    }
    return depth;
}

/* A blank would end the name. */
static void print_name(FILE *out, const char *name)
{
    for (const char *blank; (blank = strpbrk(name, " \t\n\r\f\v")) != NULL; name = blank + 1) {
        safe_text_print_part(out, name, (size_t)(blank - name));
        (void)fputc('_', out);
    }
    safe_text_print(out, name);
}

static void print_functions(FILE *out, const struct report_trace *trace)
{
    for (size_t i = 0; i < trace->snapshot_count; i++) {
        const size_t end = end_of(trace, i);
        const struct snapshot *first = &trace->snapshots[i];
        const struct snapshot *last = &trace->snapshots[end];
        if (end == i) {
            continue;
        }
        (void)fputs("FUNC ", out);
        print_name(out, first->name);
        (void)fprintf(out, " %.4f %.4f %.4f %.4f %d\n", mib_at(trace, first),
                      time_of(trace, first->tick), mib_at(trace, last), time_of(trace, last->tick),
                      depth_of(trace, i, end));
    }
}

enum trace_status render_mprof(FILE *out, const struct report *reports, size_t count,
                               const struct render_options *options, struct trace_error *error)
{
    const struct report *report = &reports[0];
    (void)count;
    (void)options;
    (void)error;
    print_command(out, &report->traces[0]);
    for (size_t i = 0; i < report->trace_count; i++) {
        print_levels(out, &report->traces[i], i);
    }
    print_functions(out, &report->traces[0]);
    return TRACE_OK;
}
