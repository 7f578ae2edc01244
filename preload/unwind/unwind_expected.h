/*
 * Is it the stack that was to be expected? Programs do the same things again in the same order:
 * what followed the last two segments (unwind_segments.h), when the stack was as deep as now, is
 * right nine times in ten, and no others are looked at then.
 */
#ifndef PRELOAD_UNWIND_EXPECTED_H
#define PRELOAD_UNWIND_EXPECTED_H

#include "unwind.h"

/* Return: true if the slots that led from @segment's leaf to its base are what they were. */
static inline bool unwind_is_segment_unchanged(const struct unwind_segment *segment)
{
    const uintptr_t *sp = (const uintptr_t *)segment->sp;
    const uint16_t *slots = segment->slots;
    const uint16_t *end = slots + segment->checks_used;
    const uintptr_t *values = segment->values;
    do {
        if (sp[slots[0]] != values[0] || sp[slots[1]] != values[1] || sp[slots[2]] != values[2] ||
            sp[slots[3]] != values[3]) {
            return false;
        }
        slots += SEGMENT_BLOCK;
        values += SEGMENT_BLOCK;
    } while (slots != end);
    return true;
}

static inline bool unwind_is_bp_unchanged(const struct unwinder *unwinder,
                                          const struct unwind_segment *segment,
                                          const struct unwind_memo_frame *base, uintptr_t bp)
{
    const struct unwind_segment_rest *rest = &unwinder->segments.rests[segment->number];
    return (!rest->needs_bp || rest->bp == bp) &&
           (!rest->base_needs_bp || rest->base_bp == base->frame.bp);
}

/* Does @segment lead to the stack of @leaf? */
static inline bool unwind_is_stack_of(const struct unwinder *unwinder,
                                      const struct unwind_segment *segment,
                                      const struct frame *leaf)
{
    const struct unwind_memo_frame *base = &unwinder->memo[segment->base_index];
    __asm__("" : "+r"(base)); /* or the compiler multiplies again for each of its fields */
    return segment->sp == leaf->sp && segment->pc == leaf->pc && base <= unwinder->leaf &&
           base->frame.sp == segment->base_sp && base->id == segment->base_id &&
           (!segment->needs_bp || unwind_is_bp_unchanged(unwinder, segment, base, leaf->bp)) &&
           unwind_is_segment_unchanged(segment) && unwind_are_callers_unchanged(unwinder, base);
}

static inline uint8_t *unwind_segment_hint(struct unwind_segments *segments, uintptr_t sp)
{
    const uint64_t key = (sp ^ (uint64_t)segments->history << 32) * 0x9e3779b97f4a7c15u;
    return &segments->hints[key >> (64 - SEGMENT_HINT_BITS)];
}

/* @segment is the last one that was found. */
static inline void unwind_segment_met(struct unwind_segments *segments,
                                      struct unwind_segment *segment)
{
    segments->last = segment;
    segments->history = (uint16_t)(segments->history << 8 | segment->number);
}

/*
 * Return: the segment that leads to the stack of @leaf, if it is the one that is expected: this has
 * been a capture then, as with unwind_is_unchanged(). Or NULL: unwind_capture() must look at it.
 * Not to be asked when a check of the memo has failed (unwinder->failed).
 */
static inline __attribute__((always_inline)) struct unwind_segment *
unwind_find_expected(struct unwinder *unwinder, const struct frame *leaf)
{
    struct unwind_segments *segments = &unwinder->segments;
    struct unwind_segment *segment = &segments->entries[*unwind_segment_hint(segments, leaf->sp)];
    __asm__("" : "+r"(segment)); /* likewise */
    if (__builtin_expect(!unwind_is_stack_of(unwinder, segment, leaf), 0)) {
        return NULL;
    }
    unwind_segment_met(segments, segment);
    return segment;
}

#endif
