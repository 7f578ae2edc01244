/*
 * --save-statistics: what was allocated and freed up to a moment, by call stack, in a file that
 * --compare-to reads in place of a trace: smaller, and of use when neither the trace nor the debug
 * information is there any more. It is what tracemalloc's Snapshot.dump() and load() are for.
 *
 * The file is one JSON object. Everything is in it, whatever the report leaves out: filters and
 * groups are applied when it is read.
 */
#ifndef ANALYZER_SAVED_STATISTICS_H
#define ANALYZER_SAVED_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "attribute.h"
#include "error.h"
#include "replay.h"

/* Statistics of any number of traces, on their way into a file. */
struct statistics_writer;

/* Return: NULL without memory. */
struct statistics_writer *statistics_writer_new(void);
void statistics_writer_free(struct statistics_writer *writer);

/*
 * Add what one trace holds now.
 * @replay: with lifetimes.
 * @moment: how it is called; that of the last trace is saved.
 */
enum trace_status statistics_writer_add(struct statistics_writer *writer,
                                        const struct replay *replay,
                                        struct attribution *attribution, const char *moment,
                                        struct trace_error *error) TRACE_CHECKED;

/* Errors: TRACE_IO, TRACE_NOMEM. */
enum trace_status statistics_writer_finish(struct statistics_writer *writer, const char *path,
                                           struct trace_error *error) TRACE_CHECKED;

/* Statistics that were read: as if a trace stood at the moment at which they were saved. */
struct saved_statistics {
    struct definitions definitions;
    struct replay replay;
    struct attribution attribution;
    struct lifetimes *lifetimes; /* the replay's: which blocks were temporary, nothing else; NULL if
                                    the file does not tell */
    const char *moment;
};

/* Return: whether the file at @path looks as if it had been saved. */
bool saved_statistics_are_in(const char *path);

/*
 * @frames, @rules: must outlive @ret_saved; all that @frames was asked for is resolved.
 * @ret_saved: saved_statistics_fini() in any case.
 * Errors: TRACE_IO, TRACE_CORRUPT, TRACE_NOMEM.
 */
enum trace_status saved_statistics_load(const char *path, struct frame_table *frames,
                                        const struct frame_rules *rules,
                                        struct saved_statistics *ret_saved,
                                        struct trace_error *error) TRACE_CHECKED;
void saved_statistics_fini(struct saved_statistics *saved);

#endif
