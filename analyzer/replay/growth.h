/*
 * Which sites grow, from what a replay sees: live blocks of each site at 64 moments of the run,
 * how many blocks were freed in the interval in which they were born, how many later, and what
 * reallocations added.
 *
 * Moments are at equal distances of time. A run of less than a quarter of a second has too few
 * ticks for that: there they are at equal numbers of allocations. A clear starts it all anew.
 * Memory follows sites that change, not events.
 */
#ifndef ANALYZER_GROWTH_H
#define ANALYZER_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trend.h"

enum {
    GROWTH_SAMPLES = TREND_SAMPLES_MAX,
    GROWTH_TICKS_LEAST = 256, /* a shorter run is measured in allocations */
};

struct growth;

/*
 * @sites: numbered by their indexes, below this.
 * @ticks: of the run, the first and the last one included.
 * @allocations: of the run; used if it has less than GROWTH_TICKS_LEAST ticks.
 * Return: NULL without memory.
 */
struct growth *growth_new(size_t sites, uint32_t ticks, uint64_t allocations);
void growth_free(struct growth *growth);

/* A block of @site was allocated, or freed at the age of so many ticks. */
void growth_begin(struct growth *growth, size_t site);
void growth_end(struct growth *growth, size_t site, uint32_t tick, uint64_t age);

/* A block of @from became one of @to: the same block, @bytes larger. */
void growth_move(struct growth *growth, size_t from, size_t to, int64_t bytes);

/*
 * What came before @tick counts no more: moments lie between it and the end from now on.
 * @sites: how many there are. @end: those before are cleared; blocks of the others stay.
 */
void growth_clear(struct growth *growth, size_t sites, size_t end, uint32_t tick);

/* Nothing more happens before @tick. */
void growth_reach(struct growth *growth, uint32_t tick);

/* The run is over: what is live now is what the moments that are left have. */
void growth_finish(struct growth *growth);

/* Return: the tick of the last clear; 0 if there was none. */
uint32_t growth_start_tick(const struct growth *growth);

/* Return: the tick at which a moment was, from 0 to GROWTH_SAMPLES - 1. */
uint32_t growth_moment_tick(const struct growth *growth, uint32_t moment);

struct growth_level {
    uint32_t moment;
    int64_t live_blocks;
};

/*
 * What a site had at each moment at which it had not what it had before.
 * @levels: room for GROWTH_SAMPLES; in the order of time.
 * Return: how many there are.
 */
size_t growth_levels(const struct growth *growth, size_t site, struct growth_level *levels);

/* Growth of some owners, numbered from 0: the groups of a table, over several traces. */
struct growth_counts;

struct growth_summary {
    bool is_growing;          /* in one of the traces at least */
    double bytes_per_s;       /* of those in which it grows */
    double least_bytes_per_s; /* lower end of the slope's 95 percent interval */
    uint64_t rises;           /* steps from one moment to the next in which it rose */
    uint64_t steps;           /* of how many: 63 for a trace */
    uint64_t born;            /* blocks allocated, a reallocation being none */
    uint64_t freed_inside;    /* of those freed, in the interval in which they were born */
    uint64_t freed_later;     /* the others that were freed */
    uint32_t last_free;       /* tick of the last free, if there was one */
    uint64_t jumps;           /* reallocations that made a block larger */
    uint64_t jump_bytes;      /* by so much altogether */
    const int64_t *levels;    /* live bytes at GROWTH_SAMPLES moments of the last trace */
};

struct growth_counts *growth_counts_new(void);
void growth_counts_free(struct growth_counts *counts);

/* Count blocks of @site, which have @each bytes, for @owner. Return: false without memory. */
bool growth_counts_add(struct growth_counts *counts, uint32_t owner, const struct growth *growth,
                       size_t site, uint64_t each);

/* All sites of a trace are added: work out how its owners grew. */
void growth_counts_close(struct growth_counts *counts, const struct growth *growth);

struct growth_summary growth_counts_summary(const struct growth_counts *counts, uint32_t owner);

#endif
