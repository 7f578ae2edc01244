/*
 * Events in order to counters: per site, in total, at the peak, at snapshots. No output, no
 * symbols; memory follows sites and snapshots.
 */
#ifndef ANALYZER_REPLAY_H
#define ANALYZER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "moment.h"
#include "progress.h"
#include "reader.h"
#include "replay_watch.h"

struct replay_site {
    uint64_t size; /* as the site says, unless it is one of the two below */
    uint64_t allocations;
    uint64_t frees;
};
#define REPLAY_CLEARED (UINT64_MAX - 1) /* named before a CLEAR: its events count no more */
#define REPLAY_UNDEFINED UINT64_MAX     /* there is no such site */

/* Return: whether blocks of the site count. */
static inline bool replay_site_counts(const struct replay_site *site)
{
    return site->size < REPLAY_CLEARED;
}

struct snapshot {
    const char *name; /* may be empty */
    uint64_t number;  /* from 1 */
    uint32_t tick;
    uint64_t live_bytes;
    uint64_t live_blocks;
    uint64_t resident_bytes; /* of the process, as sampled last; 0 if it is not known */
};

struct replay {
    struct replay_site *sites; /* by id - first_site of the definitions */
    size_t site_count;
    int64_t live_bytes; /* below 0 only after something was lost */
    int64_t live_blocks;
    int64_t peak_bytes;
    int64_t peak_blocks;
    uint32_t peak_tick;
    uint32_t tick;           /* of the event replayed last */
    uint64_t resident_bytes; /* of the process, as sampled last; 0 if it was not yet */
    uint64_t peak_resident_bytes;
    uint32_t peak_resident_tick;
    uint64_t clears; /* all counters are about the time since the last one */
    uint64_t reallocations;
    uint64_t implied_frees;
    uint64_t inherited_frees; /* of blocks that the parent process allocated, and their bytes */
    uint64_t inherited_bytes;
    struct snapshot *snapshots;
    size_t snapshot_count;
    size_t snapshot_capacity;
    struct lifetimes *lifetimes; /* of the watch; NULL if there are none */
    const struct growth *growth; /* the same */
    const struct freers *freers; /* the same */
    struct arena arena;          /* names of snapshots */
};

/* Called at the moment asked for. Return: TRACE_OK to go on. */
typedef enum trace_status (*replay_visit)(void *context, const struct replay *replay,
                                          struct trace_error *error);

/*
 * Replay a whole trace, from its first event to its last.
 * @moment: when to call @visit: once, or at each snapshot; not at all if there is no such moment.
 * MOMENT_PEAK takes a second pass over the events up to the peak.
 * @visit: may be NULL; the replay given to it stands at that moment.
 * @watch: may be NULL. What it has at @visit is about the time up to then: a second pass to the
 * peak starts it, the first one leaves it alone.
 * @progress: may be NULL.
 * @ret_replay: counters at the end; replay_fini() when done. Damage is added to reader's.
 * Errors: TRACE_IO, TRACE_NOMEM, what @visit returned.
 */
enum trace_status replay_run(struct reader *reader, const struct moment *moment, replay_visit visit,
                             void *context, struct replay_watch *watch, struct progress *progress,
                             struct replay *ret_replay, struct trace_error *error) TRACE_CHECKED;
void replay_fini(struct replay *replay);

#endif
