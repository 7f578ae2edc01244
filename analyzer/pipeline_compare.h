/* What --compare-to names: another moment of a trace, another trace, or saved statistics. */
#ifndef ANALYZER_PIPELINE_COMPARE_H
#define ANALYZER_PIPELINE_COMPARE_H

#include "pipeline_passage.h"

/* Replay a trace once more, and count what the table is compared with at @moment. */
enum trace_status compare_replay(struct passage *passage, const struct moment *moment,
                                 struct trace_error *error) TRACE_CHECKED;

/* Count the file that the table is compared with: a trace, or what --save-statistics wrote. */
enum trace_status compare_file(struct pipeline *pipeline, struct report *report,
                               struct trace_error *error) TRACE_CHECKED;

#endif
