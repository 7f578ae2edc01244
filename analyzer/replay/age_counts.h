/*
 * Ages of the blocks of some owners, counted in classes, so that memory follows owners and not
 * blocks: ages are exact below 16 ticks, then there are eight classes for each power of two. A
 * median is therefore known to a sixteenth of its value; the longest age is kept exactly.
 */
#ifndef ANALYZER_AGE_COUNTS_H
#define ANALYZER_AGE_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owners are numbered from 0, densely: sites, or groups. */
struct age_counts;

struct age_counts *age_counts_new(void);
void age_counts_free(struct age_counts *counts);

/* Blocks of one age. */
struct aged {
    uint32_t owner;
    uint32_t age; /* in ticks */
    uint64_t blocks;
};

/*
 * Count blocks of several owners and ages: quicker than one by one, for it need not wait for
 * memory. Return: false without memory; some may have been counted.
 */
bool age_counts_add(struct age_counts *counts, const struct aged *all, size_t count);

/* Count all blocks that @from has of @other for @owner, too. Return: false without memory. */
bool age_counts_merge(struct age_counts *counts, uint32_t owner, const struct age_counts *from,
                      uint32_t other);

struct age_summary {
    uint64_t blocks;
    uint32_t median; /* ticks */
    uint32_t longest;
};
struct age_summary age_counts_summary(const struct age_counts *counts, uint32_t owner);

#endif
