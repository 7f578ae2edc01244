/*
 * What a replay can note beside its counters, for --annotate, --timeline, --growth and others:
 * it costs the inner loop a little, so it is asked for. The caller owns what is filled.
 */
#ifndef ANALYZER_REPLAY_WATCH_H
#define ANALYZER_REPLAY_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "freers.h"
#include "growth.h"
#include "lifetimes.h"
#include "timeline.h"

struct replay_watch {
    int64_t *levels; /* by index of the site: the most bytes live right after an allocation there,
                        set to zero by the caller; NULL if not wanted */
    struct timeline *timeline;   /* NULL if not wanted */
    struct lifetimes *lifetimes; /* NULL if not wanted */
    struct growth *growth;       /* NULL if not wanted */
    struct freers *freers;       /* NULL if not wanted */
    struct timeline_level now;   /* since the timeline's last point; the replay's own */
};

/* Return: whether anything is to be noted. */
static inline bool replay_watch_is_used(const struct replay_watch *watch)
{
    return watch->levels != NULL || watch->timeline != NULL || watch->lifetimes != NULL ||
           watch->growth != NULL || watch->freers != NULL;
}

/* A block of site @at was allocated: @bytes are live in @blocks now. */
static inline void replay_watch_allocation(struct replay_watch *watch, size_t at, int64_t bytes,
                                           int64_t blocks)
{
    if (watch->levels != NULL && bytes > watch->levels[at]) {
        watch->levels[at] = bytes;
    }
    if (bytes > watch->now.peak_bytes) {
        watch->now.peak_bytes = bytes;
        watch->now.peak_blocks = blocks;
    }
}

/* The resident set was sampled. */
static inline void replay_watch_resident(struct replay_watch *watch, uint64_t bytes)
{
    watch->now.resident_bytes = bytes;
    if (bytes > watch->now.peak_resident_bytes) {
        watch->now.peak_resident_bytes = bytes;
    }
}

/* A block of site @at begins, or ends; @stream: index of the stream that tells. */
static inline void replay_watch_begin(struct replay_watch *watch, size_t stream, size_t at,
                                      uint32_t tick)
{
    if (watch->lifetimes != NULL) {
        lifetimes_begin(watch->lifetimes, stream, at, tick);
    }
    if (watch->growth != NULL) {
        growth_begin(watch->growth, at);
    }
}

static inline void replay_watch_end(struct replay_watch *watch, size_t stream, size_t at,
                                    uint32_t tick, uint64_t age, bool is_plain)
{
    if (watch->lifetimes != NULL) {
        lifetimes_end(watch->lifetimes, stream, at, tick, age, is_plain);
    }
    if (watch->growth != NULL) {
        growth_end(watch->growth, at, tick, age);
    }
    if (watch->freers != NULL && is_plain) {
        freers_end(watch->freers, stream, at);
    }
}

/* A block of site @from became one of @to, @bytes larger. */
static inline void replay_watch_move(struct replay_watch *watch, size_t stream, size_t from,
                                     size_t to, uint32_t tick, uint64_t age, int64_t bytes)
{
    if (watch->lifetimes != NULL) {
        lifetimes_end(watch->lifetimes, stream, from, tick, age, false);
        lifetimes_begin(watch->lifetimes, stream, to, tick);
    }
    if (watch->growth != NULL) {
        growth_move(watch->growth, from, to, bytes);
    }
    if (watch->freers != NULL) {
        freers_move(watch->freers, from, to);
    }
}

/* All events up to the end of @tick are played, and @next comes: @bytes are live in @blocks. */
static inline void replay_watch_time(struct replay_watch *watch, uint32_t tick, uint32_t next,
                                     int64_t bytes, int64_t blocks)
{
    if (watch->growth != NULL) {
        growth_reach(watch->growth, next);
    }
    if (watch->timeline != NULL) {
        watch->now.live_bytes = bytes;
        watch->now.live_blocks = blocks;
        timeline_add(watch->timeline, tick, &watch->now);
        watch->now.peak_bytes = bytes;
        watch->now.peak_blocks = blocks;
        watch->now.peak_resident_bytes = watch->now.resident_bytes;
    }
}

#endif
