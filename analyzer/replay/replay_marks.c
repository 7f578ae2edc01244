/* See replay_marks.h. */
#include "replay_marks.h"

#include "grow.h"

static uint64_t at_least_zero(int64_t value)
{
    return value < 0 ? 0 : (uint64_t)value;
}

const struct snapshot *replay_mark_snapshot(struct replay *replay, const char *name, size_t length)
{
    struct snapshot *snapshots = grow_array(replay->snapshots, replay->snapshot_count,
                                            &replay->snapshot_capacity, sizeof *snapshots);
    if (snapshots == NULL) {
        return NULL;
    }
    replay->snapshots = snapshots;
    struct snapshot *snapshot = &replay->snapshots[replay->snapshot_count];
    *snapshot = (struct snapshot){
        .name = arena_copy(&replay->arena, name, length),
        .number = replay->snapshot_count + 1,
        .tick = replay->tick,
        .live_bytes = at_least_zero(replay->live_bytes),
        .live_blocks = at_least_zero(replay->live_blocks),
        .resident_bytes = replay->resident_bytes,
    };
    if (snapshot->name == NULL) {
        return NULL;
    }
    replay->snapshot_count++;
    return snapshot;
}

/*
 * What was recorded so far counts no more. A block is from before by its site's id, whatever the
 * order in which the streams tell of it: format.md, 5.2.
 */
static void clear(struct replay *replay, struct replay_watch *watch, uint64_t end)
{
    for (size_t i = 0; i < end && i < replay->site_count; i++) {
        struct replay_site *site = &replay->sites[i];
        if (!replay_site_counts(site)) {
            continue;
        }
        replay->live_blocks -= (int64_t)(site->allocations - site->frees);
        replay->live_bytes -= (int64_t)((site->allocations - site->frees) * site->size);
        *site = (struct replay_site){.size = REPLAY_CLEARED};
        if (watch != NULL && watch->levels != NULL) {
            watch->levels[i] = 0;
        }
    }
    if (watch != NULL && watch->growth != NULL) {
        growth_clear(watch->growth, replay->site_count, end, replay->tick);
    }
    replay->peak_bytes = replay->live_bytes;
    replay->peak_blocks = replay->live_blocks;
    replay->peak_tick = replay->tick;
    replay->reallocations = 0;
    replay->implied_frees = 0;
    replay->inherited_frees = 0;
    replay->inherited_bytes = 0;
    replay->clears++;
}

static void note_resident(struct replay *replay, struct replay_watch *watch, uint64_t bytes)
{
    replay->resident_bytes = bytes;
    if (bytes > replay->peak_resident_bytes) {
        replay->peak_resident_bytes = bytes;
        replay->peak_resident_tick = replay->tick;
    }
    if (watch != NULL) {
        replay_watch_resident(watch, bytes);
    }
}

void replay_mark_sized(struct replay *replay, struct replay_watch *watch, uint64_t first_site,
                       size_t stream, uint64_t number, struct trace_cursor cursor)
{
    uint64_t field = trace_get_varint(&cursor);
    if (cursor.is_bad) {
        return;
    }
    switch (number) {
    case TRACE_EV_CLEAR:
        clear(replay, watch, field > first_site ? field - first_site : 0);
        break;
    case TRACE_EV_RESIDENT:
        note_resident(replay, watch, field);
        break;
    case TRACE_EV_FREER:
        if (watch != NULL && watch->freers != NULL && field <= UINT32_MAX) {
            freers_set(watch->freers, stream, (uint32_t)field);
        }
        break;
    default:
        break;
    }
}
