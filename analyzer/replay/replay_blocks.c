/* See replay_blocks.h. */
#include "replay_blocks.h"

static size_t index_of(const struct replay *replay, const struct replay_site *site)
{
    return (size_t)(site - replay->sites);
}

static void count_begin(struct replay *replay, struct replay_site *site)
{
    site->allocations++;
    replay->live_bytes += (int64_t)site->size;
    replay->live_blocks++;
}

static void count_end(struct replay *replay, struct replay_site *site)
{
    site->frees++;
    replay->live_bytes -= (int64_t)site->size;
    replay->live_blocks--;
}

void replay_block_end(struct replay *replay, struct replay_watch *watch, size_t stream,
                      struct replay_site *site, uint64_t age)
{
    if (!replay_site_counts(site)) {
        return;
    }
    count_end(replay, site);
    if (watch != NULL) {
        replay_watch_end(watch, stream, index_of(replay, site), replay->tick, age, false);
    }
}

void replay_block_move(struct replay *replay, struct replay_watch *watch, size_t stream,
                       struct replay_site *old, struct replay_site *new, uint64_t age)
{
    if (!replay_site_counts(new)) {
        replay_block_end(replay, watch, stream, old, age);
        return;
    }
    const size_t at = index_of(replay, new);
    const bool is_move = replay_site_counts(old);
    if (is_move) {
        count_end(replay, old);
        replay->reallocations++;
    }
    count_begin(replay, new);
    if (watch != NULL && is_move) {
        replay_watch_move(watch, stream, index_of(replay, old), at, replay->tick, age,
                          (int64_t)(new->size - old->size));
    } else if (watch != NULL) {
        replay_watch_begin(watch, stream, at, replay->tick);
    }
    if (watch != NULL) {
        replay_watch_allocation(watch, at, replay->live_bytes, replay->live_blocks);
    }
}
