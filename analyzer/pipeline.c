/*
 * One trace at a time: it is opened, replayed, counted into the tables and closed again. What
 * outlives it are names, frames and groups.
 */
#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocator_report.h"
#include "attribute.h"
#include "database.h"
#include "frame_table.h"
#include "heap_analysis.h"
#include "module_report.h"
#include "modules.h"
#include "moment_label.h"
#include "picture.h"
#include "pipeline_watch.h"
#include "progress.h"
#include "reader.h"
#include "render.h"
#include "replay.h"
#include "saved_statistics.h"
#include "strings.h"
#include "summary.h"
#include "symbolize.h"
#include "tally.h"

struct pipeline {
    const struct options *options;
    struct strings *strings;
    struct symbolizer *symbolizer;
    struct module_table *modules;
    struct frame_table *frames;
    struct statistics_writer *writer; /* of --save-statistics; NULL until there is a trace */
    struct heap_roots *roots;         /* names of heap pictures' roots */
};

/* One trace on its way. */
struct passage {
    struct pipeline *pipeline;
    struct report *report;
    struct reader reader;
    struct attribution attribution;
    uint32_t *modules;
    struct replay_watch watch;
    const struct moment *moment; /* that is asked for */
    bool is_visited;             /* it has come */
    bool is_open;
};

enum trace_status pipeline_new(const struct options *options, struct pipeline **ret_pipeline,
                               struct trace_error *error)
{
    char directory[TRACE_PATH_BYTES];
    const char *known = getcwd(directory, sizeof directory);
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory to start with");
    }
    pipeline->options = options;
    pipeline->strings = strings_new();
    pipeline->symbolizer = symbolizer_new(&options->symbols);
    if (pipeline->strings != NULL && pipeline->symbolizer != NULL) {
        pipeline->modules = module_table_new(pipeline->symbolizer, pipeline->strings);
    }
    if (pipeline->modules != NULL) {
        pipeline->frames = frame_table_new(pipeline->symbolizer, pipeline->modules,
                                           pipeline->strings, &options->rules, known);
    }
    if (pipeline->modules != NULL) {
        pipeline->roots = heap_roots_new(pipeline->symbolizer, pipeline->modules);
    }
    if (pipeline->frames == NULL || pipeline->roots == NULL) {
        pipeline_free(pipeline);
        return trace_fail(error, TRACE_NOMEM, 0, "no memory to start with");
    }
    *ret_pipeline = pipeline;
    return TRACE_OK;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (pipeline != NULL) {
        heap_roots_free(pipeline->roots);
        statistics_writer_free(pipeline->writer);
        frame_table_free(pipeline->frames);
        module_table_free(pipeline->modules);
        symbolizer_free(pipeline->symbolizer);
        strings_free(pipeline->strings);
        free(pipeline);
    }
}

struct report pipeline_report(const struct pipeline *pipeline)
{
    const struct options *options = pipeline->options;
    return (struct report){
        .kind = options->kind,
        .by = options->tally.by,
        .metric = options->tally.metric,
        .sort = options->sort,
        .top = options->top,
        .has_limit = options->has_limit,
        .limit = options->limit,
        .is_most_recent_first = options->is_most_recent_first,
        .precision = options->precision,
        .is_each_snapshot = options->at.kind == MOMENT_EACH_SNAPSHOT,
        .is_compared = options->is_compared,
        .has_lifetimes = options->tally.has_lifetimes,
        .has_growth = options->tally.has_growth,
        .wants_ledger = options->tally.has_freers,
        .is_filtered = options->rules.include.count + options->rules.exclude.count +
                           options->rules.suppressions.count >
                       0,
    };
}

/* Save what is counted, if that is asked for. */
static enum trace_status save(struct passage *passage, const struct replay *replay,
                              const char *moment, struct trace_error *error)
{
    struct pipeline *pipeline = passage->pipeline;
    if (pipeline->options->statistics_file == NULL) {
        return TRACE_OK;
    }
    pipeline->writer = pipeline->writer != NULL ? pipeline->writer : statistics_writer_new();
    return pipeline->writer != NULL ? statistics_writer_add(pipeline->writer, replay,
                                                            &passage->attribution, moment, error)
                                    : trace_fail(error, TRACE_NOMEM, 0, "no memory for statistics");
}

/* The replay has come to the moment: count. */
static enum trace_status visit(void *context, const struct replay *replay,
                               struct trace_error *error)
{
    struct passage *passage = context;
    struct report_table *table =
        report_find_table(passage->report, replay, passage->moment, passage->reader.file.path,
                          passage->pipeline->strings);
    passage->is_visited = true;
    if (table == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for a table");
    }
    struct tally_rules rules = passage->pipeline->options->tally;
    if (rules.has_growth) {
        growth_finish(passage->watch.growth);
        table->growth.start_s =
            (double)growth_start_tick(passage->watch.growth) / TRACE_TICKS_PER_SECOND;
    }
    if (rules.has_freers) {
        passage->report->has_ledger =
            passage->report->has_ledger || freers_are_known(passage->watch.freers);
    }
    enum trace_status status = tally_blocks(replay, &passage->attribution, &rules, false,
                                            passage->pipeline->strings, table, error);
    if (status == TRACE_OK && rules.has_live) {
        rules.metric = REPORT_LIVE;
        status = tally_blocks(replay, &passage->attribution, &rules, true,
                              passage->pipeline->strings, table, error);
    }
    return status == TRACE_OK ? save(passage, replay, table->moment, error) : status;
}

/* The same for what the table is compared with, which comes after the table itself. */
static enum trace_status visit_old(void *context, const struct replay *replay,
                                   struct trace_error *error)
{
    struct passage *passage = context;
    struct report *report = passage->report;
    struct report_table *table = &report->tables[0];
    const struct options *options = passage->pipeline->options;
    const char *label = moment_label(passage->moment, replay, &report->arena);
    if (label != NULL && options->compared_file != NULL) {
        label = arena_format(&report->arena, "%s, at %s", options->compared_file, label);
    } else if (table->old_moment != NULL && moment_label_all(passage->moment) != NULL) {
        label = moment_label_all(passage->moment);
    }
    passage->is_visited = true;
    if (label == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for a table");
    }
    table->old_moment = label;
    return tally_blocks(replay, &passage->attribution, &options->tally, true,
                        passage->pipeline->strings, table, error);
}

/* The same for --annotate. */
static enum trace_status visit_annotate(void *context, const struct replay *replay,
                                        struct trace_error *error)
{
    struct passage *passage = context;
    struct report *report = passage->report;
    if (report->annotate == NULL) {
        report->annotate = annotate_new();
    }
    passage->is_visited = true;
    if (report->annotate == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for lines of source");
    }
    return annotate_trace(report->annotate, replay, passage->watch.levels, &passage->attribution,
                          passage->pipeline->options->tally.is_all_frames, error);
}

/* The same for a database. */
static enum trace_status visit_database(void *context, const struct replay *replay,
                                        struct trace_error *error)
{
    struct passage *passage = context;
    struct report *report = passage->report;
    enum trace_status status = TRACE_OK;
    growth_finish(passage->watch.growth);
    if (report->database == NULL) {
        status = database_new(&report->database, error);
    }
    passage->is_visited = true;
    return status == TRACE_OK ? database_add_sites(report->database, replay, &passage->attribution,
                                                   report->trace_count + 1, error)
                              : status;
}

/* Say that the snapshot asked for is not there, and which ones are. */
static enum trace_status miss_snapshot(const struct passage *passage, const struct replay *replay,
                                       struct trace_error *error)
{
    char known[256] = "";
    for (size_t i = 0; i < replay->snapshot_count; i++) {
        size_t used = strlen(known);
        if (used + 8 < sizeof known) {
            (void)snprintf(known + used, sizeof known - used, "%s#%zu %s", i > 0 ? ", " : "", i + 1,
                           replay->snapshots[i].name);
        }
    }
    return trace_fail(error, TRACE_NOT_FOUND, 0, "%s: has no snapshot \"%.64s\"; it has %s",
                      passage->reader.file.path, passage->moment->text,
                      replay->snapshot_count > 0 ? known : "none");
}

/*
 * Replay the trace up to a moment, and on to its end.
 * @visit_function: called at the moment; NULL if nothing is to be counted then.
 * Errors: TRACE_NOT_FOUND if there is no such snapshot; @ret_replay is made all the same.
 */
static enum trace_status replay_trace(struct passage *passage, const struct moment *moment,
                                      replay_visit visit_function, struct replay *ret_replay,
                                      struct trace_error *error)
{
    struct replay_watch *watch = &passage->watch;
    struct progress progress;
    passage->moment = moment;
    passage->is_visited = false;
    progress_start(&progress, "replaying", passage->reader.event_bytes);
    enum trace_status status =
        replay_run(&passage->reader, moment, visit_function, passage,
                   replay_watch_is_used(watch) ? watch : NULL, &progress, ret_replay, error);
    progress_finish(&progress);
    bool is_named = moment->kind == MOMENT_NUMBER || moment->kind == MOMENT_NAME;
    if (status == TRACE_OK && is_named && visit_function != NULL && !passage->is_visited) {
        status = miss_snapshot(passage, ret_replay, error);
    }
    return status;
}

/* Replay once more, and count what the table is compared with. */
static enum trace_status replay_old(struct passage *passage, const struct moment *moment,
                                    struct trace_error *error)
{
    struct replay replay = {0};
    const struct damage damage = passage->reader.damage;
    enum trace_status status =
        pipeline_watch_again(&passage->watch, passage->pipeline->options, &passage->reader, error);
    if (status == TRACE_OK) {
        status = replay_trace(passage, moment, visit_old, &replay, error);
    }
    passage->reader.damage = damage; // it has been counted
    replay_fini(&replay);
    return status;
}

/* Work out what the trace's heap picture says. */
static enum trace_status add_heap(struct passage *passage, struct trace_error *error)
{
    const struct options *options = passage->pipeline->options;
    struct report *report = passage->report;
    const struct heap_rules rules = {
        .has_retained = options->kind == REPORT_RETAINED,
        .top = options->top,
        .has_links = options->render == render_dot || options->render == render_json,
        .is_by_stack = group_has_traceback(report->by),
        .is_all_frames = options->tally.is_all_frames,
        .query = options->kind == REPORT_WHY ? &options->why : NULL,
        .growth = passage->watch.growth,
    };
    if (rules.growth != NULL) {
        growth_finish(passage->watch.growth);
    }
    if (report->heap == NULL) {
        report->heap = heap_report_new(report->by, passage->pipeline->strings);
    }
    if (report->heap == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for heap pictures");
    }
    bool is_replaced = passage->reader.file.header.end_state == TRACE_END_EXEC;
    if (is_replaced && options->file_count > 1 && picture_count(&passage->reader) == 0) {
        return TRACE_OK; // another program took over, whose trace is likely among the others
    }
    return heap_analysis_add(&passage->reader, &options->at, &passage->attribution,
                             passage->pipeline->roots, &rules, report->heap, error);
}

/* Put what is to be said of the trace as a whole into the report. */
static enum trace_status add_trace(struct passage *passage, const struct replay *replay,
                                   struct trace_error *error)
{
    struct report *report = passage->report;
    struct timeline *timeline = passage->watch.timeline;
    struct report_trace *trace = report_new_trace(report);
    if (trace == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for a trace");
    }
    enum trace_status status = summary_make(&passage->reader, replay, &report->arena, trace, error);
    if (timeline != NULL) {
        timeline_extend(timeline, (uint32_t)(trace->duration_s * TRACE_TICKS_PER_SECOND + 0.5));
        trace->timeline = timeline;
    }
    return status;
}

/* Open a trace and make it ready for being replayed; close_passage() in any case. */
static enum trace_status open_passage(struct passage *passage, const char *path,
                                      struct trace_error *error)
{
    struct pipeline *pipeline = passage->pipeline;
    passage->reader.file.fd = -1;
    enum trace_status status = reader_open(path, &passage->reader, error);
    if (status != TRACE_OK) {
        return status;
    }
    passage->is_open = true;
    status =
        module_table_add(pipeline->modules, &passage->reader.definitions, &passage->modules, error);
    if (status == TRACE_OK) {
        status = attribution_init(&passage->reader.definitions, passage->modules, pipeline->frames,
                                  &pipeline->options->rules, &passage->attribution, error);
    }
    return status;
}

static void close_passage(struct passage *passage)
{
    pipeline_watch_fini(&passage->watch);
    attribution_fini(&passage->attribution);
    free(passage->modules);
    if (passage->is_open) {
        reader_close(&passage->reader);
    }
}

enum trace_status pipeline_add(struct pipeline *pipeline, const char *path, struct report *report,
                               struct trace_error *error)
{
    static const replay_visit visits[] = {
        [REPORT_TABLES] = visit,
        [REPORT_ANNOTATE] = visit_annotate,
        [REPORT_DATABASE] = visit_database,
        [REPORT_WHY] = NULL, // the last one: the others have nothing to count at a moment
    };
    const struct options *options = pipeline->options;
    struct passage passage = {.pipeline = pipeline, .report = report};
    struct replay replay = {0};
    enum trace_status missed = TRACE_OK;
    enum trace_status status = open_passage(&passage, path, error);
    if (status == TRACE_OK) {
        status = pipeline_watch_start(&passage.watch, options, &passage.reader, report, error);
    }
    if (status == TRACE_OK) {
        status = replay_trace(&passage, &options->at, visits[options->kind], &replay, error);
    }
    if (status == TRACE_OK && report->is_compared && options->compared_file == NULL) {
        status = replay_old(&passage, &options->compared, error);
    }
    if (status == TRACE_NOT_FOUND) {
        missed = status;
        status = TRACE_OK;
    }
    if (status == TRACE_OK && report_is_heap(options->kind)) {
        missed = add_heap(&passage, error);
        status = missed == TRACE_NOT_FOUND ? TRACE_OK : missed;
    }
    if (status == TRACE_OK && options->kind == REPORT_SUMMARY) {
        status = attribution_prepare_all(&passage.attribution, error);
    }
    if (status == TRACE_OK) {
        status = add_trace(&passage, &replay, error);
    }
    replay_fini(&replay);
    close_passage(&passage);
    return status != TRACE_OK ? status : missed;
}

/* Count saved statistics as what the table is compared with. */
static enum trace_status add_saved(struct pipeline *pipeline, struct report *report,
                                   struct trace_error *error)
{
    const struct options *options = pipeline->options;
    struct report_table *table = &report->tables[0];
    struct saved_statistics saved;
    enum trace_status status = saved_statistics_load(options->compared_file, pipeline->frames,
                                                     &options->rules, &saved, error);
    if (status == TRACE_OK && options->tally.metric == REPORT_TEMPORARY &&
        saved.lifetimes == NULL) {
        status = trace_fail(error, TRACE_UNSUPPORTED, 0,
                            "%s: an earlier version saved it, without what was temporary",
                            options->compared_file);
    }
    if (status == TRACE_OK) {
        table->old_moment =
            arena_format(&report->arena, "%s, at %s", options->compared_file, saved.moment);
        status = table->old_moment == NULL
                     ? trace_fail(error, TRACE_NOMEM, 0, "no memory for a table")
                     : tally_blocks(&saved.replay, &saved.attribution, &options->tally, true,
                                    pipeline->strings, table, error);
    }
    saved_statistics_fini(&saved);
    return status;
}

/* Count the other trace that the table is compared with. */
static enum trace_status add_compared_file(struct pipeline *pipeline, struct report *report,
                                           struct trace_error *error)
{
    const struct options *options = pipeline->options;
    struct passage passage = {.pipeline = pipeline, .report = report};
    if (saved_statistics_are_in(options->compared_file)) {
        return add_saved(pipeline, report, error);
    }
    enum trace_status status = open_passage(&passage, options->compared_file, error);
    if (status == TRACE_OK) {
        status = replay_old(&passage, &options->at, error);
    }
    close_passage(&passage);
    return status;
}

enum trace_status pipeline_finish(struct pipeline *pipeline, struct report *report,
                                  struct trace_error *error)
{
    size_t unresolved = 0;
    if (pipeline->options->compared_file != NULL && report->table_count > 0) {
        enum trace_status status = add_compared_file(pipeline, report, error);
        if (status != TRACE_OK) {
            return status;
        }
    }
    if (pipeline->writer != NULL) {
        enum trace_status status =
            statistics_writer_finish(pipeline->writer, pipeline->options->statistics_file, error);
        if (status != TRACE_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < report->trace_count; i++) {
        report_add_totals(&report->totals, &report->traces[i].totals);
    }
    report_sort_tables(report);
    if (report->annotate != NULL) {
        report->lines = annotate_lines(report->annotate, &report->line_count);
    }
    if (report->heap != NULL) {
        heap_report_finish(report->heap);
    }
    report->resolved_frames = frame_table_count(pipeline->frames, &unresolved);
    report->unresolved_frames = unresolved;
    if (report->kind == REPORT_SUMMARY &&
        (module_report_make(pipeline->frames, pipeline->modules, pipeline->symbolizer, report) !=
             TRACE_OK ||
         allocator_report_make(pipeline->modules, report) != TRACE_OK)) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for the report");
    }
    return report_make_notes(report)
               ? TRACE_OK
               : trace_fail(error, TRACE_NOMEM, 0, "no memory for the report");
}

const char *pipeline_advice(const struct pipeline *pipeline, const struct report *report,
                            size_t *module, const char **ret_path)
{
    size_t count = module_table_count(pipeline->modules);
    while (*module < count) {
        uint32_t number = (uint32_t)(*module)++;
        const char *path = module_table_path(pipeline->modules, number);
        const char *advice = NULL;
        bool is_about_all = report->kind == REPORT_ANNOTATE && report->line_count == 0;
        if (is_about_all || report_lacks_lines(report, path)) {
            advice = symbolizer_warning(pipeline->symbolizer,
                                        module_table_symbols(pipeline->modules, number));
        }
        if (advice != NULL) {
            *ret_path = path;
            return advice;
        }
    }
    return NULL;
}
