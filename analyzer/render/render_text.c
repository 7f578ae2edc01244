/*
 * Reports for people: tracemalloc's lines, a title before each table, and the summary.
 *
 * Everything that comes from a trace goes through safe_text_print().
 */
#include <inttypes.h>
#include <string.h>

#include "render.h"
#include "render_annotate.h"
#include "render_growth.h"
#include "render_heap.h"
#include "render_ledger.h"
#include "render_summary.h"
#include "render_timeline.h"
#include "safe_text.h"
#include "size_format.h"
#include "source_line.h"

struct text {
    FILE *out;
    const struct render_options *options;
    struct source_lines *sources;
};

static void set_bold(const struct text *text, bool is_on)
{
    if (text->options->is_colored) {
        (void)fputs(is_on ? "\033[1m" : "\033[0m", text->out);
    }
}

/* " (+12 B)": how far @size is from @old. */
static void print_size_difference(FILE *out, uint64_t size, uint64_t old)
{
    char bytes[SIZE_FORMAT_BYTES];
    double difference = (double)statistic_distance(size, old);
    (void)fprintf(out, " (%s)", size_format(bytes, size < old ? -difference : difference, true));
}

static void print_count_difference(FILE *out, uint64_t count, uint64_t old)
{
    (void)fprintf(out, " (%c%" PRIu64 ")", count < old ? '-' : '+', statistic_distance(count, old));
}

static void print_numbers(FILE *out, const struct report *report,
                          const struct statistic_sum *numbers)
{
    char bytes[SIZE_FORMAT_BYTES];
    const uint64_t size = numbers->size;
    const uint64_t count = numbers->count;
    (void)fprintf(out, "size=%s", size_format(bytes, (double)size, false));
    if (report->is_compared) {
        print_size_difference(out, size, numbers->old_size);
    }
    (void)fprintf(out, ", count=%" PRIu64, count);
    if (report->is_compared) {
        print_count_difference(out, count, numbers->old_count);
    }
    if (count > 0) {
        double average = (double)size / (double)count;
        (void)fprintf(out, ", average=%s", size_format(bytes, average, false));
    }
}

/* ", median=0.012 s": how long blocks lived. */
static void print_lifetime(FILE *out, const char *name, uint32_t ticks)
{
    // Ticks are the trace's resolution; no block lived for no time at all.
    (void)fprintf(out, ", %s=%s%.3f s", name, ticks == 0 ? "<" : "",
                  (double)(ticks == 0 ? 1 : ticks) / TRACE_TICKS_PER_SECOND);
}

static void print_place(FILE *out, const char *name, uint32_t line, bool has_line)
{
    safe_text_print(out, name);
    if (has_line) {
        (void)fprintf(out, ":%" PRIu32, line);
    }
}

size_t render_traceback_range(const struct report *report, const struct group *group,
                              size_t *ret_first)
{
    size_t length = group->traceback_length;
    *ret_first = 0;
    if (!report->has_limit) {
        return length;
    }
    if (report->limit >= 0) {
        size_t limit = (size_t)report->limit;
        return limit < length ? limit : length;
    }
    size_t dropped = (size_t) - (report->limit + 1) + 1;
    dropped = dropped < length ? dropped : length;
    *ret_first = dropped;
    return length - dropped;
}

static void print_frame(const struct text *text, const struct frame *frame)
{
    if (!frame->has_line) {
        (void)fputs("  ", text->out);
        print_place(text->out, frame->place, frame->line, false);
        (void)fputc('\n', text->out);
        return;
    }
    (void)fputs("  File \"", text->out);
    safe_text_print(text->out, frame->place);
    (void)fprintf(text->out, "\", line %" PRIu32 "\n", frame->line);
    const char *line = source_line(text->sources, frame->place, frame->line);
    if (line != NULL) {
        (void)fputs("    ", text->out);
        safe_text_print(text->out, line);
        (void)fputc('\n', text->out);
    }
}

static void print_traceback(const struct text *text, const struct report *report,
                            const struct group *group)
{
    size_t first = 0;
    size_t count = render_traceback_range(report, group, &first);
    for (size_t i = 0; i < count; i++) {
        size_t at = report->is_most_recent_first ? first + i : first + count - 1 - i;
        print_frame(text, group->traceback[at]);
    }
}

/* Of a snapshot's table: "[Handle user0 Top 3]", as scripts that use tracemalloc print it. */
static void print_snapshot_title(const struct text *text, const struct report *report,
                                 const struct report_table *table)
{
    (void)fputc('[', text->out);
    if (table->snapshot->name[0] != '\0') {
        safe_text_print(text->out, table->snapshot->name);
    } else {
        (void)fprintf(text->out, "#%" PRIu64, table->snapshot->number);
    }
    if (table->trace != NULL) {
        (void)fputs(" of ", text->out);
        safe_text_print(text->out, table->trace);
    }
    if (report->top > 0) {
        (void)fprintf(text->out, " Top %zu", report->top);
    }
    (void)fputc(']', text->out);
}

static void print_moment_title(const struct text *text, const struct report *report,
                               const struct report_table *table)
{
    char bytes[SIZE_FORMAT_BYTES];
    (void)fputs("[ ", text->out);
    if (report->top == 0) {
        (void)fputs("All", text->out);
    } else {
        (void)fprintf(text->out, "Top %zu", report->top);
    }
    (void)fprintf(text->out, " by %s, ", report_by_name(report->by));
    if (report->has_growth) {
        (void)fputs("growing", text->out);
        render_growth_title(text->out, report, table);
        (void)fputs(" ]", text->out);
        return;
    }
    (void)fputs("at ", text->out);
    safe_text_print(text->out, table->moment);
    if (table->trace != NULL) {
        (void)fputs(" of ", text->out);
        safe_text_print(text->out, table->trace);
    }
    if (table->old_moment != NULL) {
        (void)fputs(", compared to ", text->out);
        safe_text_print(text->out, table->old_moment);
    }
    (void)fprintf(text->out, ": %s", size_format(bytes, (double)table->size, false));
    if (report->is_compared) {
        print_size_difference(text->out, table->size, table->old_size);
    }
    (void)fprintf(text->out, " %s in %" PRIu64 " block%s", report_metric_name(report->metric),
                  table->count, table->count == 1 ? "" : "s");
    if (report->is_compared) {
        print_count_difference(text->out, table->count, table->old_count);
    }
    (void)fputs(" ]", text->out);
}

static void print_title(const struct text *text, const struct report *report,
                        const struct report_table *table)
{
    set_bold(text, true);
    if (table->snapshot != NULL) {
        print_snapshot_title(text, report, table);
    } else {
        print_moment_title(text, report, table);
    }
    set_bold(text, false);
    (void)fputc('\n', text->out);
}

/* Instead of an empty table: say so, and what there was. */
static void print_nothing(const struct text *text, const struct report *report,
                          const struct report_table *table)
{
    static const char *const verbs[] = {
        [REPORT_LIVE] = "is live",
        [REPORT_ALLOCATED] = "was allocated",
        [REPORT_FREED] = "was freed",
        [REPORT_TEMPORARY] = "was temporary",
    };
    char bytes[SIZE_FORMAT_BYTES];
    (void)fprintf(text->out, "Nothing %s at ", verbs[report->metric]);
    safe_text_print(text->out, table->moment);
    if (table->trace != NULL) {
        (void)fputs(" of ", text->out);
        safe_text_print(text->out, table->trace);
    }
    (void)fputs(report->is_filtered ? " that passes the filters" : "", text->out);
    (void)fprintf(text->out, "; the peak was %s in %" PRIu64 " block%s",
                  size_format(bytes, (double)report->totals.peak_bytes, false),
                  report->totals.peak_blocks, report->totals.peak_blocks == 1 ? "" : "s");
    if (report->trace_count == 1) {
        (void)fprintf(text->out, ", after %.3f s", report->totals.peak_s);
    }
    (void)fputs(".\n", text->out);
}

static void print_table(const struct text *text, const struct report *report,
                        const struct report_table *table)
{
    if (table->count == 0 && table->old_count == 0 && !report->has_growth &&
        !(report->has_ledger && table->shown > 0)) {
        print_nothing(text, report, table);
        return;
    }
    print_title(text, report, table);
    for (size_t i = 0; i < table->shown; i++) {
        const struct group *group = &table->groups[i];
        print_place(text->out, group->name, group->line, group->has_line);
        (void)fputs(": ", text->out);
        if (report->has_growth) {
            render_growth_rate(text->out, &group->growth);
        }
        const struct statistic_sum numbers = {0, group->size, group->count, group->old_size,
                                              group->old_count};
        print_numbers(text->out, report, &numbers);
        if (group->ages.blocks > 0) {
            print_lifetime(text->out, "median", group->ages.median);
            print_lifetime(text->out, "longest", group->ages.longest);
        }
        (void)fputc('\n', text->out);
        if (report->has_growth) {
            render_growth_evidence(text->out, &group->growth, text->options);
        }
        if (report->has_ledger) {
            render_ledger(text->out, &group->ledger);
        }
        if (report->by == GROUP_TRACEBACK) {
            print_traceback(text, report, group);
        }
    }
    if (table->rest.groups > 0) {
        (void)fprintf(text->out, "%" PRIu64 " other: ", table->rest.groups);
        print_numbers(text->out, report, &table->rest);
        (void)fputc('\n', text->out);
    }
    if (report->has_growth) {
        render_growth_steady(text->out, &table->growth);
    }
}

static void print_snapshot(FILE *out, const struct snapshot *snapshot)
{
    char bytes[SIZE_FORMAT_BYTES];
    const bool is_end = snapshot->number == 0;
    if (is_end) {
        (void)fputs("end", out);
    } else {
        (void)fprintf(out, "#%" PRIu64, snapshot->number);
    }
    (void)fprintf(out, " %.3f s: %s live in %" PRIu64 " block%s",
                  (double)snapshot->tick / TRACE_TICKS_PER_SECOND,
                  size_format(bytes, (double)snapshot->live_bytes, false), snapshot->live_blocks,
                  snapshot->live_blocks == 1 ? "" : "s");
    if (snapshot->resident_bytes > 0) {
        (void)fprintf(out, ", RSS %s", size_format(bytes, (double)snapshot->resident_bytes, false));
    }
    if (!is_end && snapshot->name[0] != '\0') {
        (void)fputs("  ", out);
        safe_text_print(out, snapshot->name);
    }
    (void)fputc('\n', out);
}

static void print_snapshots(FILE *out, const struct report *report)
{
    size_t count = 0;
    for (size_t t = 0; t < report->trace_count; t++) {
        const struct report_trace *trace = &report->traces[t];
        if (report->trace_count > 1) {
            safe_text_print(out, trace->file);
            (void)fputs(":\n", out);
        }
        for (size_t i = 0; i < trace->snapshot_count; i++) {
            print_snapshot(out, &trace->snapshots[i]);
        }
        print_snapshot(out, &trace->at_end);
        count += trace->snapshot_count;
    }
    if (count == 0) {
        (void)fputs(
            "No snapshots were taken; a program takes one with libtrace_snapshot(name), and "
            "LIBTRACE_SNAPSHOT_SIGNAL and LIBTRACE_SNAPSHOT_EVERY take them from outside.\n",
            out);
    }
}

/* What a suppression file has taken out of a table. */
static void print_suppressed(const struct text *text, const struct report_table *table)
{
    char bytes[SIZE_FORMAT_BYTES];
    if (table->suppressed_count > 0) {
        (void)fprintf(text->out, "Suppressed: size=%s, count=%" PRIu64 "\n",
                      size_format(bytes, (double)table->suppressed_size, false),
                      table->suppressed_count);
    }
}

/* So many frames of a heap picture's line are shown, unless it is said how many: as memcheck does.
 */
enum { HEAP_FRAMES = 12 };

/* A stack of a heap picture's line, in the order and to the limit of tracebacks. */
struct stack_context {
    const struct text *text;
    const struct report *report;
};

static void print_stack(const void *context, const struct frame *const *frames, size_t count)
{
    const struct stack_context *stack = context;
    const struct group group = {.traceback = frames, .traceback_length = count};
    struct report report = *stack->report;
    if (!report.has_limit) {
        report.has_limit = true;
        report.limit = HEAP_FRAMES;
    }
    size_t first = 0;
    size_t shown = render_traceback_range(&report, &group, &first);
    const size_t outer = count - first - shown;
    if (outer > 0 && !report.is_most_recent_first) {
        (void)fprintf(stack->text->out, "  (%zu outer frames)\n", outer);
    }
    print_traceback(stack->text, &report, &group);
    if (outer > 0 && report.is_most_recent_first) {
        (void)fprintf(stack->text->out, "  (%zu outer frames)\n", outer);
    }
}

static enum trace_status print_heap(const struct text *text, const struct report *report,
                                    struct trace_error *error)
{
    const struct stack_context context = {text, report};
    const struct render_stack_printer stacks = {print_stack, &context};
    return render_heap_text(text->out, report, text->options, &stacks, error);
}

static enum trace_status print_report(const struct text *text, const struct report *report,
                                      struct trace_error *error)
{
    switch (report->kind) {
    case REPORT_SUMMARY:
        render_summary_text(text->out, report);
        break;
    case REPORT_SNAPSHOTS:
        print_snapshots(text->out, report);
        break;
    case REPORT_ANNOTATE:
        render_annotate_text(text->out, report, text->sources);
        break;
    case REPORT_TIMELINE:
        render_timeline_text(text->out, report, text->options);
        break;
    case REPORT_DATABASE: // has a renderer of its own
        break;
    case REPORT_LEAKS:
    case REPORT_RETAINED:
    case REPORT_WHY:
        return print_heap(text, report, error);
    case REPORT_TABLES:
        for (size_t i = 0; i < report->table_count; i++) {
            (void)fputs(i > 0 ? "\n" : "", text->out);
            print_table(text, report, &report->tables[i]);
            print_suppressed(text, &report->tables[i]);
        }
        if (report->table_count == 0) {
            print_snapshots(text->out, report);
        }
        break;
    }
    return TRACE_OK;
}

enum trace_status render_text(FILE *out, const struct report *reports, size_t count,
                              const struct render_options *options, struct trace_error *error)
{
    struct text text = {out, options, source_lines_new()};
    if (text.sources == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for lines of source");
    }
    enum trace_status status = TRACE_OK;
    for (size_t i = 0; i < count && status == TRACE_OK; i++) {
        if (options->is_each_file) {
            (void)fputs(i > 0 ? "\n" : "", out);
            safe_text_print(out, reports[i].trace_count > 0 ? reports[i].traces[0].file : "");
            (void)fputs(":\n", out);
        }
        status = print_report(&text, &reports[i], error);
    }
    source_lines_free(text.sources);
    return status;
}
