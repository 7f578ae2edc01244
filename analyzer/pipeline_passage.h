/*
 * One trace on its way through the stages: opened, replayed up to a moment and on to its end,
 * closed again. What outlives it, names, frames and groups, is the pipeline's and the report's.
 */
#ifndef ANALYZER_PIPELINE_PASSAGE_H
#define ANALYZER_PIPELINE_PASSAGE_H

#include "attribute.h"
#include "frame_table.h"
#include "heap_roots.h"
#include "modules.h"
#include "options.h"
#include "reader.h"
#include "replay.h"
#include "replay_watch.h"
#include "report.h"
#include "saved_statistics.h"
#include "strings.h"
#include "symbolize.h"

/* What all traces share. */
struct pipeline {
    const struct options *options;
    struct strings *strings;
    struct symbolizer *symbolizer;
    struct module_table *modules;
    struct frame_table *frames;
    struct statistics_writer *writer; /* of --save-statistics; NULL until there is a trace */
    struct heap_roots *roots;         /* names of heap pictures' roots */
};

/* One trace on its way. */
struct passage {
    struct pipeline *pipeline;
    struct report *report;
    struct reader reader;
    struct attribution attribution;
    uint32_t *modules;
    struct replay_watch watch;
    const struct moment *moment; /* that is asked for */
    bool is_visited;             /* it has come */
    bool is_open;
};

/* Open a trace and make it ready for being replayed; passage_close() in any case. */
enum trace_status passage_open(struct passage *passage, const char *path,
                               struct trace_error *error) TRACE_CHECKED;
void passage_close(struct passage *passage);

/*
 * Replay the trace up to a moment, and on to its end.
 * @visit: called at the moment with the passage as its context; NULL if nothing is to be counted.
 * Errors: TRACE_NOT_FOUND if there is no such snapshot; @ret_replay is made all the same.
 */
enum trace_status passage_replay(struct passage *passage, const struct moment *moment,
                                 replay_visit visit, struct replay *ret_replay,
                                 struct trace_error *error) TRACE_CHECKED;

#endif
