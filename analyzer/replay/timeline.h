/*
 * Live bytes over time, in a fixed number of points: when a trace gets longer than they reach,
 * neighbours are merged and each stands for twice the time. So memory does not follow the trace,
 * and nothing needs to be known of it beforehand.
 */
#ifndef ANALYZER_TIMELINE_H
#define ANALYZER_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

enum { TIMELINE_POINTS = 1024 }; /* even; at least half of them are used by a long trace */

struct timeline_level {
    int64_t live_bytes; /* below 0 only after something was lost */
    int64_t live_blocks;
    int64_t peak_bytes; /* the most at any time since the point before */
    int64_t peak_blocks;
    uint64_t resident_bytes; /* of the process, as sampled last; 0 before the first sample */
    uint64_t peak_resident_bytes;
};

/* All zero, but for ticks_each, is an empty one: see timeline_init(). */
struct timeline {
    uint32_t ticks_each; /* point i is about the ticks from i * ticks_each on */
    uint32_t last_tick;
    size_t count;
    struct timeline_level points[TIMELINE_POINTS];
};

void timeline_init(struct timeline *timeline);

/*
 * Go on to the end of @tick.
 * @tick: not less than the last one; if it is, it counts as the last one.
 * @level: what is live then, and the most since the last call.
 */
void timeline_add(struct timeline *timeline, uint32_t tick, const struct timeline_level *level);

/* Let what is live stay so until the end of @tick, if the timeline does not reach it. */
void timeline_extend(struct timeline *timeline, uint32_t tick);

/* Return: the tick at whose end point @at stands. */
uint32_t timeline_tick(const struct timeline *timeline, size_t at);

/*
 * Return: the most live bytes in part @part of @parts of the time, which are equally long; a part
 * that is shorter than a point has what the point has.
 */
int64_t timeline_most(const struct timeline *timeline, size_t part, size_t parts);

/* The same of the resident set; 0 before its first sample. */
int64_t timeline_most_resident(const struct timeline *timeline, size_t part, size_t parts);

#endif
