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

#include <assert.h>
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

#define SEGMENT_CHECKS 12 /* blocks of checks: filled up, so that all of them are read alike */
#define SEGMENT_BLOCK 4
#define SEGMENT_SETS ((size_t)64) /* a power of two */
#define SEGMENT_WAYS ((size_t)4)  /* of those that may begin in the same frame */
#define SEGMENTS (SEGMENT_SETS * SEGMENT_WAYS)
#define SEGMENT_SITES 4
#define SEGMENT_HINT_BITS 10

/* The site of a size, for the caller. */
struct unwind_segment_site {
    uint32_t size;
    uint32_t site; /* 0: none */
};

/* In the order in which it is looked at, on lines of the cache: two, with few checks. */
struct unwind_segment {
    uintptr_t pc; /* of the leaf; 0: empty */
    uintptr_t sp;
    uintptr_t base_sp;   /* of the memo's frame that the segment ends above */
    uint32_t base_id;    /* of the stack of that frame */
    uint32_t base_index; /* of it in the memo */
    uint32_t id;         /* of the whole stack */
    uint8_t checks_used; /* filled up */
    bool needs_bp;       /* the leaf's bp matters, or the base's */
    uint8_t number;      /* of the entry */
    uint8_t unused;
    uint16_t slots[SEGMENT_CHECKS]; /* that were read, in words from sp; leaf first */
    struct unwind_segment_site sites[SEGMENT_SITES];
    uintptr_t values[SEGMENT_CHECKS]; /* what was in the slots */
} __attribute__((aligned(64)));

/* What few of them need. */
struct unwind_segment_rest {
    uintptr_t bp;      /* the leaf's, if that matters */
    uintptr_t base_bp; /* the base's, likewise */
    bool needs_bp;
    bool base_needs_bp;
};

/* One per thread; all zero is empty. */
struct unwind_segments {
    struct unwind_segment *last; /* that was found or added; or NULL */
    uint32_t turn;               /* which one of a full set is replaced next */
    uint16_t history;            /* the numbers of the last two */
    bool is_used;
    uint8_t hints[1 << SEGMENT_HINT_BITS]; /* by history and sp: the number of what followed */
    struct unwind_segment entries[SEGMENTS];
    struct unwind_segment_rest rests[SEGMENTS];
};

static_assert(sizeof(struct unwind_segment) == 192, "three lines of the cache");
static_assert(SEGMENTS == UINT8_MAX + 1, "a hint is a byte, a history two");

struct unwinder;
struct unwind_stack;

/* Return: the segment that leads to the stack of @leaf; or NULL. */
struct unwind_segment *unwind_segments_find(struct unwinder *unwinder, const struct frame *leaf);

/* Keep the leaf end of the stack in the memo, whose frames all have their ids. */
void unwind_segments_add(struct unwinder *unwinder, const struct unwind_stack *stack);

/* Return: the segment that was last found or added, if it leads to the stack @id; else NULL. */
static inline struct unwind_segment *unwind_segments_last(const struct unwind_segments *segments,
                                                          uint32_t id)
{
    return segments->last != NULL && segments->last->id == id ? segments->last : NULL;
}

/* Return: where the site of @size is to be found, if it is. */
static inline struct unwind_segment_site *unwind_segment_site(struct unwind_segment *segment,
                                                              size_t size)
{
    return &segment->sites[(uint32_t)((uint32_t)size * 0x9e3779b9u) >> 30];
}

void unwind_segments_forget(struct unwind_segments *segments);

#endif
