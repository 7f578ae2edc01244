/* See pipeline_compare.h. */
#include "pipeline_compare.h"

#include "pipeline_visit.h"
#include "pipeline_watch.h"
#include "saved_statistics.h"
#include "tally.h"

enum trace_status compare_replay(struct passage *passage, const struct moment *moment,
                                 struct trace_error *error)
{
    struct replay replay = {0};
    const struct damage damage = passage->reader.damage;
    enum trace_status status =
        pipeline_watch_again(&passage->watch, passage->pipeline->options, &passage->reader, error);
    if (status == TRACE_OK) {
        status = passage_replay(passage, moment, visit_compared, &replay, error);
    }
    passage->reader.damage = damage; // it has been counted
    replay_fini(&replay);
    return status;
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

enum trace_status compare_file(struct pipeline *pipeline, struct report *report,
                               struct trace_error *error)
{
    const struct options *options = pipeline->options;
    struct passage passage = {.pipeline = pipeline, .report = report};
    if (saved_statistics_are_in(options->compared_file)) {
        return add_saved(pipeline, report, error);
    }
    enum trace_status status = passage_open(&passage, options->compared_file, error);
    if (status == TRACE_OK) {
        status = compare_replay(&passage, &options->at, error);
    }
    passage_close(&passage);
    return status;
}
