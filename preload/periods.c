/*
 * Each thing that is due is claimed by moving the moment at which it is due again. A snapshot's
 * name says what it was due after: "after 10 s", "after 300 MiB"; one that came so late that
 * several were due has the name of the last.
 */
#include "periods.h"

#include <string.h>

#include "own_stack.h"
#include "picture.h"
#include "process.h"
#include "resident.h"
#include "writing.h"

#define SAMPLE_TICKS_LEAST 10
#define SAMPLE_TICKS_MOST 1000
#define SAMPLES_ABOUT 512 /* of a run: a timeline has as many points */
#define NEVER UINT64_MAX

void periods_start(struct periods *periods, const struct config *config, struct tally *tally)
{
    const struct period *every = &config->snapshot_every;
    periods->every = *every;
    periods->picture_ticks = (uint64_t)config->picture_seconds * TRACE_TICKS_PER_SECOND;
    atomic_store(&periods->picture_tick,
                 periods->picture_ticks > 0 ? periods->picture_ticks : NEVER);
    atomic_store(&periods->sample_tick, 0);
    atomic_store(&periods->snapshot_at, every->length > 0 ? every->length : NEVER);
    atomic_store(&tally->allocated, 0);
    if (every->length > 0 && !every->is_time) {
        tally_begin(tally, 0);
    }
}

static void read_on_own_stack(void *argument)
{
    *(uint64_t *)argument = resident_bytes();
}

void periods_sample(struct thread_state *state)
{
    uint64_t bytes = 0;
    own_stack_call(read_on_own_stack, &bytes, state->unwinder.own_stack_top);
    uint8_t *to = bytes > 0 ? writing_begin(state, ENCODER_EVENT_BYTES) : NULL;
    if (to != NULL) {
        writing_end(state, encode_resident(to, bytes));
    }
}

/* The longer a run, the less it matters what was between two samples. */
static uint64_t next_sample(uint64_t tick)
{
    uint64_t ticks = tick / SAMPLES_ABOUT;
    ticks = ticks > SAMPLE_TICKS_LEAST ? ticks : SAMPLE_TICKS_LEAST;
    return tick + (ticks < SAMPLE_TICKS_MOST ? ticks : SAMPLE_TICKS_MOST);
}

/* Write the snapshot that was due; as in marks.c the epoch is raised first. */
static void take_snapshot(struct thread_state *state, const struct period *every, uint64_t progress)
{
    char name[PERIOD_NAME_BYTES];
    period_name(every, progress, name);
    periods_sample(state);
    (void)process_raise_epoch();
    uint8_t *to = writing_begin(state, ENCODER_EVENT_BYTES + PERIOD_NAME_BYTES);
    if (to != NULL) {
        writing_end(state, encode_snapshot(to, name, strlen(name)));
    }
}

void periods_run(struct thread_state *state, uint32_t tick)
{
    struct periods *periods = &process.periods;
    const struct period *every = &periods->every;
    uint64_t progress = periods_progress(periods, tick, &process.tally);
    uint64_t at = atomic_load(&periods->snapshot_at);
    uint64_t sample_tick = atomic_load(&periods->sample_tick);
    uint64_t picture_tick = atomic_load(&periods->picture_tick);
    bool is_wanted = process_is_recording() && !state->is_detached;
    if (tick >= sample_tick &&
        atomic_compare_exchange_strong(&periods->sample_tick, &sample_tick, next_sample(tick)) &&
        is_wanted) {
        periods_sample(state);
    }
    if (progress >= at &&
        atomic_compare_exchange_strong(&periods->snapshot_at, &at,
                                       (progress / every->length + 1) * every->length) &&
        is_wanted) {
        take_snapshot(state, every, progress);
    }
    if (tick >= picture_tick &&
        atomic_compare_exchange_strong(&periods->picture_tick, &picture_tick,
                                       tick + periods->picture_ticks)) {
        (void)picture_take("interval", false);
    }
}
