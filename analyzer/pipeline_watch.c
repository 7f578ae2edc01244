/* Each kind of note is made only if something of the report is about it. */
#include "pipeline_watch.h"

#include <stdlib.h>

#include "replay.h"

/* Return: blocks that were allocated in the whole trace, a reallocation being none. */
static enum trace_status count_allocations(struct reader *reader, uint64_t *ret_allocations,
                                           struct trace_error *error)
{
    const struct moment end = {.kind = MOMENT_END};
    const struct damage damage = reader->damage;
    struct replay replay = {0};
    uint64_t allocations = 0;
    enum trace_status status = replay_run(reader, &end, NULL, NULL, NULL, NULL, &replay, error);
    reader->damage = damage; // it will be met again
    for (size_t i = 0; i < replay.site_count; i++) {
        allocations += replay.sites[i].allocations;
    }
    *ret_allocations = allocations - replay.reallocations;
    replay_fini(&replay);
    return status;
}

static enum trace_status watch_growth(struct replay_watch *watch, struct reader *reader,
                                      struct trace_error *error)
{
    uint64_t allocations = 0;
    if (reader->last_tick + 1 < GROWTH_TICKS_LEAST) {
        enum trace_status status = count_allocations(reader, &allocations, error);
        if (status != TRACE_OK) {
            return status;
        }
    }
    watch->growth = growth_new(reader->definitions.site_slots, reader->last_tick + 1, allocations);
    return watch->growth != NULL ? TRACE_OK
                                 : trace_fail(error, TRACE_NOMEM, 0, "no memory for growth");
}

enum trace_status pipeline_watch_again(struct replay_watch *watch, const struct options *options,
                                       const struct reader *reader, struct trace_error *error)
{
    const struct tally_rules *rules = &options->tally;
    const bool is_saved = options->statistics_file != NULL; // with what was temporary
    if (!rules->has_lifetimes && rules->metric != REPORT_TEMPORARY && !is_saved) {
        return TRACE_OK;
    }
    lifetimes_free(watch->lifetimes);
    watch->lifetimes = lifetimes_new(reader->definitions.site_slots, reader->stream_count);
    return watch->lifetimes != NULL ? TRACE_OK
                                    : trace_fail(error, TRACE_NOMEM, 0, "no memory for lifetimes");
}

enum trace_status pipeline_watch_start(struct replay_watch *watch, const struct options *options,
                                       struct reader *reader, struct report *report,
                                       struct trace_error *error)
{
    const size_t sites = reader->definitions.site_slots;
    enum trace_status status = TRACE_OK;
    if (report->kind == REPORT_ANNOTATE) {
        watch->levels = calloc(sites + 1, sizeof *watch->levels);
        if (watch->levels == NULL) {
            return trace_fail(error, TRACE_NOMEM, 0, "no memory for %zu sites", sites);
        }
    }
    if (report->kind == REPORT_TABLES) {
        status = pipeline_watch_again(watch, options, reader, error);
    }
    if (status == TRACE_OK && options->tally.has_freers) {
        watch->freers = freers_new(&reader->definitions, reader->stream_count);
        if (watch->freers == NULL) {
            return trace_fail(error, TRACE_NOMEM, 0, "no memory for who frees");
        }
    }
    const bool is_database = report->kind == REPORT_DATABASE;
    const bool is_leaks = report->kind == REPORT_LEAKS; // its lines tell how they grow
    if (status == TRACE_OK && (report->has_growth || is_leaks || is_database)) {
        status = watch_growth(watch, reader, error);
    }
    if (status == TRACE_OK && (report->kind == REPORT_TIMELINE || is_database)) {
        watch->timeline = arena_array(&report->arena, 1, sizeof *watch->timeline);
        if (watch->timeline == NULL) {
            return trace_fail(error, TRACE_NOMEM, 0, "no memory for a timeline");
        }
        timeline_init(watch->timeline);
    }
    return status;
}

void pipeline_watch_fini(struct replay_watch *watch)
{
    free(watch->levels);
    lifetimes_free(watch->lifetimes);
    growth_free(watch->growth);
    freers_free(watch->freers);
}
