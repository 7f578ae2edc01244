/*
 * Leaf ends of stacks that were met before.
 *
 * A program that allocates here and there below one frame has stacks that differ in their last
 * frames only, and come again. Such a segment, from a leaf to a frame of the memo, is kept with the
 * stack slots that its steps have read, and with the id of the whole stack. A leaf with the same pc
 * and sp (and bp, if that matters), the same in all these slots, and the rest of the memo verified
 * as always: that is the same stack, for the same reason as in the memo (unwind.h), and nothing was
 * stepped, entered or looked up.
 *
 * The memo stays as it was: it is only replaced by a stack that no segment leads to.
 */
#ifndef PRELOAD_UNWIND_SEGMENTS_H
#define PRELOAD_UNWIND_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind_libunwind.h"

/*
 * A stack slot that a step read, and what was in it. The first check of a memo fails always, so
 * that the loop over them needs to look for nothing but a failure.
 */
struct unwind_check {
    uintptr_t slot;
    uintptr_t value;
};

#define SEGMENT_CHECKS 12
#define SEGMENT_SETS 64 /* a power of two */
#define SEGMENT_WAYS 4  /* of those that may begin in the same frame */

struct unwind_segment {
    struct frame leaf;
    struct frame base;   /* the memo's frame that the segment ends above */
    uint32_t base_index; /* of it in the memo */
    uint32_t base_id;
    uint32_t id;  /* of the whole stack */
    uint32_t age; /* of the segments; another one: the entry is empty */
    uint8_t checks_used;
    bool needs_bp; /* the leaf's bp matters */
    /* for the caller: what it last made of the stack. 0: nothing yet */
    uint32_t site;
    uint64_t size;
    struct unwind_check checks[SEGMENT_CHECKS]; /* leaf first */
};

/* One per thread; all zero is empty. */
struct unwind_segments {
    uint32_t age;
    uint32_t turn;               /* which one of a full set is replaced next */
    struct unwind_segment *last; /* that was found or added; or NULL */
    struct unwind_segment entries[SEGMENT_SETS * SEGMENT_WAYS];
};

struct unwinder;
struct unwind_stack;

/* Return: the id of @leaf's stack, or 0 if no segment leads to it. */
uint32_t unwind_segments_find(struct unwinder *unwinder, const struct frame *leaf);

/* Keep the leaf end of the stack in the memo, whose frames all have their ids. */
void unwind_segments_add(struct unwinder *unwinder, const struct unwind_stack *stack);

/* Return: the segment that was last found or added, if it leads to the stack @id; else NULL. */
static inline struct unwind_segment *unwind_segments_last(const struct unwind_segments *segments,
                                                          uint32_t id)
{
    return segments->last != NULL && segments->last->id == id ? segments->last : NULL;
}

static inline void unwind_segments_forget(struct unwind_segments *segments)
{
    segments->age++;
    segments->last = NULL;
}

#endif
