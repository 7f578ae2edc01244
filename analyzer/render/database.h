/*
 * --format sqlite: everything a trace says, as tables for SQL.
 *
 * The database is built in memory, trace after trace, and comes out as the bytes of a file. The
 * names of its tables and columns are in database_schema.h and are part of the interface.
 */
#ifndef ANALYZER_DATABASE_H
#define ANALYZER_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "attribute.h"
#include "error.h"
#include "replay.h"

struct database;
struct report_trace;

/* Return: whether this trace-report was built with libsqlite3; without it, the rest only fails. */
bool database_is_there(void);

/* Errors: TRACE_NOMEM, TRACE_UNSUPPORTED. */
enum trace_status database_new(struct database **ret_database,
                               struct trace_error *error) TRACE_CHECKED;
void database_free(struct database *database);

/*
 * Put in the sites, stacks and frames of one trace, and the levels of its sites over time.
 * @replay: stands at the end, with growth.
 * @trace: its number, 1, 2, ...
 */
enum trace_status database_add_sites(struct database *database, const struct replay *replay,
                                     struct attribution *attribution, size_t trace,
                                     struct trace_error *error) TRACE_CHECKED;

/* Put in what is to be said of a trace as a whole. */
enum trace_status database_add_trace(struct database *database, const struct report_trace *trace,
                                     size_t number, struct trace_error *error) TRACE_CHECKED;

/* Write the whole file. Write errors are the caller's to find. */
enum trace_status database_write(struct database *database, FILE *out,
                                 struct trace_error *error) TRACE_CHECKED;

#endif
