/*
 * Reports for programs: one object, or an array of them with --each-file. Every field is there,
 * null where its value is not known. json-c escapes; what is not UTF-8 is replaced before.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "render.h"
#include "safe_text.h"
#include "source_line.h"

/*
 * A tree being built. json-c returns NULL for "no memory" and for null alike, so what must not be
 * NULL is checked here, once, and remembered.
 */
struct builder {
    bool is_out_of_memory;
};

static void add(struct builder *builder, struct json_object *object, const char *key,
                struct json_object *value)
{
    if (object == NULL || json_object_object_add(object, key, value) != 0) {
        builder->is_out_of_memory = true;
        json_object_put(value);
    }
}

static struct json_object *checked(struct builder *builder, struct json_object *value)
{
    builder->is_out_of_memory = builder->is_out_of_memory || value == NULL;
    return value;
}

static void append(struct builder *builder, struct json_object *array, struct json_object *value)
{
    if (array == NULL || json_object_array_add(array, value) != 0) {
        builder->is_out_of_memory = true;
        json_object_put(value);
    }
}

/* A string in which bytes that are not UTF-8 have become U+FFFD; null for NULL. */
static struct json_object *make_text(struct builder *builder, const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    if (text == NULL) {
        return NULL;
    }
    char *valid = malloc(strlen(text) * (sizeof replacement - 1) + 1);
    if (valid == NULL) {
        return checked(builder, NULL);
    }
    char *to = valid;
    while (*text != '\0') {
        size_t length = safe_text_character(text);
        const char *from = length > 0 ? text : replacement;
        size_t copied = length > 0 ? length : sizeof replacement - 1;
        memcpy(to, from, copied);
        to += copied;
        text += length > 0 ? length : 1;
    }
    *to = '\0';
    struct json_object *value = checked(builder, json_object_new_string(valid));
    free(valid);
    return value;
}

static struct json_object *make_number(struct builder *builder, uint64_t number)
{
    return checked(builder, json_object_new_uint64(number));
}

static struct json_object *make_seconds(struct builder *builder, double seconds, int decimals)
{
    char text[400];
    (void)snprintf(text, sizeof text, "%.*f", decimals, seconds);
    return checked(builder, json_object_new_double_s(seconds, text));
}

static struct json_object *make_ticks(struct builder *builder, uint32_t ticks)
{
    return make_seconds(builder, (double)ticks / TRACE_TICKS_PER_SECOND, 3);
}

static struct json_object *make_trace(struct builder *builder, const struct report_trace *trace)
{
    static const char *const ends[] = {
        [REPORT_END_EXIT] = "exit",       [REPORT_END_QUICK] = "quick_exit",
        [REPORT_END_EXEC] = "exec",       [REPORT_END_STOPPED] = "stopped",
        [REPORT_END_RUNNING] = "running", [REPORT_END_UNTOLD] = NULL,
    };
    struct json_object *object = checked(builder, json_object_new_object());
    add(builder, object, "file", make_text(builder, trace->file));
    add(builder, object, "pid", make_number(builder, trace->pid));
    add(builder, object, "parent_pid", make_number(builder, trace->parent_pid));
    add(builder, object, "program", make_text(builder, trace->program));
    struct json_object *arguments = NULL;
    if (trace->program != NULL) {
        arguments = checked(builder, json_object_new_array());
        for (size_t i = 0; i < trace->argument_count; i++) {
            append(builder, arguments, make_text(builder, trace->arguments[i]));
        }
    }
    add(builder, object, "arguments", arguments);
    add(builder, object, "directory", make_text(builder, trace->directory));
    add(builder, object, "host", make_text(builder, trace->host));
    add(builder, object, "allocator", make_text(builder, trace->allocator));
    add(builder, object, "start", make_seconds(builder, trace->start_s, 6));
    add(builder, object, "duration_s", make_seconds(builder, trace->duration_s, 3));
    add(builder, object, "end", make_text(builder, ends[trace->end]));
    return object;
}

static struct json_object *make_summary(struct builder *builder, const struct report *report)
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
        {"bytes_allocated", totals->bytes_allocated},
        {"bytes_freed", totals->bytes_freed},
        {"live_bytes", totals->live_bytes},
        {"live_blocks", totals->live_blocks},
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
    };
    struct json_object *object = checked(builder, json_object_new_object());
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        add(builder, object, fields[i].name, make_number(builder, fields[i].number));
    }
    // Peaks of several processes have no time in common.
    bool has_time = report->trace_count == 1;
    add(builder, object, "peak_s", has_time ? make_seconds(builder, totals->peak_s, 3) : NULL);
    struct json_object *notes = checked(builder, json_object_new_array());
    for (size_t i = 0; i < report->note_count; i++) {
        append(builder, notes, make_text(builder, report->notes[i]));
    }
    add(builder, object, "notes", notes);
    return object;
}

static struct json_object *make_line(struct builder *builder, const struct frame *frame)
{
    bool has_line = frame != NULL && frame->has_line && frame->line != 0;
    return has_line ? make_number(builder, frame->line) : NULL;
}

static struct json_object *make_traceback(struct builder *builder, const struct report *report,
                                          const struct group *group)
{
    size_t first = 0;
    size_t count = render_traceback_range(report, group, &first);
    struct json_object *array = checked(builder, json_object_new_array());
    for (size_t i = 0; i < count; i++) {
        size_t at = report->is_most_recent_first ? first + i : first + count - 1 - i;
        const struct frame *frame = group->traceback[at];
        struct json_object *object = checked(builder, json_object_new_object());
        add(builder, object, "place", make_text(builder, frame->place));
        add(builder, object, "file", make_text(builder, frame->file));
        add(builder, object, "line", make_line(builder, frame));
        add(builder, object, "function", make_text(builder, frame->function));
        add(builder, object, "module", make_text(builder, frame->module));
        add(builder, object, "inlined",
            checked(builder, json_object_new_boolean(frame->is_inlined)));
        append(builder, array, object);
    }
    return array;
}

static struct json_object *make_key(struct builder *builder, const struct group *group)
{
    char line[16] = "";
    if (group->has_line) {
        (void)snprintf(line, sizeof line, ":%u", group->line);
    }
    size_t length = strlen(group->name) + sizeof line;
    char *text = malloc(length);
    if (text == NULL) {
        return checked(builder, NULL);
    }
    (void)snprintf(text, length, "%s%s", group->name, line);
    struct json_object *key = make_text(builder, text);
    free(text);
    return key;
}

static struct json_object *make_difference(struct builder *builder, uint64_t number, uint64_t old)
{
    // Modulo 2^64, so that what fits comes out right.
    return checked(builder, json_object_new_int64((int64_t)(number - old)));
}

/* What --compare-to adds to the numbers of some blocks; null without it. */
static void add_differences(struct builder *builder, struct json_object *object,
                            const struct report *report, const struct statistic_sum *sum)
{
    bool is_compared = report->is_compared;
    add(builder, object, "size_diff",
        is_compared ? make_difference(builder, sum->size, sum->old_size) : NULL);
    add(builder, object, "count_diff",
        is_compared ? make_difference(builder, sum->count, sum->old_count) : NULL);
}

/* Levels are those of the last trace. */
static struct json_object *make_growth(struct builder *builder, const struct growth_summary *growth)
{
    struct json_object *object = checked(builder, json_object_new_object());
    bool has_free = growth->freed_inside + growth->freed_later > 0;
    add(builder, object, "bytes_per_s", make_seconds(builder, growth->bytes_per_s, 3));
    add(builder, object, "least_bytes_per_s", make_seconds(builder, growth->least_bytes_per_s, 3));
    add(builder, object, "rises", make_number(builder, growth->rises));
    add(builder, object, "steps", make_number(builder, growth->steps));
    add(builder, object, "born", make_number(builder, growth->born));
    add(builder, object, "freed_inside", make_number(builder, growth->freed_inside));
    add(builder, object, "freed_later", make_number(builder, growth->freed_later));
    add(builder, object, "last_free_s", has_free ? make_ticks(builder, growth->last_free) : NULL);
    add(builder, object, "jumps", make_number(builder, growth->jumps));
    add(builder, object, "jump_bytes", make_number(builder, growth->jump_bytes));
    struct json_object *levels = checked(builder, json_object_new_array());
    for (size_t i = 0; i < GROWTH_SAMPLES; i++) {
        append(builder, levels, checked(builder, json_object_new_int64(growth->levels[i])));
    }
    add(builder, object, "levels", levels);
    return object;
}

static struct json_object *make_statistic(struct builder *builder, const struct report *report,
                                          const struct group *group)
{
    const struct frame *frame = group->frame;
    enum group_by by = report->by;
    // What all blocks of the group have in common; the rest is not known.
    bool is_line = by == GROUP_LINENO || by == GROUP_TRACEBACK;
    bool has_file = frame != NULL && by != GROUP_MODULE;
    bool has_function = frame != NULL && (is_line || by == GROUP_FUNCTION);
    struct json_object *object = checked(builder, json_object_new_object());
    add(builder, object, "key", make_key(builder, group));
    add(builder, object, "file", make_text(builder, has_file ? frame->file : NULL));
    add(builder, object, "line", is_line ? make_line(builder, frame) : NULL);
    add(builder, object, "function", make_text(builder, has_function ? frame->function : NULL));
    add(builder, object, "module", make_text(builder, frame != NULL ? frame->module : NULL));
    add(builder, object, "size", make_number(builder, group->size));
    add(builder, object, "count", make_number(builder, group->count));
    const struct statistic_sum sum = {0, group->size, group->count, group->old_size,
                                      group->old_count};
    add_differences(builder, object, report, &sum);
    double average = group->count > 0 ? (double)group->size / (double)group->count : 0;
    add(builder, object, "average",
        group->count > 0 ? checked(builder, json_object_new_double(average)) : NULL);
    bool has_ages = group->ages.blocks > 0;
    add(builder, object, "median_lifetime_s",
        has_ages ? make_ticks(builder, group->ages.median) : NULL);
    add(builder, object, "longest_lifetime_s",
        has_ages ? make_ticks(builder, group->ages.longest) : NULL);
    add(builder, object, "growth",
        report->has_growth ? make_growth(builder, &group->growth) : NULL);
    add(builder, object, "traceback",
        by == GROUP_TRACEBACK ? make_traceback(builder, report, group) : NULL);
    return object;
}

static struct json_object *make_statistics(struct builder *builder, const struct report *report,
                                           const struct report_table *table)
{
    struct json_object *array = checked(builder, json_object_new_array());
    for (size_t i = 0; table != NULL && i < table->shown; i++) {
        append(builder, array, make_statistic(builder, report, &table->groups[i]));
    }
    return array;
}

/* Some number of blocks, as a statistic has them. */
static struct json_object *make_sum(struct builder *builder, const struct report *report,
                                    const struct statistic_sum *sum)
{
    struct json_object *object = checked(builder, json_object_new_object());
    add(builder, object, "size", make_number(builder, sum->size));
    add(builder, object, "count", make_number(builder, sum->count));
    add_differences(builder, object, report, sum);
    return object;
}

/* What --growth says of a table. */
static struct json_object *make_growth_sum(struct builder *builder, const struct report *report,
                                           const struct report_growth *growth)
{
    struct json_object *object = checked(builder, json_object_new_object());
    struct json_object *steady = make_sum(builder, report, &growth->steady);
    add(builder, steady, "groups", make_number(builder, growth->steady.groups));
    add(builder, object, "groups", make_number(builder, growth->groups));
    add(builder, object, "bytes_per_s", make_seconds(builder, growth->bytes_per_s, 3));
    add(builder, object, "steady", steady);
    return object;
}

/* Put a table's fields into @object. */
static void add_table(struct builder *builder, struct json_object *object,
                      const struct report *report, const struct report_table *table)
{
    add(builder, object, "moment", make_text(builder, table != NULL ? table->moment : NULL));
    add(builder, object, "statistics", make_statistics(builder, report, table));
    add(builder, object, "compared_to",
        make_text(builder, table != NULL ? table->old_moment : NULL));
    if (table == NULL) {
        add(builder, object, "growth", NULL);
        add(builder, object, "suppressed", NULL);
        add(builder, object, "other", NULL);
        add(builder, object, "total", NULL);
        return;
    }
    add(builder, object, "growth",
        report->has_growth ? make_growth_sum(builder, report, &table->growth) : NULL);
    struct json_object *other = make_sum(builder, report, &table->rest);
    add(builder, other, "groups", make_number(builder, table->rest.groups));
    add(builder, object, "other", other);
    struct json_object *suppressed = checked(builder, json_object_new_object());
    add(builder, suppressed, "size", make_number(builder, table->suppressed_size));
    add(builder, suppressed, "count", make_number(builder, table->suppressed_count));
    add(builder, object, "suppressed", suppressed);
    const struct statistic_sum total = {0, table->size, table->count, table->old_size,
                                        table->old_count};
    add(builder, object, "total", make_sum(builder, report, &total));
}

static struct json_object *make_snapshot(struct builder *builder, const struct snapshot *snapshot,
                                         const char *file)
{
    double seconds = (double)snapshot->tick / TRACE_TICKS_PER_SECOND;
    struct json_object *object = checked(builder, json_object_new_object());
    add(builder, object, "file", make_text(builder, file));
    add(builder, object, "number", make_number(builder, snapshot->number));
    add(builder, object, "name", make_text(builder, snapshot->name));
    add(builder, object, "time_s", make_seconds(builder, seconds, 3));
    add(builder, object, "live_bytes", make_number(builder, snapshot->live_bytes));
    add(builder, object, "live_blocks", make_number(builder, snapshot->live_blocks));
    return object;
}

static struct json_object *make_snapshots(struct builder *builder, const struct report *report)
{
    struct json_object *array = checked(builder, json_object_new_array());
    if (report->is_each_snapshot) {
        for (size_t i = 0; i < report->table_count; i++) {
            const struct report_table *table = &report->tables[i];
            struct json_object *object = make_snapshot(builder, table->snapshot, table->trace);
            add_table(builder, object, report, table);
            append(builder, array, object);
        }
        return array;
    }
    for (size_t t = 0; t < report->trace_count; t++) {
        const struct report_trace *trace = &report->traces[t];
        for (size_t i = 0; i < trace->snapshot_count; i++) {
            append(builder, array, make_snapshot(builder, &trace->snapshots[i], trace->file));
        }
    }
    return array;
}

static struct json_object *make_annotated(struct builder *builder, const struct report *report,
                                          struct source_lines *sources)
{
    struct json_object *array = checked(builder, json_object_new_array());
    for (size_t i = 0; i < report->line_count; i++) {
        const struct annotate_line *line = &report->lines[i];
        const char *contents = source_line_whole(sources, line->file, line->line);
        struct json_object *object = checked(builder, json_object_new_object());
        add(builder, object, "file", make_text(builder, line->file));
        add(builder, object, "line", make_number(builder, line->line));
        add(builder, object, "mem_usage", make_number(builder, line->mem_usage));
        add(builder, object, "increment", make_number(builder, line->increment));
        add(builder, object, "occurrences", make_number(builder, line->occurrences));
        add(builder, object, "contents", make_text(builder, contents));
        append(builder, array, object);
    }
    return array;
}

static struct json_object *make_level(struct builder *builder, int64_t level)
{
    return make_number(builder, level > 0 ? (uint64_t)level : 0);
}

static struct json_object *make_timeline(struct builder *builder, const struct report *report)
{
    struct json_object *array = checked(builder, json_object_new_array());
    for (size_t t = 0; t < report->trace_count; t++) {
        const struct timeline *timeline = report->traces[t].timeline;
        for (size_t i = 0; i < timeline->count; i++) {
            const struct timeline_level *point = &timeline->points[i];
            double seconds = (double)timeline_tick(timeline, i) / TRACE_TICKS_PER_SECOND;
            struct json_object *object = checked(builder, json_object_new_object());
            add(builder, object, "file", make_text(builder, report->traces[t].file));
            add(builder, object, "s", make_seconds(builder, seconds, 3));
            add(builder, object, "live_bytes", make_level(builder, point->live_bytes));
            add(builder, object, "live_blocks", make_level(builder, point->live_blocks));
            add(builder, object, "peak_bytes", make_level(builder, point->peak_bytes));
            add(builder, object, "peak_blocks", make_level(builder, point->peak_blocks));
            append(builder, array, object);
        }
    }
    return array;
}

static struct json_object *make_report(struct builder *builder, const struct report *report,
                                       struct source_lines *sources)
{
    bool is_table = report->kind == REPORT_TABLES && !report->is_each_snapshot;
    const struct report_table *table = is_table && report->table_count > 0 ? report->tables : NULL;
    struct json_object *object = checked(builder, json_object_new_object());
    struct json_object *traces = checked(builder, json_object_new_array());
    for (size_t i = 0; i < report->trace_count; i++) {
        append(builder, traces, make_trace(builder, &report->traces[i]));
    }
    add(builder, object, "trace",
        report->trace_count > 0 ? make_trace(builder, &report->traces[0]) : NULL);
    add(builder, object, "traces", traces);
    add(builder, object, "summary", make_summary(builder, report));
    add(builder, object, "by", make_text(builder, report_by_name(report->by)));
    add(builder, object, "metric", make_text(builder, report_metric_name(report->metric)));
    add_table(builder, object, report, table);
    add(builder, object, "snapshots", make_snapshots(builder, report));
    bool is_annotated = report->kind == REPORT_ANNOTATE;
    add(builder, object, "annotate",
        is_annotated ? make_annotated(builder, report, sources) : NULL);
    bool has_timeline = report->kind == REPORT_TIMELINE;
    add(builder, object, "timeline", has_timeline ? make_timeline(builder, report) : NULL);
    return object;
}

enum trace_status render_json(FILE *out, const struct report *reports, size_t count,
                              const struct render_options *options, struct trace_error *error)
{
    struct builder builder = {false};
    struct json_object *root = NULL;
    struct source_lines *sources = source_lines_new();
    if (sources == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for lines of source");
    }
    if (options->is_each_file) {
        root = checked(&builder, json_object_new_array());
        for (size_t i = 0; i < count; i++) {
            append(&builder, root, make_report(&builder, &reports[i], sources));
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
