/*
 * Reports for programs: one object, or an array of them with --each-file. Every field is there,
 * null where its value is not known. json-c escapes; what is not UTF-8 is replaced before.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "json_builder.h"
#include "render.h"
#include "render_heap.h"
#include "source_line.h"

static struct json_object *make_trace(struct json_builder *builder,
                                      const struct report_trace *trace)
{
    static const char *const ends[] = {
        [REPORT_END_EXIT] = "exit",       [REPORT_END_QUICK] = "quick_exit",
        [REPORT_END_EXEC] = "exec",       [REPORT_END_STOPPED] = "stopped",
        [REPORT_END_RUNNING] = "running", [REPORT_END_UNTOLD] = NULL,
    };
    struct json_object *object = json_checked(builder, json_object_new_object());
    json_add(builder, object, "file", json_text(builder, trace->file));
    json_add(builder, object, "pid", json_number(builder, trace->pid));
    json_add(builder, object, "parent_pid", json_number(builder, trace->parent_pid));
    json_add(builder, object, "program", json_text(builder, trace->program));
    struct json_object *arguments = NULL;
    if (trace->program != NULL) {
        arguments = json_checked(builder, json_object_new_array());
        for (size_t i = 0; i < trace->argument_count; i++) {
            json_append(builder, arguments, json_text(builder, trace->arguments[i]));
        }
    }
    json_add(builder, object, "arguments", arguments);
    json_add(builder, object, "directory", json_text(builder, trace->directory));
    json_add(builder, object, "host", json_text(builder, trace->host));
    json_add(builder, object, "allocator", json_text(builder, trace->allocator));
    json_add(builder, object, "start", json_seconds(builder, trace->start_s, 6));
    json_add(builder, object, "duration_s", json_seconds(builder, trace->duration_s, 3));
    json_add(builder, object, "end", json_text(builder, ends[trace->end]));
    return object;
}

/* Return: null for 0, which stands for what is not known. */
static struct json_object *known_number(struct json_builder *builder, uint64_t number)
{
    return number > 0 ? json_number(builder, number) : NULL;
}

/* Modules that lack names or lines; null where it is not about that. */
static struct json_object *make_modules(struct json_builder *builder, const struct report *report)
{
    if (report->kind != REPORT_SUMMARY) {
        return NULL;
    }
    struct json_object *array = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < report->module_count; i++) {
        const struct report_module *module = &report->modules[i];
        struct json_object *object = json_checked(builder, json_object_new_object());
        json_add(builder, object, "module", json_text(builder, module->path));
        json_add(builder, object, "addresses", json_number(builder, module->addresses));
        json_add(builder, object, "unnamed", json_number(builder, module->unnamed));
        json_add(builder, object, "lineless", json_number(builder, module->lineless));
        json_add(builder, object, "advice", json_text(builder, module->advice));
        json_append(builder, array, object);
    }
    return array;
}

static struct json_object *make_summary(struct json_builder *builder, const struct report *report)
{
    const struct report_totals *totals = &report->totals;
    const struct damage *damage = &totals->damage;
    const uint64_t damaged =
        damage->corrupt_chunks + damage->truncated_chunks + damage->unknown_chunks;
    const struct {
        const char *name;
        uint64_t number;
    } fields[] = {
        {"allocations", totals->allocations},
        {"frees", totals->frees},
        {"reallocations", totals->reallocations},
        {"clears", totals->clears},
        {"bytes_allocated", totals->bytes_allocated},
        {"bytes_freed", totals->bytes_freed},
        {"live_bytes", totals->live_bytes},
        {"live_blocks", totals->live_blocks},
        {"tracked_bytes", totals->tracked_bytes},
        {"tracked_blocks", totals->tracked_blocks},
        {"peak_bytes", totals->peak_bytes},
        {"peak_blocks", totals->peak_blocks},
        {"threads", totals->threads},
        {"stacks", totals->stacks},
        {"sites", totals->sites},
        {"lost_events", report_lost_events(totals)},
        {"cut_stacks", totals->cut_stacks},
        {"broken_stacks", totals->broken_stacks},
        {"unknown_frees", totals->counters[TRACE_UNKNOWN_FREES]},
        {"implied_frees", totals->implied_frees},
        {"inherited_frees", totals->inherited_frees},
        {"inherited_bytes", totals->inherited_bytes},
        {"unwind_checks", totals->counters[TRACE_UNWIND_CHECKS]},
        {"unwind_corrections", totals->counters[TRACE_UNWIND_CORRECTIONS]},
        {"unwind_full", totals->counters[TRACE_UNWIND_FULL]},
        {"tracer_bytes", totals->counters[TRACE_TRACER_BYTES]},
        {"resolved_frames", report->resolved_frames},
        {"unresolved_frames", report->unresolved_frames},
        {"skipped_chunks", damaged},
        {"missing_chunks", damage->missing_chunks},
        {"negative_sites", totals->negative_sites},
        {"pictures", totals->pictures},
        {"incomplete_pictures", totals->pictures - totals->whole_pictures},
    };
    struct json_object *object = json_checked(builder, json_object_new_object());
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_add(builder, object, fields[i].name, json_number(builder, fields[i].number));
    }
    // Peaks of several processes have no time in common.
    bool has_time = report->trace_count == 1;
    json_add(builder, object, "peak_s", has_time ? json_seconds(builder, totals->peak_s, 3) : NULL);
    json_add(builder, object, "rss_bytes", known_number(builder, totals->resident_bytes));
    json_add(builder, object, "peak_rss_bytes", known_number(builder, totals->peak_resident_bytes));
    json_add(builder, object, "longest_pause_us", known_number(builder, totals->longest_pause_us));
    struct json_object *notes = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < report->note_count; i++) {
        json_append(builder, notes, json_text(builder, report->notes[i]));
    }
    json_add(builder, object, "notes", notes);
    json_add(builder, object, "modules", make_modules(builder, report));
    return object;
}

static struct json_object *make_traceback(struct json_builder *builder, const struct report *report,
                                          const struct group *group)
{
    size_t first = 0;
    size_t count = render_traceback_range(report, group, &first);
    struct json_object *array = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < count; i++) {
        size_t at = report->is_most_recent_first ? first + i : first + count - 1 - i;
        json_append(builder, array, json_frame(builder, group->traceback[at]));
    }
    return array;
}

static struct json_object *make_difference(struct json_builder *builder, uint64_t number,
                                           uint64_t old)
{
    // Modulo 2^64, so that what fits comes out right.
    return json_checked(builder, json_object_new_int64((int64_t)(number - old)));
}

/* What --compare-to adds to the numbers of some blocks; null without it. */
static void add_differences(struct json_builder *builder, struct json_object *object,
                            const struct report *report, const struct statistic_sum *sum)
{
    bool is_compared = report->is_compared;
    json_add(builder, object, "size_diff",
             is_compared ? make_difference(builder, sum->size, sum->old_size) : NULL);
    json_add(builder, object, "count_diff",
             is_compared ? make_difference(builder, sum->count, sum->old_count) : NULL);
}

/* A count of blocks and bytes under names that begin alike. */
static void add_blocks(struct json_builder *builder, struct json_object *object,
                       const char *size_name, uint64_t size, const char *count_name, uint64_t count)
{
    json_add(builder, object, size_name, json_number(builder, size));
    json_add(builder, object, count_name, json_number(builder, count));
}

static struct json_object *make_freed(struct json_builder *builder,
                                      const struct ledger_freed *freed, bool is_itself)
{
    struct json_object *object = json_checked(builder, json_object_new_object());
    json_add(builder, object, "module", json_text(builder, freed->module));
    json_add(builder, object, "is_itself", json_truth(builder, is_itself));
    add_blocks(builder, object, "size", freed->size, "count", freed->count);
    return object;
}

/* Who freed a module's blocks: itself first, then the others. */
static struct json_object *make_ledger(struct json_builder *builder,
                                       const struct ledger_entry *entry)
{
    struct json_object *object = json_checked(builder, json_object_new_object());
    struct json_object *array = json_checked(builder, json_object_new_array());
    add_blocks(builder, object, "allocated_size", entry->allocated_size, "allocated_count",
               entry->allocated_count);
    json_append(builder, array, make_freed(builder, &entry->itself, true));
    for (size_t i = 0; i < entry->other_count; i++) {
        json_append(builder, array, make_freed(builder, &entry->others[i], false));
    }
    json_add(builder, object, "freed_by", array);
    return object;
}

static struct json_object *make_statistic(struct json_builder *builder, const struct report *report,
                                          const struct group *group)
{
    const struct frame *frame = group->frame;
    enum group_by by = report->by;
    // What all blocks of the group have in common; the rest is not known.
    bool is_line = by == GROUP_LINENO || by == GROUP_TRACEBACK;
    bool has_file = frame != NULL && by != GROUP_MODULE;
    bool has_function = frame != NULL && (is_line || by == GROUP_FUNCTION);
    struct json_object *object = json_checked(builder, json_object_new_object());
    json_add(builder, object, "key", json_key(builder, group));
    json_add(builder, object, "file", json_text(builder, has_file ? frame->file : NULL));
    json_add(builder, object, "line", is_line ? json_frame_line(builder, frame) : NULL);
    json_add(builder, object, "function",
             json_text(builder, has_function ? frame->function : NULL));
    json_add(builder, object, "module", json_text(builder, frame != NULL ? frame->module : NULL));
    json_add(builder, object, "domain",
             by == GROUP_DOMAIN ? json_number(builder, group->number) : NULL);
    json_add(builder, object, "size", json_number(builder, group->size));
    json_add(builder, object, "count", json_number(builder, group->count));
    const struct statistic_sum sum = {0, group->size, group->count, group->old_size,
                                      group->old_count};
    add_differences(builder, object, report, &sum);
    double average = group->count > 0 ? (double)group->size / (double)group->count : 0;
    json_add(builder, object, "average",
             group->count > 0 ? json_checked(builder, json_object_new_double(average)) : NULL);
    bool has_ages = group->ages.blocks > 0;
    json_add(builder, object, "median_lifetime_s",
             has_ages ? json_ticks(builder, group->ages.median) : NULL);
    json_add(builder, object, "longest_lifetime_s",
             has_ages ? json_ticks(builder, group->ages.longest) : NULL);
    json_add(builder, object, "growth",
             report->has_growth ? json_growth(builder, &group->growth) : NULL);
    json_add(builder, object, "ledger",
             report->has_ledger ? make_ledger(builder, &group->ledger) : NULL);
    json_add(builder, object, "traceback",
             by == GROUP_TRACEBACK ? make_traceback(builder, report, group) : NULL);
    return object;
}

static struct json_object *make_statistics(struct json_builder *builder,
                                           const struct report *report,
                                           const struct report_table *table)
{
    struct json_object *array = json_checked(builder, json_object_new_array());
    for (size_t i = 0; table != NULL && i < table->shown; i++) {
        json_append(builder, array, make_statistic(builder, report, &table->groups[i]));
    }
    return array;
}

/* Some number of blocks, as a statistic has them. */
static struct json_object *make_sum(struct json_builder *builder, const struct report *report,
                                    const struct statistic_sum *sum)
{
    struct json_object *object = json_checked(builder, json_object_new_object());
    json_add(builder, object, "size", json_number(builder, sum->size));
    json_add(builder, object, "count", json_number(builder, sum->count));
    add_differences(builder, object, report, sum);
    return object;
}

/* What --growth says of a table. */
static struct json_object *make_growth_sum(struct json_builder *builder,
                                           const struct report *report,
                                           const struct report_growth *growth)
{
    struct json_object *object = json_checked(builder, json_object_new_object());
    struct json_object *steady = make_sum(builder, report, &growth->steady);
    json_add(builder, steady, "groups", json_number(builder, growth->steady.groups));
    json_add(builder, object, "groups", json_number(builder, growth->groups));
    json_add(builder, object, "bytes_per_s", json_seconds(builder, growth->bytes_per_s, 3));
    json_add(builder, object, "steady", steady);
    return object;
}

/* Put a table's fields into @object. */
static void add_table(struct json_builder *builder, struct json_object *object,
                      const struct report *report, const struct report_table *table)
{
    json_add(builder, object, "moment", json_text(builder, table != NULL ? table->moment : NULL));
    json_add(builder, object, "statistics", make_statistics(builder, report, table));
    json_add(builder, object, "compared_to",
             json_text(builder, table != NULL ? table->old_moment : NULL));
    if (table == NULL) {
        json_add(builder, object, "growth", NULL);
        json_add(builder, object, "suppressed", NULL);
        json_add(builder, object, "other", NULL);
        json_add(builder, object, "total", NULL);
        return;
    }
    json_add(builder, object, "growth",
             report->has_growth ? make_growth_sum(builder, report, &table->growth) : NULL);
    struct json_object *other = make_sum(builder, report, &table->rest);
    json_add(builder, other, "groups", json_number(builder, table->rest.groups));
    json_add(builder, object, "other", other);
    struct json_object *suppressed = json_checked(builder, json_object_new_object());
    json_add(builder, suppressed, "size", json_number(builder, table->suppressed_size));
    json_add(builder, suppressed, "count", json_number(builder, table->suppressed_count));
    json_add(builder, object, "suppressed", suppressed);
    const struct statistic_sum total = {0, table->size, table->count, table->old_size,
                                        table->old_count};
    json_add(builder, object, "total", make_sum(builder, report, &total));
}

static struct json_object *make_snapshot(struct json_builder *builder,
                                         const struct snapshot *snapshot, const char *file)
{
    double seconds = (double)snapshot->tick / TRACE_TICKS_PER_SECOND;
    struct json_object *object = json_checked(builder, json_object_new_object());
    json_add(builder, object, "file", json_text(builder, file));
    json_add(builder, object, "number", known_number(builder, snapshot->number));
    json_add(builder, object, "name", json_text(builder, snapshot->name));
    json_add(builder, object, "time_s", json_seconds(builder, seconds, 3));
    json_add(builder, object, "live_bytes", json_number(builder, snapshot->live_bytes));
    json_add(builder, object, "live_blocks", json_number(builder, snapshot->live_blocks));
    json_add(builder, object, "rss_bytes", known_number(builder, snapshot->resident_bytes));
    return object;
}

static struct json_object *make_snapshots(struct json_builder *builder, const struct report *report)
{
    struct json_object *array = json_checked(builder, json_object_new_array());
    if (report->is_each_snapshot) {
        for (size_t i = 0; i < report->table_count; i++) {
            const struct report_table *table = &report->tables[i];
            struct json_object *object = make_snapshot(builder, table->snapshot, table->trace);
            add_table(builder, object, report, table);
            json_append(builder, array, object);
        }
        return array;
    }
    for (size_t t = 0; t < report->trace_count; t++) {
        const struct report_trace *trace = &report->traces[t];
        for (size_t i = 0; i < trace->snapshot_count; i++) {
            json_append(builder, array, make_snapshot(builder, &trace->snapshots[i], trace->file));
        }
        if (report->kind == REPORT_SNAPSHOTS) {
            json_append(builder, array, make_snapshot(builder, &trace->at_end, trace->file));
        }
    }
    return array;
}

static struct json_object *make_annotated(struct json_builder *builder, const struct report *report,
                                          struct source_lines *sources)
{
    struct json_object *array = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < report->line_count; i++) {
        const struct annotate_line *line = &report->lines[i];
        const char *contents = source_line_whole(sources, line->file, line->line);
        struct json_object *object = json_checked(builder, json_object_new_object());
        json_add(builder, object, "file", json_text(builder, line->file));
        json_add(builder, object, "line", json_number(builder, line->line));
        json_add(builder, object, "mem_usage", json_number(builder, line->mem_usage));
        json_add(builder, object, "increment", json_number(builder, line->increment));
        json_add(builder, object, "occurrences", json_number(builder, line->occurrences));
        json_add(builder, object, "contents", json_text(builder, contents));
        json_append(builder, array, object);
    }
    return array;
}

static struct json_object *make_level(struct json_builder *builder, int64_t level)
{
    return json_number(builder, level > 0 ? (uint64_t)level : 0);
}

static struct json_object *make_timeline(struct json_builder *builder, const struct report *report)
{
    struct json_object *array = json_checked(builder, json_object_new_array());
    for (size_t t = 0; t < report->trace_count; t++) {
        const struct timeline *timeline = report->traces[t].timeline;
        for (size_t i = 0; i < timeline->count; i++) {
            const struct timeline_level *point = &timeline->points[i];
            double seconds = (double)timeline_tick(timeline, i) / TRACE_TICKS_PER_SECOND;
            struct json_object *object = json_checked(builder, json_object_new_object());
            json_add(builder, object, "file", json_text(builder, report->traces[t].file));
            json_add(builder, object, "s", json_seconds(builder, seconds, 3));
            json_add(builder, object, "live_bytes", make_level(builder, point->live_bytes));
            json_add(builder, object, "live_blocks", make_level(builder, point->live_blocks));
            json_add(builder, object, "peak_bytes", make_level(builder, point->peak_bytes));
            json_add(builder, object, "peak_blocks", make_level(builder, point->peak_blocks));
            json_add(builder, object, "rss_bytes", known_number(builder, point->resident_bytes));
            json_add(builder, object, "peak_rss_bytes",
                     known_number(builder, point->peak_resident_bytes));
            json_append(builder, array, object);
        }
    }
    return array;
}

static struct json_object *make_report(struct json_builder *builder, const struct report *report,
                                       struct source_lines *sources)
{
    bool is_table = report->kind == REPORT_TABLES && !report->is_each_snapshot;
    const struct report_table *table = is_table && report->table_count > 0 ? report->tables : NULL;
    struct json_object *object = json_checked(builder, json_object_new_object());
    struct json_object *traces = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < report->trace_count; i++) {
        json_append(builder, traces, make_trace(builder, &report->traces[i]));
    }
    json_add(builder, object, "trace",
             report->trace_count > 0 ? make_trace(builder, &report->traces[0]) : NULL);
    json_add(builder, object, "traces", traces);
    json_add(builder, object, "summary", make_summary(builder, report));
    json_add(builder, object, "by", json_text(builder, report_by_name(report->by)));
    json_add(builder, object, "metric", json_text(builder, report_metric_name(report->metric)));
    add_table(builder, object, report, table);
    json_add(builder, object, "snapshots", make_snapshots(builder, report));
    bool is_annotated = report->kind == REPORT_ANNOTATE;
    json_add(builder, object, "annotate",
             is_annotated ? make_annotated(builder, report, sources) : NULL);
    bool has_heap = report_is_heap(report->kind) && report->heap != NULL;
    json_add(builder, object, "heap", has_heap ? render_heap_json(builder, report) : NULL);
    bool has_timeline = report->kind == REPORT_TIMELINE;
    json_add(builder, object, "timeline", has_timeline ? make_timeline(builder, report) : NULL);
    return object;
}

enum trace_status render_json(FILE *out, const struct report *reports, size_t count,
                              const struct render_options *options, struct trace_error *error)
{
    struct json_builder builder = {false};
    struct json_object *root = NULL;
    struct source_lines *sources = source_lines_new();
    if (sources == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for lines of source");
    }
    if (options->is_each_file) {
        root = json_checked(&builder, json_object_new_array());
        for (size_t i = 0; i < count; i++) {
            json_append(&builder, root, make_report(&builder, &reports[i], sources));
        }
    } else {
        root = make_report(&builder, &reports[0], sources);
    }
    const char *text = NULL;
    if (!builder.is_out_of_memory) {
        text =
            json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                     JSON_C_TO_STRING_NOSLASHESCAPE);
    }
    if (text != NULL) {
        (void)fputs(text, out);
        (void)fputc('\n', out);
    }
    json_object_put(root);
    source_lines_free(sources);
    return text != NULL ? TRACE_OK
                        : trace_fail(error, TRACE_NOMEM, 0, "no memory for the report as JSON");
}
