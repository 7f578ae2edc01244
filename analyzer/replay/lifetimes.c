/*
 * Most blocks are freed within the tick of their birth, so those are only counted, by site; ages of
 * others are collected, and added to the counters many at once. What is temporary is what a thread
 * frees that it allocated last.
 */
#include "lifetimes.h"

#include <stdlib.h>

struct latest {
    size_t site; /* plus one; 0: none, or it is gone */
    uint32_t tick;
};

struct site_ends {
    uint64_t temporary;
    uint64_t ageless; /* not in the counters yet */
};

enum { PENDING_MAX = 256 };

struct lifetimes {
    struct age_counts *ages;
    struct site_ends *sites;
    size_t site_count;
    struct latest *latest; /* by stream: what it allocated last */
    struct aged pending[PENDING_MAX];
    size_t pending_count;
    bool is_out_of_memory;
};

struct lifetimes *lifetimes_new(size_t sites, size_t streams)
{
    struct lifetimes *lifetimes = calloc(1, sizeof *lifetimes);
    if (lifetimes == NULL) {
        return NULL;
    }
    lifetimes->ages = age_counts_new();
    lifetimes->sites = calloc(sites + 1, sizeof *lifetimes->sites);
    lifetimes->site_count = sites;
    lifetimes->latest = calloc(streams + 1, sizeof *lifetimes->latest);
    if (lifetimes->ages == NULL || lifetimes->sites == NULL || lifetimes->latest == NULL) {
        lifetimes_free(lifetimes);
        return NULL;
    }
    return lifetimes;
}

void lifetimes_free(struct lifetimes *lifetimes)
{
    if (lifetimes != NULL) {
        age_counts_free(lifetimes->ages);
        free(lifetimes->sites);
        free(lifetimes->latest);
        free(lifetimes);
    }
}

static void add_pending(struct lifetimes *lifetimes)
{
    if (!age_counts_add(lifetimes->ages, lifetimes->pending, lifetimes->pending_count)) {
        lifetimes->is_out_of_memory = true;
    }
    lifetimes->pending_count = 0;
}

static void add_aged(struct lifetimes *lifetimes, size_t site, uint32_t age, uint64_t blocks)
{
    if (lifetimes->pending_count == PENDING_MAX) {
        add_pending(lifetimes);
    }
    lifetimes->pending[lifetimes->pending_count++] = (struct aged){(uint32_t)site, age, blocks};
}

void lifetimes_begin(struct lifetimes *lifetimes, size_t stream, size_t site, uint32_t tick)
{
    lifetimes->latest[stream] = (struct latest){site + 1, tick};
}

void lifetimes_end(struct lifetimes *lifetimes, size_t stream, size_t site, uint32_t tick,
                   uint64_t age, bool is_plain)
{
    struct latest *latest = &lifetimes->latest[stream];
    uint32_t ticks = age < tick ? (uint32_t)age : tick; // more is damage
    if (latest->site == site + 1 && latest->tick == tick - ticks) {
        lifetimes->sites[site].temporary += is_plain ? 1 : 0;
        latest->site = 0;
    }
    if (ticks == 0) {
        lifetimes->sites[site].ageless++;
    } else {
        add_aged(lifetimes, site, ticks, 1);
    }
}

uint64_t lifetimes_temporary(const struct lifetimes *lifetimes, size_t site)
{
    return lifetimes->sites[site].temporary;
}

void lifetimes_add_temporary(struct lifetimes *lifetimes, size_t site, uint64_t blocks)
{
    lifetimes->sites[site].temporary += blocks;
}

const struct age_counts *lifetimes_ages(struct lifetimes *lifetimes)
{
    for (size_t site = 0; site < lifetimes->site_count; site++) {
        if (lifetimes->sites[site].ageless > 0) {
            add_aged(lifetimes, site, 0, lifetimes->sites[site].ageless);
            lifetimes->sites[site].ageless = 0;
        }
    }
    add_pending(lifetimes);
    return lifetimes->is_out_of_memory ? NULL : lifetimes->ages;
}
