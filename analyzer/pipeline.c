/* See pipeline.h: what a run shares, and a trace's way through the stages. */
#include "pipeline.h"

#include <stdlib.h>
#include <unistd.h>

#include "allocator_report.h"
#include "heap_analysis.h"
#include "module_report.h"
#include "picture.h"
#include "pipeline_compare.h"
#include "pipeline_passage.h"
#include "pipeline_visit.h"
#include "pipeline_watch.h"
#include "render.h"
#include "summary.h"

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

enum trace_status pipeline_add(struct pipeline *pipeline, const char *path, struct report *report,
                               struct trace_error *error)
{
    static const replay_visit visits[] = {
        [REPORT_TABLES] = visit_tables,
        [REPORT_ANNOTATE] = visit_annotate,
        [REPORT_DATABASE] = visit_database,
        [REPORT_WHY] = NULL, // the last one: the others have nothing to count at a moment
    };
    const struct options *options = pipeline->options;
    struct passage passage = {.pipeline = pipeline, .report = report};
    struct replay replay = {0};
    enum trace_status missed = TRACE_OK;
    enum trace_status status = passage_open(&passage, path, error);
    if (status == TRACE_OK) {
        status = pipeline_watch_start(&passage.watch, options, &passage.reader, report, error);
    }
    if (status == TRACE_OK) {
        status = passage_replay(&passage, &options->at, visits[options->kind], &replay, error);
    }
    if (status == TRACE_OK && report->is_compared && options->compared_file == NULL) {
        status = compare_replay(&passage, &options->compared, error);
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
    passage_close(&passage);
    return status != TRACE_OK ? status : missed;
}

enum trace_status pipeline_finish(struct pipeline *pipeline, struct report *report,
                                  struct trace_error *error)
{
    size_t unresolved = 0;
    if (pipeline->options->compared_file != NULL && report->table_count > 0) {
        enum trace_status status = compare_file(pipeline, report, error);
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
