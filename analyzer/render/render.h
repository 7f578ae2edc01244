/*
 * Reports to bytes: one renderer a file, all of them behind one type. A renderer decides nothing
 * but the form; what is said is in the report.
 */
#ifndef ANALYZER_RENDER_H
#define ANALYZER_RENDER_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"
#include "report.h"

struct render_options {
    bool is_colored;
    bool is_utf8;      /* characters beyond ASCII may be used, in charts */
    size_t columns;    /* of the terminal; 0 when there is none */
    bool is_each_file; /* a report for each trace, instead of one */
};

/*
 * Write @reports to @out; the caller flushes it and finds write errors.
 * Errors: TRACE_NOMEM.
 */
typedef enum trace_status (*render_function)(FILE *out, const struct report *reports, size_t count,
                                             const struct render_options *options,
                                             struct trace_error *error);

enum trace_status render_text(FILE *out, const struct report *reports, size_t count,
                              const struct render_options *options,
                              struct trace_error *error) TRACE_CHECKED;
enum trace_status render_folded(FILE *out, const struct report *reports, size_t count,
                                const struct render_options *options,
                                struct trace_error *error) TRACE_CHECKED;
enum trace_status render_pprof(FILE *out, const struct report *reports, size_t count,
                               const struct render_options *options,
                               struct trace_error *error) TRACE_CHECKED;
enum trace_status render_json(FILE *out, const struct report *reports, size_t count,
                              const struct render_options *options,
                              struct trace_error *error) TRACE_CHECKED;
enum trace_status render_dot(FILE *out, const struct report *reports, size_t count,
                             const struct render_options *options,
                             struct trace_error *error) TRACE_CHECKED;
enum trace_status render_mprof(FILE *out, const struct report *reports, size_t count,
                               const struct render_options *options,
                               struct trace_error *error) TRACE_CHECKED;
enum trace_status render_sqlite(FILE *out, const struct report *reports, size_t count,
                                const struct render_options *options,
                                struct trace_error *error) TRACE_CHECKED;
enum trace_status render_csv(FILE *out, const struct report *reports, size_t count,
                             const struct render_options *options,
                             struct trace_error *error) TRACE_CHECKED;

/*
 * Which frames of a group's traceback are to be shown, as Traceback.format(limit) of Python's
 * tracemalloc has it: a positive limit keeps the most recent frames, a negative one drops them.
 * @ret_first: index of the innermost one; the traceback is stored innermost first.
 * Return: how many.
 */
size_t render_traceback_range(const struct report *report, const struct group *group,
                              size_t *ret_first);

#endif
