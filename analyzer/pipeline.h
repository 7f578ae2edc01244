/*
 * The order of the stages: reader, replay, symbols, attribution, groups, report. main.c starts one,
 * puts traces through it, and takes the report.
 */
#ifndef ANALYZER_PIPELINE_H
#define ANALYZER_PIPELINE_H

#include "error.h"
#include "options.h"
#include "report.h"

struct pipeline; /* names, symbols and frames, shared by all traces */

/* @options: must outlive the pipeline. */
enum trace_status pipeline_new(const struct options *options, struct pipeline **ret_pipeline,
                               struct trace_error *error) TRACE_CHECKED;
void pipeline_free(struct pipeline *pipeline);

/* An empty report of the kind that the options ask for. It must not outlive the pipeline. */
struct report pipeline_report(const struct pipeline *pipeline);

/*
 * Put one trace through all stages, into @report.
 * Errors: what is wrong with the file; TRACE_NOT_FOUND if it does not have the snapshot asked for:
 * the rest of the report is then made, and @error says which snapshots there are.
 */
enum trace_status pipeline_add(struct pipeline *pipeline, const char *path, struct report *report,
                               struct trace_error *error) TRACE_CHECKED;

/*
 * Bring in the trace that --compare-to names, sort the tables, sum up, make the notes. Nothing is
 * added afterwards.
 */
enum trace_status pipeline_finish(struct pipeline *pipeline, struct report *report,
                                  struct trace_error *error) TRACE_CHECKED;

/*
 * Say what would give lines to frames that have none in a report's tables.
 * @module: a number to start from, 0 at first; changed to where to go on.
 * @ret_path: the module that is meant.
 * Return: one line, or NULL when there is nothing more to say.
 */
const char *pipeline_advice(const struct pipeline *pipeline, const struct report *report,
                            size_t *module, const char **ret_path);

#endif
