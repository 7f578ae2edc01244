/* See pipeline_passage.h. */
#include "pipeline_passage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline_watch.h"
#include "progress.h"

enum trace_status passage_open(struct passage *passage, const char *path, struct trace_error *error)
{
    struct pipeline *pipeline = passage->pipeline;
    passage->reader.file.fd = -1;
    enum trace_status status = reader_open(path, &passage->reader, error);
    if (status != TRACE_OK) {
        return status;
    }
    passage->is_open = true;
    status =
        module_table_add(pipeline->modules, &passage->reader.definitions, &passage->modules, error);
    if (status == TRACE_OK) {
        status = attribution_init(&passage->reader.definitions, passage->modules, pipeline->frames,
                                  &pipeline->options->rules, &passage->attribution, error);
    }
    return status;
}

void passage_close(struct passage *passage)
{
    pipeline_watch_fini(&passage->watch);
    attribution_fini(&passage->attribution);
    free(passage->modules);
    if (passage->is_open) {
        reader_close(&passage->reader);
    }
}

/* Say that the snapshot asked for is not there, and which ones are. */
static enum trace_status miss_snapshot(const struct passage *passage, const struct replay *replay,
                                       struct trace_error *error)
{
    char known[256] = "";
    for (size_t i = 0; i < replay->snapshot_count; i++) {
        size_t used = strlen(known);
        if (used + 8 < sizeof known) {
            (void)snprintf(known + used, sizeof known - used, "%s#%zu %s", i > 0 ? ", " : "", i + 1,
                           replay->snapshots[i].name);
        }
    }
    return trace_fail(error, TRACE_NOT_FOUND, 0, "%s: has no snapshot \"%.64s\"; it has %s",
                      passage->reader.file.path, passage->moment->text,
                      replay->snapshot_count > 0 ? known : "none");
}

enum trace_status passage_replay(struct passage *passage, const struct moment *moment,
                                 replay_visit visit, struct replay *ret_replay,
                                 struct trace_error *error)
{
    struct replay_watch *watch = &passage->watch;
    struct progress progress;
    passage->moment = moment;
    passage->is_visited = false;
    progress_start(&progress, "replaying", passage->reader.event_bytes);
    enum trace_status status =
        replay_run(&passage->reader, moment, visit, passage,
                   replay_watch_is_used(watch) ? watch : NULL, &progress, ret_replay, error);
    progress_finish(&progress);
    bool is_named = moment->kind == MOMENT_NUMBER || moment->kind == MOMENT_NAME;
    if (status == TRACE_OK && is_named && visit != NULL && !passage->is_visited) {
        status = miss_snapshot(passage, ret_replay, error);
    }
    return status;
}
