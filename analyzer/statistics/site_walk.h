/*
 * All sites of a trace that have allocated anything, for exports that say everything: each with the
 * number of its call stack. Stacks are numbered in the order in which they are met, so that those
 * of several traces can be numbered on.
 */
#ifndef ANALYZER_SITE_WALK_H
#define ANALYZER_SITE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute.h"
#include "error.h"
#include "replay.h"

struct site_walk {
    const struct replay *replay;
    const struct definitions *definitions;
    uint32_t *numbers; /* by stack, plus one; 0: not met yet */
    size_t next;
    size_t at;         /* index of the current site */
    uint32_t stack;    /* number of its stack */
    uint32_t stacks;   /* numbers given so far: what the next trace's walk starts with */
    bool is_stack_new; /* the site is the first one of its stack */
};

/*
 * Stand before the first site, with all stacks resolved.
 * @stacks: numbers that earlier traces gave.
 * @ret_walk: site_walk_fini() in any case.
 */
enum trace_status site_walk_start(const struct replay *replay, struct attribution *attribution,
                                  uint32_t stacks, struct site_walk *ret_walk,
                                  struct trace_error *error) TRACE_CHECKED;

/* Go on to the next site. Return: false if there is none. */
bool site_walk_next(struct site_walk *walk);
void site_walk_fini(struct site_walk *walk);

#endif
