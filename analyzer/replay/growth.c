/*
 * A site that has changed since the last moment is on a list; at a moment its live blocks are noted
 * in a chain of its own, latest first. So a site that is allocated once costs one note, not 64.
 */
#include "growth.h"

#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "trace_format.h"

struct growth_site {
    int64_t live;
    uint64_t born;
    uint64_t freed_inside;
    uint64_t freed_later;
    uint64_t jumps;
    uint64_t jump_bytes;
    uint32_t last_free;
    uint32_t note; /* index of the latest one, plus one; 0: none */
    bool is_changed;
};

struct note {
    int64_t live;
    uint32_t before; /* as growth_site.note */
    uint32_t sample;
};

struct growth {
    struct growth_site *sites;
    uint32_t *changed; /* sites, each once */
    size_t changed_count;
    struct note *notes;
    size_t note_count;
    size_t note_capacity;
    uint64_t ticks;                   /* from the start to the end */
    uint32_t start;                   /* tick: 0, or of the last clear */
    uint64_t allocations;             /* 0: moments are a matter of time */
    uint64_t begun;                   /* allocations so far */
    uint32_t samples;                 /* taken */
    uint32_t now;                     /* tick */
    uint32_t moments[GROWTH_SAMPLES]; /* ticks */
    bool is_out_of_memory;
};

struct owner {
    struct growth_summary summary;
    int64_t levels[GROWTH_SAMPLES]; /* of the current trace; of the last one when it is closed */
    bool is_open;
};

struct growth_counts {
    struct owner *owners;
    size_t count;
    size_t capacity;
};

struct growth *growth_new(size_t sites, uint32_t ticks, uint64_t allocations)
{
    struct growth *growth = calloc(1, sizeof *growth);
    if (growth == NULL) {
        return NULL;
    }
    growth->sites = calloc(sites + 1, sizeof *growth->sites);
    growth->changed = calloc(sites + 1, sizeof *growth->changed);
    growth->ticks = ticks > 0 ? ticks : 1;
    growth->allocations = ticks < GROWTH_TICKS_LEAST ? allocations : 0;
    if (growth->sites == NULL || growth->changed == NULL) {
        growth_free(growth);
        return NULL;
    }
    return growth;
}

void growth_free(struct growth *growth)
{
    if (growth != NULL) {
        free(growth->sites);
        free(growth->changed);
        free(growth->notes);
        free(growth);
    }
}

/* Return: the tick of the next sample. */
static uint32_t moment_of(const struct growth *growth)
{
    const uint64_t end = growth->ticks * (growth->samples + 1) / GROWTH_SAMPLES;
    const uint32_t last = growth->start + (end > 0 ? (uint32_t)end - 1 : 0);
    return growth->allocations == 0 ? last : growth->now;
}

/* Note what every changed site has. */
static void take_sample(struct growth *growth)
{
    for (size_t i = 0; i < growth->changed_count; i++) {
        struct growth_site *site = &growth->sites[growth->changed[i]];
        struct note *notes = NULL;
        if (growth->note_count < UINT32_MAX) {
            notes = grow_array(growth->notes, growth->note_count, &growth->note_capacity,
                               sizeof *growth->notes);
        }
        site->is_changed = false;
        if (notes == NULL) {
            growth->is_out_of_memory = true;
            continue;
        }
        growth->notes = notes;
        notes[growth->note_count++] = (struct note){site->live, site->note, growth->samples};
        site->note = (uint32_t)growth->note_count;
    }
    growth->changed_count = 0;
    growth->moments[growth->samples] = moment_of(growth);
    growth->samples++;
}

/* Take the samples of all moments of a run of @whole parts that lie before part @done. */
static void take_due(struct growth *growth, uint64_t done, uint64_t whole)
{
    while (growth->samples < GROWTH_SAMPLES &&
           whole * (growth->samples + 1) / GROWTH_SAMPLES <= done) {
        take_sample(growth);
    }
}

static struct growth_site *change(struct growth *growth, size_t at)
{
    struct growth_site *site = &growth->sites[at];
    if (!site->is_changed) {
        site->is_changed = true;
        growth->changed[growth->changed_count++] = (uint32_t)at;
    }
    return site;
}

void growth_begin(struct growth *growth, size_t site)
{
    if (growth->allocations > 0) {
        take_due(growth, growth->begun++, growth->allocations);
    }
    struct growth_site *begun = change(growth, site);
    begun->live++;
    begun->born++;
}

/* Return: which of the intervals between moments a tick lies in. */
static uint64_t interval_of(const struct growth *growth, uint64_t tick)
{
    return (tick - growth->start) * GROWTH_SAMPLES / growth->ticks;
}

void growth_end(struct growth *growth, size_t site, uint32_t tick, uint64_t age)
{
    struct growth_site *ended = change(growth, site);
    uint64_t birth = age < tick - growth->start ? tick - age : growth->start;
    ended->live--;
    ended->last_free = tick;
    if (interval_of(growth, birth) == interval_of(growth, tick)) {
        ended->freed_inside++;
    } else {
        ended->freed_later++;
    }
}

void growth_move(struct growth *growth, size_t from, size_t to, int64_t bytes)
{
    change(growth, from)->live--;
    struct growth_site *site = change(growth, to);
    site->live++;
    if (bytes > 0) {
        site->jumps++;
        site->jump_bytes += (uint64_t)bytes;
    }
}

void growth_reach(struct growth *growth, uint32_t tick)
{
    if (growth->allocations == 0) {
        take_due(growth, tick - growth->start, growth->ticks);
    }
    growth->now = tick;
}

void growth_clear(struct growth *growth, size_t sites, size_t end, uint32_t tick)
{
    growth->ticks -= tick - growth->start < growth->ticks ? tick - growth->start : 0;
    growth->start = tick;
    growth->begun = 0;
    growth->samples = 0;
    growth->note_count = 0;
    growth->changed_count = 0;
    memset(growth->sites, 0, (end < sites ? end : sites) * sizeof *growth->sites);
    for (size_t i = end; i < sites; i++) { // of threads that were faster
        struct growth_site *site = &growth->sites[i];
        growth->begun += site->born;
        site->note = 0;
        site->is_changed = false;
        if (site->live != 0) {
            (void)change(growth, i);
        }
    }
}

uint32_t growth_start_tick(const struct growth *growth)
{
    return growth->start;
}

uint32_t growth_moment_tick(const struct growth *growth, uint32_t moment)
{
    return growth->moments[moment];
}

size_t growth_levels(const struct growth *growth, size_t site, struct growth_level *levels)
{
    size_t count = 0;
    for (uint32_t at = growth->sites[site].note; at != 0; at = growth->notes[at - 1].before) {
        count++;
    }
    size_t left = count;
    for (uint32_t at = growth->sites[site].note; at != 0; at = growth->notes[at - 1].before) {
        const struct note *note = &growth->notes[at - 1];
        levels[--left] = (struct growth_level){note->sample, note->live};
    }
    return count;
}

void growth_finish(struct growth *growth)
{
    while (growth->samples < GROWTH_SAMPLES) {
        take_sample(growth);
    }
}

struct growth_counts *growth_counts_new(void)
{
    return calloc(1, sizeof(struct growth_counts));
}

void growth_counts_free(struct growth_counts *counts)
{
    if (counts != NULL) {
        free(counts->owners);
        free(counts);
    }
}

/* Return: the owner of that number, new if need be; NULL without memory. */
static struct owner *find_owner(struct growth_counts *counts, uint32_t number)
{
    while (counts->count <= number) {
        struct owner *owners =
            grow_array(counts->owners, counts->count, &counts->capacity, sizeof *owners);
        if (owners == NULL) {
            return NULL;
        }
        counts->owners = owners;
        memset(&owners[counts->count++], 0, sizeof *owners);
    }
    return &counts->owners[number];
}

bool growth_counts_add(struct growth_counts *counts, uint32_t owner, const struct growth *growth,
                       size_t site, uint64_t each)
{
    const struct growth_site *from = &growth->sites[site];
    struct owner *to = find_owner(counts, owner);
    if (to == NULL || growth->is_out_of_memory) {
        return false;
    }
    if (!to->is_open) {
        memset(to->levels, 0, sizeof to->levels);
        to->is_open = true;
    }
    struct growth_summary *sum = &to->summary;
    sum->born += from->born;
    sum->freed_inside += from->freed_inside;
    sum->freed_later += from->freed_later;
    sum->last_free = from->last_free > sum->last_free ? from->last_free : sum->last_free;
    sum->jumps += from->jumps;
    sum->jump_bytes += from->jump_bytes;
    uint32_t end = growth->samples;
    for (uint32_t at = from->note; at != 0; at = growth->notes[at - 1].before) {
        const struct note *note = &growth->notes[at - 1];
        for (uint32_t i = note->sample; i < end; i++) {
            to->levels[i] += note->live * (int64_t)each;
        }
        end = note->sample;
    }
    return true;
}

void growth_counts_close(struct growth_counts *counts, const struct growth *growth)
{
    const double steps_per_s =
        (double)GROWTH_SAMPLES * TRACE_TICKS_PER_SECOND / (double)growth->ticks;
    for (size_t i = 0; i < counts->count; i++) {
        struct owner *owner = &counts->owners[i];
        if (!owner->is_open) {
            continue;
        }
        const struct trend trend = trend_of(owner->levels, growth->samples);
        owner->is_open = false;
        owner->summary.rises += trend.rises;
        owner->summary.steps += growth->samples - 1;
        if (trend.is_steady) {
            owner->summary.is_growing = true;
            owner->summary.bytes_per_s += trend.slope * steps_per_s;
            owner->summary.least_bytes_per_s += trend.lowest * steps_per_s;
        }
    }
}

struct growth_summary growth_counts_summary(const struct growth_counts *counts, uint32_t owner)
{
    struct growth_summary summary = {0};
    if (owner < counts->count) {
        summary = counts->owners[owner].summary;
        summary.levels = counts->owners[owner].levels;
    }
    return summary;
}
