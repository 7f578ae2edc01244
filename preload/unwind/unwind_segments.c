/* Segments. See unwind_segments.h. */
#include "unwind_segments.h"

#include <string.h>

#include "memory.h"
#include "unwind_expected.h"

static size_t set_of(uintptr_t pc, uintptr_t sp)
{
    uint64_t key = (pc ^ sp << 20) * 0x9e3779b97f4a7c15u;
    return (key >> 40) % SEGMENT_SETS * SEGMENT_WAYS;
}

struct unwind_segment *unwind_segments_find(struct unwinder *unwinder, const struct frame *leaf)
{
    struct unwind_segments *segments = &unwinder->segments;
    uint8_t *hint = unwind_segment_hint(segments, leaf->sp);
    struct unwind_segment *set = &segments->entries[set_of(leaf->pc, leaf->sp)];
    for (struct unwind_segment *segment = set; segment != set + SEGMENT_WAYS; segment++) {
        if (unwind_is_stack_of(unwinder, segment, leaf)) {
            *hint = segment->number;
            unwind_segment_met(segments, segment);
            return segment;
        }
    }
    return NULL;
}

/* Return: the entry to be filled for a leaf: one that is empty, or one of those in turn. */
static struct unwind_segment *choose(struct unwind_segments *segments, const struct frame *leaf)
{
    struct unwind_segment *set = &segments->entries[set_of(leaf->pc, leaf->sp)];
    for (size_t i = 0; i < SEGMENT_WAYS; i++) {
        if (set[i].pc == 0) {
            return &set[i];
        }
    }
    return &set[segments->turn++ % SEGMENT_WAYS];
}

/* Return: false if the slots do not fit. */
static bool fill_checks(struct unwind_segment *segment, const struct unwind_check *last,
                        size_t used)
{
    size_t i = 0;
    for (; i < used || i % SEGMENT_BLOCK != 0; i++) { /* filled up with the outermost one */
        const struct unwind_check *check = last - (i < used ? i : used - 1);
        const uintptr_t slot = (check->slot - segment->sp) / sizeof(uintptr_t);
        if (slot > UINT16_MAX) {
            return false;
        }
        segment->slots[i] = (uint16_t)slot;
        segment->values[i] = check->value;
    }
    segment->checks_used = (uint8_t)i;
    return true;
}

void unwind_segments_add(struct unwinder *unwinder, const struct unwind_stack *stack)
{
    if (stack->walked == 0 || stack->walked >= stack->count ||
        unwinder->memo_used != stack->count) {
        return;
    }
    const size_t base_index = stack->count - stack->walked - 1;
    const struct unwind_memo_frame *base = &unwinder->memo[base_index];
    const struct unwind_memo_frame *leaf = &unwinder->memo[stack->count - 1];
    const size_t checks = leaf->last_check - base->last_check;
    if (checks == 0 || checks > SEGMENT_CHECKS) {
        return;
    }
    struct unwind_segments *segments = &unwinder->segments;
    struct unwind_segment *segment = choose(segments, &leaf->frame);
    segment->number = (uint8_t)(segment - segments->entries);
    struct unwind_segment_rest *rest = &segments->rests[segment->number];
    if (!segments->is_used) { /* their pages are taken in no order */
        memory_populate(segments->entries, sizeof segments->entries + sizeof segments->rests);
        segments->is_used = true;
    }
    segment->pc = 0; /* empty, should this be left in the middle */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    segment->sp = leaf->frame.sp;
    if (!fill_checks(segment, &unwinder->checks[leaf->last_check], checks)) {
        return;
    }
    segment->id = leaf->id;
    segment->base_id = base->id;
    segment->base_index = (uint32_t)base_index;
    segment->base_sp = base->frame.sp;
    rest->needs_bp = leaf->needs_bp;
    rest->base_needs_bp = base->needs_bp;
    rest->bp = leaf->frame.bp;
    rest->base_bp = base->frame.bp;
    segment->needs_bp = leaf->needs_bp || base->needs_bp;
    memset(segment->sites, 0, sizeof segment->sites);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    segment->pc = leaf->frame.pc;
    uint8_t *hint = unwind_segment_hint(segments, segment->sp);
    *hint = segment->number;
    unwind_segment_met(segments, segment);
}

void unwind_segments_forget(struct unwind_segments *segments)
{
    segments->last = NULL;
    if (segments->is_used) { /* or its pages may not have been touched yet */
        for (size_t i = 0; i < SEGMENTS; i++) {
            segments->entries[i].pc = 0;
        }
        segments->is_used = false;
    }
}
