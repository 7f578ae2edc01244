/*
 * Who ended the blocks of each site, by call stack, from a trace that was recorded with
 * LIBTRACE_FREES: format.md, 5.3. Memory follows pairs of site and stack, not events.
 */
#ifndef ANALYZER_FREERS_H
#define ANALYZER_FREERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "definitions.h"

struct freers;

/*
 * Sites and streams are numbered by their indexes.
 * @definitions: must outlive what is returned.
 * Return: NULL without memory.
 */
struct freers *freers_new(const struct definitions *definitions, size_t streams);
void freers_free(struct freers *freers);

/* From here on @stack ends the blocks whose frees a stream tells of. */
void freers_set(struct freers *freers, size_t stream, uint32_t stack);

/* A block of @site was freed. */
void freers_end(struct freers *freers, size_t stream, size_t site);

/* A block of @from became one of @to, by who allocates there. */
void freers_move(struct freers *freers, size_t from, size_t to);

/* Return: whether the trace tells at all; before the first record that does, nobody knows. */
bool freers_are_known(const struct freers *freers);

/* Return: false if memory was short while they were counted. */
bool freers_are_whole(const struct freers *freers);

/* The blocks of one site that one stack ended. */
struct freer {
    uint32_t site; /* index */
    uint32_t stack;
    uint32_t next; /* of the site: index plus one among all; 0 ends them */
    uint64_t count;
};

/* Return: all pairs, in no order. */
const struct freer *freers_all(const struct freers *freers, size_t *ret_count);

/* Return: the first of a site, NULL if there is none; then the next of the same site. */
const struct freer *freers_of(const struct freers *freers, size_t site);
const struct freer *freers_next(const struct freers *freers, const struct freer *freer);

#endif
