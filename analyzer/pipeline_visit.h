/*
 * What is done when the replay of a trace has come to the moment asked for: blocks are counted into
 * the report. Each is a replay_visit whose context is the passage.
 */
#ifndef ANALYZER_PIPELINE_VISIT_H
#define ANALYZER_PIPELINE_VISIT_H

#include "pipeline_passage.h"

/* Count into the tables, and save what is counted if that is asked for. */
enum trace_status visit_tables(void *context, const struct replay *replay,
                               struct trace_error *error) TRACE_CHECKED;

/* Count what the table is compared with, which comes after the table itself. */
enum trace_status visit_compared(void *context, const struct replay *replay,
                                 struct trace_error *error) TRACE_CHECKED;

/* Count for --annotate. */
enum trace_status visit_annotate(void *context, const struct replay *replay,
                                 struct trace_error *error) TRACE_CHECKED;

/* Write sites, stacks and frames into the database. */
enum trace_status visit_database(void *context, const struct replay *replay,
                                 struct trace_error *error) TRACE_CHECKED;

#endif
