/*
 * Blocks to groups: what --by says, over any number of traces.
 *
 * Names are interned before they come here, so a key is a few pointers and numbers.
 */
#ifndef ANALYZER_GROUP_H
#define ANALYZER_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute.h"
#include "error.h"
#include "frame.h"
#include "freers.h"
#include "growth.h"
#include "ledger.h"
#include "lifetimes.h"
#include "strings.h"

enum group_by {
    GROUP_LINENO,
    GROUP_FILENAME,
    GROUP_FUNCTION,
    GROUP_MODULE,
    GROUP_TRACEBACK,
    GROUP_FRAMES,    /* as by traceback, but every address and every domain is another one */
    GROUP_FUNCTIONS, /* as by traceback, but lines of the same function are the same */
    GROUP_THREAD,
    GROUP_SIZE,
    GROUP_DOMAIN,
};

struct group {
    const char *name; /* of the key, as it is printed before the line */
    uint32_t line;
    bool has_line;             /* print ":line" after the name */
    const struct frame *frame; /* one that belongs to the group; NULL by thread, size and domain */
    const struct frame *const
        *traceback; /* innermost first; NULL unless by traceback or functions */
    size_t traceback_length;
    uint64_t number; /* the size, by size; the domain, by domain and by frames */
    uint64_t size;   /* bytes of all its blocks */
    uint64_t count;
    uint64_t old_size; /* the same of what it is compared with */
    uint64_t old_count;
    struct age_summary ages;      /* of those that were freed, if they were counted */
    struct growth_summary growth; /* if it was watched */
    struct ledger_entry ledger;   /* by module, if freers were noted */
};

struct grouping;

/* Return: whether groups are named by frames. */
bool group_has_frame(enum group_by by);

/* Return: whether groups are whole call stacks. */
bool group_has_traceback(enum group_by by);

/* @strings: must outlive the grouping. Return: NULL without memory. */
struct grouping *grouping_new(enum group_by by, struct strings *strings);
void grouping_free(struct grouping *grouping);

/* Some blocks of the same stack, size and thread. */
struct group_blocks {
    const struct attribution *attribution;
    uint32_t stack;     /* prepared; whole if groups have tracebacks, or cumulative */
    const char *thread; /* interned label; only by thread */
    uint64_t each;      /* requested bytes */
    uint32_t domain;
    uint64_t size; /* of all of them */
    uint64_t count;
    bool is_old;                   /* of what is compared with */
    const struct age_counts *ages; /* NULL: not wanted */
    const struct growth *growth;   /* NULL: not wanted */
    const struct freers *freers;   /* NULL: not wanted; only by module */
    uint64_t allocated;            /* of the site; with freers */
    uint64_t freed;
    size_t site; /* whose they are in both */
};

/*
 * Count @blocks where they belong.
 * @is_cumulative: in the group of every frame of the stack, as often as it occurs there.
 */
enum trace_status grouping_add(struct grouping *grouping, const struct group_blocks *blocks,
                               bool is_cumulative, struct trace_error *error) TRACE_CHECKED;

/* All blocks of a trace are counted, whose growth was watched. */
void grouping_close_growth(struct grouping *grouping, const struct growth *growth);

/* Return: the group that blocks were counted in last: its place among grouping_groups(). */
uint32_t grouping_last(const struct grouping *grouping);

/*
 * Return: all groups, in no order, with their lifetimes and growth. They are the grouping's, and
 * may be put in another order once nothing is added any more and this is not called again.
 */
struct group *grouping_groups(struct grouping *grouping, size_t *ret_count);

/* Return: less than 0, 0, more than 0 as tracemalloc compares their tracebacks. */
int group_compare_keys(const struct group *left, const struct group *right);

#endif
