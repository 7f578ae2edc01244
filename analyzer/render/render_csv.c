/*
 * Reports for spreadsheets: one table with a line of names above it, as RFC 4180 has it. A report
 * of several traces or snapshots is one table still, with a column that tells them apart.
 *
 * What is no text (control characters, bytes that are not UTF-8) is escaped as in the text report.
 */
#include <inttypes.h>
#include <string.h>

#include "render.h"
#include "safe_text.h"
#include "source_line.h"

#define LINE_END "\r\n"

struct csv {
    FILE *out;
    size_t columns;  /* of each line; 0 until the first one is written */
    size_t fields;   /* that the current line has */
    bool has_ledger; /* some report has it: all lines have its fields */
};

static void begin_field(struct csv *csv)
{
    (void)fputs(csv->fields > 0 ? "," : "", csv->out);
    csv->fields++;
}

/* End a line; what it has no fields for is empty. */
static void end_line(struct csv *csv)
{
    while (csv->fields < csv->columns) {
        begin_field(csv);
    }
    (void)fputs(LINE_END, csv->out);
    csv->fields = 0;
}

/* The first line. @names: of columns, with commas between. */
static void print_names(struct csv *csv, const char *names)
{
    begin_field(csv);
    (void)fputs(names, csv->out);
    for (; *names != '\0'; names++) {
        csv->fields += *names == ',' ? 1 : 0;
    }
}

/* Text inside quotes: those that it has are doubled. */
static void print_quoted(struct csv *csv, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\"");
        safe_text_print_part(csv->out, text, length);
        text += length;
        if (*text == '"') {
            (void)fputs("\"\"", csv->out);
            text++;
        }
    }
}

/* A field of text, in quotes; nothing for NULL. */
static void print_text(struct csv *csv, const char *text)
{
    begin_field(csv);
    if (text != NULL) {
        (void)fputc('"', csv->out);
        print_quoted(csv, text);
        (void)fputc('"', csv->out);
    }
}

static void print_number(struct csv *csv, uint64_t number)
{
    begin_field(csv);
    (void)fprintf(csv->out, "%" PRIu64, number);
}

static void print_difference(struct csv *csv, uint64_t number, uint64_t old)
{
    begin_field(csv);
    (void)fprintf(csv->out, "%s%" PRIu64, number < old ? "-" : "", statistic_distance(number, old));
}

static void print_level(struct csv *csv, int64_t level)
{
    print_number(csv, level > 0 ? (uint64_t)level : 0);
}

static void print_ticks(struct csv *csv, uint32_t ticks)
{
    begin_field(csv);
    (void)fprintf(csv->out, "%.3f", (double)ticks / TRACE_TICKS_PER_SECOND);
}

static void print_rate(struct csv *csv, double bytes_per_s)
{
    begin_field(csv);
    (void)fprintf(csv->out, "%.3f", bytes_per_s);
}

static void print_lifetimes(struct csv *csv, const struct age_summary *ages)
{
    if (ages->blocks > 0) {
        print_ticks(csv, ages->median);
        print_ticks(csv, ages->longest);
    } else { // all are live
        print_text(csv, NULL);
        print_text(csv, NULL);
    }
}

static void print_growth(struct csv *csv, const struct growth_summary *growth)
{
    print_rate(csv, growth->bytes_per_s);
    print_rate(csv, growth->least_bytes_per_s);
    print_number(csv, growth->rises);
    print_number(csv, growth->steps);
    print_number(csv, growth->born);
    print_number(csv, growth->freed_inside);
    print_number(csv, growth->freed_later);
    if (growth->freed_inside + growth->freed_later > 0) {
        print_ticks(csv, growth->last_free);
    } else {
        print_text(csv, NULL);
    }
    print_number(csv, growth->jumps);
    print_number(csv, growth->jump_bytes);
}

/* Who freed a module's blocks; the names of others with blanks between, "?" if unknown. */
static void print_ledger(struct csv *csv, const struct ledger_entry *entry)
{
    struct ledger_freed others = {0};
    for (size_t i = 0; i < entry->other_count; i++) {
        others.size += entry->others[i].size;
        others.count += entry->others[i].count;
    }
    print_number(csv, entry->allocated_size);
    print_number(csv, entry->allocated_count);
    print_number(csv, entry->itself.size);
    print_number(csv, entry->itself.count);
    print_number(csv, others.size);
    print_number(csv, others.count);
    begin_field(csv);
    (void)fputc('"', csv->out);
    for (size_t i = 0; i < entry->other_count; i++) {
        const char *module = entry->others[i].module;
        (void)fputs(i > 0 ? " " : "", csv->out);
        print_quoted(csv, module != NULL ? module : "?");
    }
    (void)fputc('"', csv->out);
}

/* The columns that every line of a table has. @group: NULL for the others, without a common name.
 */
static void print_sum(struct csv *csv, const struct report *report,
                      const struct report_table *table, const struct group *group,
                      const struct statistic_sum *sum)
{
    // NULL: the sum over all traces.
    print_text(csv, report->trace_count == 1 ? report->traces[0].file : table->trace);
    print_text(csv, table->moment);
    print_text(csv, group != NULL ? group->name : NULL);
    if (group != NULL && group->has_line) {
        print_number(csv, group->line);
    } else {
        print_text(csv, NULL);
    }
    print_number(csv, sum->size);
    print_number(csv, sum->count);
    if (report->is_compared) {
        print_difference(csv, sum->size, sum->old_size);
        print_difference(csv, sum->count, sum->old_count);
    }
}

static void print_group(struct csv *csv, const struct report *report,
                        const struct report_table *table, const struct group *group)
{
    const struct statistic_sum sum = {0, group->size, group->count, group->old_size,
                                      group->old_count};
    print_sum(csv, report, table, group, &sum);
    if (report->has_lifetimes) {
        print_lifetimes(csv, &group->ages);
    }
    if (report->has_growth) {
        print_growth(csv, &group->growth);
    }
    if (csv->has_ledger) {
        print_ledger(csv, &group->ledger);
    }
    if (report->by == GROUP_DOMAIN) {
        print_number(csv, group->number);
    }
    end_line(csv);
}

static void print_tables(struct csv *csv, const struct report *report)
{
    for (size_t t = 0; t < report->table_count; t++) {
        const struct report_table *table = &report->tables[t];
        for (size_t i = 0; i < table->shown; i++) {
            print_group(csv, report, table, &table->groups[i]);
        }
        if (table->rest.groups > 0) {
            print_sum(csv, report, table, NULL, &table->rest);
            end_line(csv);
        }
    }
}

/* A cell without anything in it stands for what is not known. */
static void print_known(struct csv *csv, uint64_t number)
{
    if (number > 0) {
        print_number(csv, number);
    } else {
        print_text(csv, "");
    }
}

static void print_snapshot(struct csv *csv, const struct report_trace *trace,
                           const struct snapshot *snapshot)
{
    print_text(csv, trace->file);
    print_known(csv, snapshot->number);
    print_text(csv, snapshot->name);
    print_ticks(csv, snapshot->tick);
    print_number(csv, snapshot->live_bytes);
    print_number(csv, snapshot->live_blocks);
    print_known(csv, snapshot->resident_bytes);
    end_line(csv);
}

static void print_snapshots(struct csv *csv, const struct report *report)
{
    for (size_t t = 0; t < report->trace_count; t++) {
        const struct report_trace *trace = &report->traces[t];
        for (size_t i = 0; i < trace->snapshot_count; i++) {
            print_snapshot(csv, trace, &trace->snapshots[i]);
        }
        print_snapshot(csv, trace, &trace->at_end);
    }
}

static void print_annotated(struct csv *csv, const struct report *report,
                            struct source_lines *sources)
{
    for (size_t i = 0; i < report->line_count; i++) {
        const struct annotate_line *line = &report->lines[i];
        print_text(csv, line->file);
        print_number(csv, line->line);
        print_number(csv, line->mem_usage);
        print_number(csv, line->increment);
        print_number(csv, line->occurrences);
        print_text(csv, source_line_whole(sources, line->file, line->line));
        end_line(csv);
    }
}

static void print_timeline(struct csv *csv, const struct report *report)
{
    for (size_t t = 0; t < report->trace_count; t++) {
        const struct timeline *timeline = report->traces[t].timeline;
        for (size_t i = 0; i < timeline->count; i++) {
            const struct timeline_level *point = &timeline->points[i];
            print_text(csv, report->traces[t].file);
            print_ticks(csv, timeline_tick(timeline, i));
            print_level(csv, point->live_bytes);
            print_level(csv, point->live_blocks);
            print_level(csv, point->peak_bytes);
            print_level(csv, point->peak_blocks);
            print_known(csv, point->resident_bytes);
            print_known(csv, point->peak_resident_bytes);
            end_line(csv);
        }
    }
}

static void print_head(struct csv *csv, const struct report *report)
{
    static const char *const names[] = {
        [REPORT_TABLES] = "file,moment,key,line,size,count",
        [REPORT_SNAPSHOTS] = "file,number,name,s,live_bytes,live_blocks,rss_bytes",
        [REPORT_ANNOTATE] = "file,line,mem_usage,increment,occurrences,contents",
        [REPORT_TIMELINE] =
            "file,s,live_bytes,live_blocks,peak_bytes,peak_blocks,rss_bytes,peak_rss_bytes",
    };
    const bool is_table = report->kind == REPORT_TABLES;
    print_names(csv, names[report->kind]);
    if (is_table && report->is_compared) {
        print_names(csv, "size_diff,count_diff");
    }
    if (is_table && report->has_lifetimes) {
        print_names(csv, "median_lifetime_s,longest_lifetime_s");
    }
    if (is_table && report->has_growth) {
        print_names(csv, "bytes_per_s,least_bytes_per_s,rises,steps,born,freed_inside,freed_later,"
                         "last_free_s,jumps,jump_bytes");
    }
    if (is_table && csv->has_ledger) {
        print_names(csv, "allocated_size,allocated_count,freed_by_itself_size,"
                         "freed_by_itself_count,freed_by_others_size,freed_by_others_count,others");
    }
    if (is_table && report->by == GROUP_DOMAIN) {
        print_names(csv, "domain");
    }
    csv->columns = csv->fields;
    end_line(csv);
}

enum trace_status render_csv(FILE *out, const struct report *reports, size_t count,
                             const struct render_options *options, struct trace_error *error)
{
    struct csv csv = {.out = out};
    struct source_lines *sources = source_lines_new();
    (void)options;
    if (sources == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for lines of source");
    }
    for (size_t i = 0; i < count; i++) {
        csv.has_ledger = csv.has_ledger || reports[i].has_ledger;
    }
    for (size_t i = 0; i < count; i++) {
        const struct report *report = &reports[i];
        if (i == 0) {
            print_head(&csv, report);
        }
        switch (report->kind) {
        case REPORT_TABLES:
            print_tables(&csv, report);
            break;
        case REPORT_SNAPSHOTS:
            print_snapshots(&csv, report);
            break;
        case REPORT_ANNOTATE:
            print_annotated(&csv, report, sources);
            break;
        case REPORT_TIMELINE:
            print_timeline(&csv, report);
            break;
        case REPORT_SUMMARY: // refused by options_check.c: these are no tables
        case REPORT_LEAKS:
        case REPORT_RETAINED:
        case REPORT_WHY:
        case REPORT_DATABASE: // has a renderer of its own
            break;
        }
    }
    source_lines_free(sources);
    return TRACE_OK;
}
