/*
 * Who allocates and who frees: for each group by module, what it allocated and which modules ended
 * its blocks, from what a replay noted of freers.
 */
#ifndef ANALYZER_LEDGER_H
#define ANALYZER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute.h"
#include "freers.h"

/* What one module freed of a group's blocks. */
struct ledger_freed {
    const char *module; /* interned; NULL: unknown */
    uint64_t size;
    uint64_t count;
};

/* Of one group. */
struct ledger_entry {
    uint64_t allocated_size;
    uint64_t allocated_count;
    struct ledger_freed itself;
    const struct ledger_freed *others; /* most bytes first */
    size_t other_count;
};

/* Groups are numbered from 0. */
struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);

/* Blocks of a site that were allocated; @freers: who ended them. */
struct ledger_blocks {
    const struct attribution *attribution; /* stacks of freers are prepared */
    const struct freers *freers;
    size_t site;
    uint64_t each; /* bytes */
    uint64_t allocated;
    uint64_t freed; /* as many as freers do not know are unknown's */
};

/* @module: interned; of the group. Return: false without memory. */
bool ledger_add(struct ledger *ledger, uint32_t group, const char *module,
                const struct ledger_blocks *blocks);

/* Return: a group's entry. Nothing may be added any more. */
struct ledger_entry ledger_of(struct ledger *ledger, uint32_t group);

#endif
