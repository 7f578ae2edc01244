/*
 * Points are added at the end only. A point without an event of its own is as the one before it:
 * between two events nothing changes.
 */
#include "timeline.h"

void timeline_init(struct timeline *timeline)
{
    *timeline = (struct timeline){.ticks_each = 1};
}

/* Merge @later into @point, which it follows. */
static void merge(struct timeline_level *point, const struct timeline_level *later)
{
    point->live_bytes = later->live_bytes;
    point->live_blocks = later->live_blocks;
    point->resident_bytes = later->resident_bytes;
    if (later->peak_resident_bytes > point->peak_resident_bytes) {
        point->peak_resident_bytes = later->peak_resident_bytes;
    }
    if (later->peak_bytes > point->peak_bytes) {
        point->peak_bytes = later->peak_bytes;
        point->peak_blocks = later->peak_blocks;
    }
}

/* Let each point stand for twice the time. */
static void coarsen(struct timeline *timeline)
{
    size_t count = 0;
    for (size_t i = 0; i < timeline->count; i += 2, count++) {
        timeline->points[count] = timeline->points[i];
        if (i + 1 < timeline->count) {
            merge(&timeline->points[count], &timeline->points[i + 1]);
        }
    }
    timeline->count = count;
    timeline->ticks_each *= 2;
}

/* Have a point for @tick. Return: it. */
static struct timeline_level *reach(struct timeline *timeline, uint32_t tick)
{
    while (tick / timeline->ticks_each >= TIMELINE_POINTS) {
        coarsen(timeline);
    }
    size_t at = tick / timeline->ticks_each;
    struct timeline_level still = {0};
    if (timeline->count > 0) {
        still = timeline->points[timeline->count - 1];
        still.peak_bytes = still.live_bytes;
        still.peak_blocks = still.live_blocks;
        still.peak_resident_bytes = still.resident_bytes;
    }
    while (timeline->count <= at) {
        timeline->points[timeline->count++] = still;
    }
    timeline->last_tick = tick;
    return &timeline->points[at];
}

void timeline_add(struct timeline *timeline, uint32_t tick, const struct timeline_level *level)
{
    merge(reach(timeline, tick < timeline->last_tick ? timeline->last_tick : tick), level);
}

void timeline_extend(struct timeline *timeline, uint32_t tick)
{
    if (tick > timeline->last_tick || timeline->count == 0) {
        (void)reach(timeline, tick);
    }
}

uint32_t timeline_tick(const struct timeline *timeline, size_t at)
{
    uint64_t tick = (uint64_t)(at + 1) * timeline->ticks_each - 1;
    return tick < timeline->last_tick ? (uint32_t)tick : timeline->last_tick;
}

static int64_t live_of(const struct timeline_level *point)
{
    return point->peak_bytes;
}

static int64_t resident_of(const struct timeline_level *point)
{
    return point->peak_resident_bytes < INT64_MAX ? (int64_t)point->peak_resident_bytes : INT64_MAX;
}

static int64_t most_of(const struct timeline *timeline, size_t part, size_t parts,
                       int64_t (*value_of)(const struct timeline_level *point))
{
    if (timeline->count == 0) {
        return 0;
    }
    const uint64_t ticks = (uint64_t)timeline->last_tick + 1;
    size_t first = (size_t)(ticks * part / parts / timeline->ticks_each);
    uint64_t end_tick = ticks * (part + 1) / parts;
    size_t last = (size_t)((end_tick > 0 ? end_tick - 1 : 0) / timeline->ticks_each);
    int64_t most = value_of(&timeline->points[first]);
    for (size_t i = first + 1; i <= last && i < timeline->count; i++) {
        int64_t value = value_of(&timeline->points[i]);
        most = value > most ? value : most;
    }
    return most;
}

int64_t timeline_most(const struct timeline *timeline, size_t part, size_t parts)
{
    return most_of(timeline, part, parts, live_of);
}

int64_t timeline_most_resident(const struct timeline *timeline, size_t part, size_t parts)
{
    return most_of(timeline, part, parts, resident_of);
}
