/* Segments. See unwind_segments.h. */
#include "unwind_segments.h"

#include "unwind.h"

static size_t set_of(uintptr_t pc, uintptr_t sp)
{
    uint64_t key = (pc ^ sp << 20) * 0x9e3779b97f4a7c15u;
    return (key >> 40) % SEGMENT_SETS * SEGMENT_WAYS;
}

/* Is the frame that @segment stands on the memo's, as far as that can be said without its callers?
 */
static bool stands_on_memo(const struct unwinder *unwinder, const struct unwind_segment *segment)
{
    const struct unwind_memo_frame *base = &unwinder->memo[segment->base_index];
    return segment->base_index < unwinder->memo_used && base->id == segment->base_id &&
           unwind_is_same_frame(base, &segment->base);
}

static bool is_unchanged(const struct unwind_segment *segment)
{
    const struct unwind_check *check = segment->checks;
    const struct unwind_check *end = check + segment->checks_used;
    while (check != end && *(const uintptr_t *)check->slot == check->value) {
        check++;
    }
    return check == end;
}

uint32_t unwind_segments_find(struct unwinder *unwinder, const struct frame *leaf)
{
    struct unwind_segments *segments = &unwinder->segments;
    struct unwind_segment *segment = &segments->entries[set_of(leaf->pc, leaf->sp)];
    for (const struct unwind_segment *end = segment + SEGMENT_WAYS; segment != end; segment++) {
        if (segment->leaf.pc == leaf->pc && segment->leaf.sp == leaf->sp &&
            (!segment->needs_bp || segment->leaf.bp == leaf->bp) && segment->age == segments->age &&
            stands_on_memo(unwinder, segment) && is_unchanged(segment) &&
            unwind_are_callers_unchanged(unwinder, &unwinder->memo[segment->base_index])) {
            segments->last = segment;
            return segment->id;
        }
    }
    return 0;
}

/* Return: the entry to be filled for a leaf: one that is empty, or one of those in turn. */
static struct unwind_segment *choose(struct unwind_segments *segments, const struct frame *leaf)
{
    struct unwind_segment *set = &segments->entries[set_of(leaf->pc, leaf->sp)];
    for (size_t i = 0; i < SEGMENT_WAYS; i++) {
        if (set[i].age != segments->age || set[i].leaf.pc == 0) {
            return &set[i];
        }
    }
    return &set[segments->turn++ % SEGMENT_WAYS];
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
    size_t checks = leaf->last_check - base->last_check;
    if (checks > SEGMENT_CHECKS) {
        return;
    }
    struct unwind_segment *segment = choose(&unwinder->segments, &leaf->frame);
    segment->leaf.pc = 0; /* empty, should this be left in the middle */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    segment->base = base->frame;
    segment->base_index = (uint32_t)base_index;
    segment->base_id = base->id;
    segment->id = leaf->id;
    segment->site = 0;
    segment->age = unwinder->segments.age;
    segment->checks_used = (uint8_t)checks;
    segment->needs_bp = leaf->needs_bp;
    for (size_t i = 0; i < checks; i++) {
        segment->checks[i] = unwinder->checks[leaf->last_check - i];
    }
    segment->leaf.sp = leaf->frame.sp;
    segment->leaf.bp = leaf->frame.bp;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    segment->leaf.pc = leaf->frame.pc;
    unwinder->segments.last = segment;
}
