/* See pipeline_visit.h. */
#include "pipeline_visit.h"

#include "annotate.h"
#include "database.h"
#include "moment_label.h"
#include "tally.h"

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

enum trace_status visit_tables(void *context, const struct replay *replay,
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

enum trace_status visit_compared(void *context, const struct replay *replay,
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

enum trace_status visit_annotate(void *context, const struct replay *replay,
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

enum trace_status visit_database(void *context, const struct replay *replay,
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
