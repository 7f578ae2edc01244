/*
 * How long blocks lived, from the ages that events of freed blocks have (age_counts.h); and which
 * of them were temporary.
 */
#ifndef ANALYZER_LIFETIMES_H
#define ANALYZER_LIFETIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "age_counts.h"

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

/* Return: the ages of all sites so far; NULL if memory was short while they were counted. */
const struct age_counts *lifetimes_ages(struct lifetimes *lifetimes);

#endif
