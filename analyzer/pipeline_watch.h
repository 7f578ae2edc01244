/* What the replay of one trace is to note beside its counters: it follows from the options. */
#ifndef ANALYZER_PIPELINE_WATCH_H
#define ANALYZER_PIPELINE_WATCH_H

#include "error.h"
#include "options.h"
#include "reader.h"
#include "replay_watch.h"
#include "report.h"

/*
 * @watch: all zero; pipeline_watch_fini() in any case.
 * @report: timelines are its own.
 */
enum trace_status pipeline_watch_start(struct replay_watch *watch, const struct options *options,
                                       struct reader *reader, struct report *report,
                                       struct trace_error *error) TRACE_CHECKED;

/* Start from nothing once more, for a second replay, with what a table's old blocks need. */
enum trace_status pipeline_watch_again(struct replay_watch *watch, const struct options *options,
                                       const struct reader *reader,
                                       struct trace_error *error) TRACE_CHECKED;
void pipeline_watch_fini(struct replay_watch *watch);

#endif
