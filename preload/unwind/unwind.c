/*
 * The verified memo. See unwind.h.
 *
 * capture_fast() is the path of nearly every event: it calls nothing outside this file but the
 * look-up of rules. capture_full() and unwind_learn() are the slow path, on the tracer's own stack
 * and under the lock.
 */
#include "unwind.h"

#include <string.h>

#include "own_stack.h"
#include "sys.h"
#include "trace_format.h"
#include "unwind_learn.h"
#include "unwind_memo.h"

// NOLINTNEXTLINE(readability-non-const-parameter): the builtin writes through it
static void count(uint64_t *counter)
{
    if (counter != NULL) {
        __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
    }
}

/* --- rules --- */

static bool is_regular(uint64_t packed)
{
    enum rule_kind kind = rule_kind_of(packed);
    return kind != RULE_NONE && kind != RULE_IRREGULAR;
}

static inline uint64_t find_rule(struct unwinder *unwinder, struct unwind_shared *shared,
                                 uintptr_t pc)
{
    uint64_t packed = rule_table_find(&shared->rules, pc);
    return __builtin_expect(packed == 0, 0) ? unwind_learn(shared, pc, unwinder->own_stack_top)
                                            : packed;
}

/*
 * Step by a regular rule other than RULE_END.
 * @high: no frame of this stack has a higher sp.
 * Return: false if the frame does not look like one that the rule was made for.
 */
static inline bool step(const struct frame *frame, const struct rule *rule, uintptr_t high,
                        struct frame *ret_caller)
{
    uintptr_t cfa = (rule->kind == RULE_SP ? frame->sp : frame->bp) + (uintptr_t)rule->cfa_offset;
    if (rule->kind == RULE_DEREF_BP) {
        if (cfa < frame->sp || cfa >= high || cfa % sizeof(uintptr_t) != 0) {
            return false;
        }
        cfa = unwind_read_word(cfa) + (uintptr_t)rule->cfa_addend;
    }
    if (cfa <= frame->sp || cfa > high || cfa % sizeof(uintptr_t) != 0) {
        return false;
    }
    ret_caller->sp = cfa;
    ret_caller->pc = unwind_read_word(cfa - sizeof(uintptr_t));
    ret_caller->bp = frame->bp;
    if (rule->bp != RULE_BP_KEPT) {
        uintptr_t slot =
            (rule->bp == RULE_BP_AT_CFA ? cfa : frame->bp) + (uintptr_t)rule->bp_offset;
        if (slot < frame->sp || slot >= high || slot % sizeof(uintptr_t) != 0) {
            return false;
        }
        ret_caller->bp = unwind_read_word(slot);
    }
    return ret_caller->pc != 0;
}

/* --- rules and memo --- */

/* Is the frame that @frame's bp would be the pointer of within known stack, and readable? bp is a
 * guess, and there may be holes between the stacks of coroutines. */
static bool is_readable_frame(const struct frame *frame, uintptr_t high)
{
    return frame->bp % sizeof(uintptr_t) == 0 && frame->bp + 2 * sizeof(uintptr_t) <= high &&
           sys_is_readable(frame->bp) && sys_is_readable(frame->bp + sizeof(uintptr_t));
}

/*
 * Go on from walk[walked - 1], whose rule is RULE_END or RULE_GUESS. A stack with a guess in the
 * middle leaves no memo: a slot of what was never a frame may be unmapped when it is read again.
 * Return: false if libunwind has to do it.
 */
static __attribute__((noinline)) bool capture_end(struct unwinder *unwinder,
                                                  struct unwind_shared *shared, uintptr_t high,
                                                  size_t walked, struct unwind_stack *ret_stack)
{
    bool is_guessed = false;
    for (;;) {
        struct frame *frame = &unwinder->walk[walked - 1].frame;
        struct rule rule = rule_unpack(unwinder->walk[walked - 1].rule);
        bool is_guess = rule.kind == RULE_GUESS;
        if (rule.kind == RULE_END || (is_guess && !libunwind_may_be_framed(frame))) {
            unwind_memo_finish(unwinder, shared, 0, walked, ret_stack);
            if (is_guess && ret_stack->root == TRACE_STACK_WHOLE &&
                !libunwind_is_true_end(frame, rule.module != 0)) {
                ret_stack->root = TRACE_STACK_BROKEN;
            }
            break;
        }
        is_guessed = is_guessed || is_guess;
        if (walked == shared->depth) {
            unwind_memo_finish(unwinder, shared, 0, walked, ret_stack);
            ret_stack->root = TRACE_STACK_CUT;
            break;
        }
        struct frame *caller = &unwinder->walk[walked].frame;
        if ((is_guess && !is_readable_frame(frame, high)) || !step(frame, &rule, high, caller)) {
            return false;
        }
        uint64_t packed = find_rule(unwinder, shared, caller->pc);
        if (!is_regular(packed)) {
            return false;
        }
        unwinder->walk[walked].rule = packed;
        walked++;
    }
    if (is_guessed) {
        unwind_memo_drop(unwinder);
    }
    return true;
}

/*
 * The leaf is the memo's, but check number @difference has failed. Return: true if other frames
 * could take the place of those that it has found changed; false if nothing has been done.
 */
static inline bool capture_alike(struct unwinder *unwinder, const struct unwind_shared *shared,
                                 size_t difference, struct unwind_stack *ret_stack)
{
    size_t fresh = 0;
    if (unwind_memo_verify(unwinder, shared, unwinder->memo_used, difference, &fresh) != 0) {
        return false;
    }
    ret_stack->count = unwinder->memo_used;
    ret_stack->reused = fresh;
    ret_stack->walked = 0;
    ret_stack->root = TRACE_STACK_WHOLE;
    return true;
}

/*
 * Capture by rules and memo.
 * Return: false if libunwind has to do it.
 */
static bool capture_fast(struct unwinder *unwinder, struct unwind_shared *shared,
                         const struct frame *leaf, struct unwind_stack *ret_stack)
{
    struct frame frame = *leaf;
    uintptr_t high = extents_high(&unwinder->extents, leaf->sp);
    const struct unwind_memo_frame *memo = unwinder->memo;
    const struct unwind_memo_frame *candidates = memo + unwinder->memo_used; /* end of those that
                                                                              may still be met */
    size_t walked = 0;
    if (high == 0) {
        return false;
    }
    while (walked < shared->depth) {
        while (candidates != memo && candidates[-1].frame.sp < frame.sp) {
            candidates--;
        }
        if (candidates != memo && unwind_is_same_frame(&candidates[-1], &frame)) {
            size_t fresh = 0;
            size_t at = unwind_find_difference_from(unwinder, candidates[-1].last_check);
            size_t wrong =
                unwind_memo_verify(unwinder, shared, (size_t)(candidates - memo), at, &fresh);
            if (wrong == 0) {
                unwind_memo_finish(unwinder, shared, (size_t)(candidates - memo), walked,
                                   ret_stack);
                ret_stack->reused = fresh < ret_stack->reused ? fresh : ret_stack->reused;
                return true;
            }
            candidates = memo + wrong;
        }
        uint64_t packed = find_rule(unwinder, shared, frame.pc);
        if (!is_regular(packed)) {
            return false;
        }
        struct rule rule = rule_unpack(packed);
        unwinder->walk[walked].frame = frame;
        unwinder->walk[walked].rule = packed;
        walked++;
        if (__builtin_expect(rule.kind >= RULE_END, 0)) {
            return capture_end(unwinder, shared, high, walked, ret_stack);
        }
        if (!step(&unwinder->walk[walked - 1].frame, &rule, high, &frame)) {
            return false;
        }
    }
    unwind_memo_finish(unwinder, shared, 0, walked, ret_stack);
    ret_stack->root = TRACE_STACK_CUT;
    unwind_memo_drop(unwinder);
    return true;
}

/* --- libunwind --- */

struct full_task {
    struct unwinder *unwinder;
    struct unwind_shared *shared;
    const struct frame *leaf;
    struct registers registers;
    struct unwind_stack *ret_stack;
};

/* Return: true if a rule leads from each walked frame to the next. Fills in walk[].rule. */
static bool find_rules(struct unwinder *unwinder, struct unwind_shared *shared, size_t count_walked,
                       bool is_whole)
{
    bool all_regular = true;
    uintptr_t high = unwinder->walk[count_walked - 1].frame.sp;
    for (size_t i = 0; i < count_walked; i++) {
        const struct frame *frame = &unwinder->walk[i].frame;
        struct frame caller = {0};
        uint64_t packed = unwind_learn_locked(shared, frame->pc);
        struct rule rule = rule_unpack(packed);
        bool is_last = i + 1 == count_walked;
        bool agrees = is_regular(packed);
        bool is_guess = rule.kind == RULE_GUESS;
        if (agrees && is_last) {
            agrees =
                !is_whole || rule.kind == RULE_END || (is_guess && !libunwind_may_be_framed(frame));
        } else if (agrees) {
            const struct frame *expected = &unwinder->walk[i + 1].frame;
            agrees = rule.kind != RULE_END && step(frame, &rule, high, &caller) &&
                     caller.pc == expected->pc && caller.sp == expected->sp;
        }
        if (!agrees && is_regular(packed) && !is_guess) {
            packed = rule_pack(&(struct rule){.kind = RULE_IRREGULAR, .module = rule.module});
            rule_table_put(&shared->rules, frame->pc, packed);
        }
        unwinder->walk[i].rule = packed;
        all_regular = all_regular && agrees && (!is_guess || is_last);
    }
    return all_regular && is_whole;
}

static void capture_on_own_stack(void *argument)
{
    struct full_task *task = argument;
    struct unwinder *unwinder = task->unwinder;
    const unsigned depth = task->shared->depth;
    const size_t own_frames =
        sizeof unwinder->walked / sizeof unwinder->walked[0] - UNWIND_FRAMES_MAX;
    bool is_whole = false;
    bool is_reusable = false;
    size_t first = 0;
    lock_acquire(&task->shared->lock);
    size_t found =
        libunwind_walk(&task->registers, unwinder->walked, depth + own_frames, &is_whole);
    while (first < found && (unwinder->walked[first].sp != task->leaf->sp ||
                             unwinder->walked[first].pc != task->leaf->pc)) {
        first++;
    }
    if (first ==
        found) { /* our own frames could not be walked through: better one frame than none */
        unwinder->walked[0] = *task->leaf;
        first = 0;
        found = 1;
        is_whole = false;
    }
    size_t walked = found - first;
    bool is_cut = walked > depth;
    if (is_cut) {
        walked = depth;
    }
    for (size_t i = 0; i < walked; i++) {
        unwinder->walk[i].frame = unwinder->walked[first + i];
    }
    unwinder->walk[0].frame.bp = task->leaf->bp;
    is_reusable = find_rules(unwinder, task->shared, walked, is_whole && !is_cut);
    lock_release(&task->shared->lock);

    extents_add(&unwinder->extents, task->leaf->sp, unwinder->walk[walked - 1].frame.sp);
    unwind_memo_finish(unwinder, task->shared, 0, walked, task->ret_stack);
    task->ret_stack->root = is_cut     ? TRACE_STACK_CUT
                            : is_whole ? TRACE_STACK_WHOLE
                                       : TRACE_STACK_BROKEN;
    if (!is_reusable) {
        unwind_memo_drop(unwinder);
    }
}

static __attribute__((noinline, cold)) void capture_full(struct unwinder *unwinder,
                                                         struct unwind_shared *shared,
                                                         const struct frame *leaf,
                                                         struct unwind_stack *ret_stack)
{
    struct full_task task = {
        .unwinder = unwinder, .shared = shared, .leaf = leaf, .ret_stack = ret_stack};
    registers_here(&task.registers);
    count(shared->full_walks);
    own_stack_call(capture_on_own_stack, &task, unwinder->own_stack_top);
}

/* --- the self-check --- */

/* The pc whose rule led astray: the last frame at which both stacks agree. */
static void distrust(struct unwind_shared *shared, const struct unwind_memo_frame *fast,
                     size_t fast_count, const struct unwinder *unwinder, size_t full_count)
{
    size_t i = 0;
    while (i < fast_count && i < full_count &&
           fast[fast_count - 1 - i].frame.pc == unwinder->memo[full_count - 1 - i].frame.pc) {
        i++;
    }
    if (i > 0) {
        const struct unwind_memo_frame *last = &unwinder->memo[full_count - i];
        struct rule rule = {.kind = RULE_IRREGULAR, .module = rule_module(last->rule)};
        rule_table_put(&shared->rules, last->frame.pc, rule_pack(&rule));
    }
}

static void put_off_check(struct unwinder *unwinder)
{
    if (unwinder->check_interval == 0) {
        unwinder->check_interval = UNWIND_CHECK_SOON;
    } else if (unwinder->check_interval < UNWIND_CHECK_LATE) {
        unwinder->check_interval *= 2;
    }
    unwinder->unchecked = unwinder->check_interval;
}

/* Capture both ways and compare. libunwind's stack counts. */
static __attribute__((noinline, cold)) void capture_checked(struct unwinder *unwinder,
                                                            struct unwind_shared *shared,
                                                            const struct frame *leaf,
                                                            struct unwind_stack *ret_stack)
{
    struct unwind_stack fast = {0};
    put_off_check(unwinder);
    unwind_memo_show(unwinder); /* unwind_pass() may have hidden it */
    const struct unwind_segment *segment = unwind_segments_find(unwinder, leaf);
    ret_stack->expected = segment != NULL ? segment->id : 0;
    if (!capture_fast(unwinder, shared, leaf, &fast)) {
        capture_full(unwinder, shared, leaf, ret_stack);
        return;
    }
    /* the memo is overwritten by the full walk; the scratch array holds what is compared */
    struct unwind_memo_frame *copy = unwinder->compared;
    memcpy(copy, unwinder->memo, fast.count * sizeof *copy);
    capture_full(unwinder, shared, leaf, ret_stack);
    bool is_equal = ret_stack->count == fast.count;
    for (size_t i = 0; is_equal && i < fast.count; i++) {
        is_equal = copy[i].frame.pc == unwinder->memo[i].frame.pc &&
                   copy[i].frame.sp == unwinder->memo[i].frame.sp;
    }
    count(shared->checks);
    if (!is_equal) {
        count(shared->corrections);
        distrust(shared, copy, fast.count, unwinder, ret_stack->count);
        unwind_forget(unwinder);
    }
}

/* Return: the number of the memo's check that unwind_is_unchanged() saw fail; 0: none, or it was
 * that of the leaf's own bp. */
static size_t failed_check(const struct unwinder *unwinder)
{
    if (unwinder->failed == NULL) {
        return 0;
    }
    const size_t number = (size_t)(unwinder->failed - unwinder->checks);
    return number <= unwinder->memo[unwinder->memo_used - 1].last_check ? number : 0;
}

void unwind_capture(struct unwinder *unwinder, struct unwind_shared *shared,
                    const struct frame *leaf, struct unwind_stack *ret_stack)
{
    const size_t difference = failed_check(unwinder);
    unwinder->failed = NULL;
    ret_stack->known = 0;
    ret_stack->expected = 0;
    if (__builtin_expect(unwinder->unchecked < UNWIND_CHANGE_WORTH, 0)) {
        capture_checked(unwinder, shared, leaf, ret_stack);
        return;
    }
    unwinder->unchecked -= UNWIND_CHANGE_WORTH;
    if (difference != 0 && capture_alike(unwinder, shared, difference, ret_stack)) {
        return;
    }
    /* a leaf end is more likely to be known than to begin with a frame of the memo */
    const struct unwind_segment *segment = unwind_segments_find(unwinder, leaf);
    if (segment != NULL) {
        ret_stack->known = segment->id;
        return;
    }
    if (__builtin_expect(!capture_fast(unwinder, shared, leaf, ret_stack), 0)) {
        capture_full(unwinder, shared, leaf, ret_stack);
    }
}

void unwind_keep(struct unwinder *unwinder, struct unwind_shared *shared,
                 const struct unwind_stack *stack, uint32_t id)
{
    if (stack->expected != 0 && stack->expected != id) {
        count(shared->corrections);
        unwind_segments_forget(&unwinder->segments);
    } else {
        unwind_segments_add(unwinder, stack);
    }
}

void unwind_pass(struct unwinder *unwinder, uint32_t most)
{
    unwinder->unchecked -= most < unwinder->unchecked ? most : unwinder->unchecked;
    if (unwinder->unchecked < UNWIND_CHANGE_WORTH) {
        unwind_memo_hide(unwinder);
    }
}

void unwind_forget(struct unwinder *unwinder)
{
    unwind_memo_drop(unwinder);
    unwind_segments_forget(&unwinder->segments);
}
