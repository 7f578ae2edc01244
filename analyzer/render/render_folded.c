/*
 * Reports for flame graphs: a line for each call stack, its functions from the outermost to the
 * innermost, and a number, as flamegraph.pl and speedscope read them. With --compare-to there are
 * two numbers, then and now, which flamegraph.pl draws as a differential graph.
 *
 * A semicolon in a name would be a new frame, so it becomes a colon; what is no text is escaped as
 * in the text report.
 */
#include <inttypes.h>
#include <string.h>

#include "render.h"
#include "safe_text.h"

/* A name, without anything that has a meaning in the format. */
static void print_name(FILE *out, const char *name)
{
    while (*name != '\0') {
        size_t length = strcspn(name, ";");
        safe_text_print_part(out, name, length);
        name += length;
        if (*name == ';') {
            (void)fputc(':', out);
            name++;
        }
    }
}

/* Return: whether there is anything to draw. */
static bool has_numbers(const struct report *report, const struct statistic_sum *sum)
{
    bool is_count = report->sort == STATISTIC_BY_COUNT;
    return (is_count ? sum->count : sum->size) > 0 ||
           (is_count ? sum->old_count : sum->old_size) > 0;
}

static void print_numbers(FILE *out, const struct report *report, const struct statistic_sum *sum)
{
    bool is_count = report->sort == STATISTIC_BY_COUNT;
    if (report->is_compared) {
        (void)fprintf(out, " %" PRIu64, is_count ? sum->old_count : sum->old_size);
    }
    (void)fprintf(out, " %" PRIu64 "\n", is_count ? sum->count : sum->size);
}

static void print_stack(FILE *out, const struct report *report, const struct group *group)
{
    size_t first = 0;
    size_t count = render_traceback_range(report, group, &first);
    for (size_t i = 0; i < count; i++) {
        const struct frame *frame = group->traceback[first + count - 1 - i];
        (void)fputs(i > 0 ? ";" : "", out);
        print_name(out, frame->function != NULL ? frame->function : frame->place);
    }
    (void)fputs(count == 0 ? "[unknown]" : "", out);
}

/* @root: a frame outside all others, or NULL. */
static void print_table(FILE *out, const struct report *report, const struct report_table *table,
                        const char *root)
{
    for (size_t i = 0; i <= table->shown; i++) {
        const struct group *group = i < table->shown ? &table->groups[i] : NULL;
        struct statistic_sum sum = table->rest;
        if (group != NULL) {
            sum = (struct statistic_sum){0, group->size, group->count, group->old_size,
                                         group->old_count};
        }
        if (!has_numbers(report, &sum)) {
            continue;
        }
        if (root != NULL) {
            print_name(out, root);
            (void)fputc(';', out);
        }
        if (group != NULL) {
            print_stack(out, report, group);
        } else {
            (void)fputs("[other]", out);
        }
        print_numbers(out, report, &sum);
    }
}

enum trace_status render_folded(FILE *out, const struct report *reports, size_t count,
                                const struct render_options *options, struct trace_error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++) {
        const struct report *report = &reports[i];
        const char *root = options->is_each_file ? report->traces[0].file : NULL;
        for (size_t t = 0; t < report->table_count; t++) {
            print_table(out, report, &report->tables[t], root);
        }
    }
    return TRACE_OK;
}
