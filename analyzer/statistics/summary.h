/* One trace's part of a report that is not a table: what ran, how it ended, and its totals. */
#ifndef ANALYZER_SUMMARY_H
#define ANALYZER_SUMMARY_H

#include "arena.h"
#include "error.h"
#include "reader.h"
#include "replay.h"
#include "report.h"

/*
 * @replay: stands at the end.
 * @arena: where names are copied to.
 * Errors: TRACE_NOMEM.
 */
enum trace_status summary_make(const struct reader *reader, const struct replay *replay,
                               struct arena *arena, struct report_trace *ret_trace,
                               struct trace_error *error) TRACE_CHECKED;

#define SUMMARY_LABEL_BYTES 512

/*
 * Name the thread or threads of a stream: "worker (4711)", or "worker (4711) and 3 more".
 * @label: SUMMARY_LABEL_BYTES long.
 * Return: @label.
 */
const char *summary_thread_label(const struct definitions *definitions, uint32_t stream,
                                 char *label);

#endif
