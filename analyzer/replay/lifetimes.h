/*
 * How long blocks lived, from the ages that events of freed blocks have.
 *
 * Ages are counted in classes, so that memory follows sites and not blocks: exactly below 16 ticks,
 * then in eight classes for each power of two. A median is therefore known to a sixteenth of its
 * value; the longest age is kept exactly.
 */
#ifndef ANALYZER_LIFETIMES_H
#define ANALYZER_LIFETIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ages of the blocks of some owners, numbered from 0: sites, or groups. */
struct age_counts;

struct age_counts *age_counts_new(void);
void age_counts_free(struct age_counts *counts);

/* Count one more block of @owner. Return: false without memory. */
bool age_counts_add(struct age_counts *counts, uint32_t owner, uint32_t age);

/* Count all blocks that @from has of @other for @owner, too. Return: false without memory. */
bool age_counts_merge(struct age_counts *counts, uint32_t owner, const struct age_counts *from,
                      uint32_t other);

struct age_summary {
    uint64_t blocks;
    uint32_t median; /* ticks */
    uint32_t longest;
};
struct age_summary age_counts_summary(const struct age_counts *counts, uint32_t owner);

/* What a replay notes of lifetimes; sites and streams are numbered by their indexes. */
struct lifetimes;

struct lifetimes *lifetimes_new(size_t sites, size_t streams);
void lifetimes_free(struct lifetimes *lifetimes);

/* A thread allocated a block. */
void lifetimes_begin(struct lifetimes *lifetimes, size_t stream, size_t site, uint32_t tick);

/*
 * A block was freed.
 * @is_plain: by free(), not by a reallocation or behind the tracer's back.
 */
void lifetimes_end(struct lifetimes *lifetimes, size_t stream, size_t site, uint32_t tick,
                   uint64_t age, bool is_plain);

/*
 * Return: how many blocks of a site were temporary: freed by their thread before it allocated
 * another one. Of several blocks that one line allocated in the same tick it cannot be told which
 * one was freed; it counts as the last one.
 */
uint64_t lifetimes_temporary(const struct lifetimes *lifetimes, size_t site);

/* Count blocks of a site as temporary that are known to have been so. */
void lifetimes_add_temporary(struct lifetimes *lifetimes, size_t site, uint64_t blocks);

/* Return: the ages of all sites; NULL if memory was short while they were counted. */
const struct age_counts *lifetimes_ages(const struct lifetimes *lifetimes);

#endif
