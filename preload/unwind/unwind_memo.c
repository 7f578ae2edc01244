/* What becomes of the memo. See unwind_memo.h. */
#include "unwind_memo.h"

#include <string.h>

#include "trace_format.h"

#define ENTRY_BYTES 64     /* a program's _start() is shorter */
#define START_FRAMES_MAX 2 /* glibc's __libc_start_main() and __libc_start_call_main() */

/*
 * Is memo[index] one of the frames by which libc starts the program, between its entry and main()?
 * Each is called once, from one place, and main()'s return is the end: a stack that goes through
 * one of them has the same callers as ever. @packed: the frame's rule.
 */
static bool is_start_frame(const struct unwind_memo_frame *memo, size_t index, uint64_t packed,
                           uintptr_t entry)
{
    const uint32_t module = rule_module(packed);
    return index >= 1 && memo[0].frame.pc - entry < ENTRY_BYTES && module != 0 &&
           module != rule_module(memo[0].rule) &&
           (index == 1 || (rule_module(memo[1].rule) == module && memo[1].last_check == 0));
}

/*
 * Add the frames that were walked at the leaf end, the outermost first, and the checks of their
 * steps. Checks are made from the end to the start: what a slot's address depends on comes after
 * it.
 */
static void push_walked(struct unwinder *unwinder, const struct unwind_shared *shared,
                        size_t walked)
{
    struct unwind_memo_frame *top = &unwinder->memo[unwinder->memo_used];
    struct unwind_check *check = unwinder->checks;
    struct frame caller = {0};
    bool needs_bp = false; /* of the caller */
    if (unwinder->memo_used > 0) {
        caller = top[-1].frame;
        check += top[-1].last_check;
        needs_bp = top[-1].needs_bp;
    } else if (walked > 0) {
        /* the slot is this very word, which is not 0 */
        *check = (struct unwind_check){(uintptr_t)&check->slot, 0};
        const struct unwind_walked *root = &unwinder->walk[--walked];
        struct rule rule = rule_unpack(root->rule);
        caller = root->frame;
        needs_bp = rule.kind == RULE_GUESS; /* or it would not be the outermost */
        *top++ =
            (struct unwind_memo_frame){.frame = caller, .rule = root->rule, .needs_bp = needs_bp};
    }
    for (const struct unwind_walked *next = &unwinder->walk[walked]; next-- != unwinder->walk;) {
        /* word by word, as they were written: a wider load would have to wait for both stores */
        const struct frame frame = {next->frame.pc, next->frame.sp, next->frame.bp};
        const size_t index = (size_t)(top - unwinder->memo);
        if (__builtin_expect(index <= START_FRAMES_MAX, 0) &&
            is_start_frame(unwinder->memo, index, next->rule, shared->entry)) {
            needs_bp = false;
            *top++ = (struct unwind_memo_frame){.frame = frame, .rule = next->rule};
            caller = frame;
            continue;
        }
        struct rule rule = rule_unpack(next->rule);
        if (needs_bp && rule.bp != RULE_BP_KEPT) {
            uintptr_t base = rule.bp == RULE_BP_AT_CFA ? caller.sp : frame.bp;
            *++check = (struct unwind_check){base + (uintptr_t)rule.bp_offset, caller.bp};
            needs_bp = rule.bp != RULE_BP_AT_CFA;
        }
        *++check = (struct unwind_check){caller.sp - sizeof(uintptr_t), caller.pc};
        if (rule.kind == RULE_DEREF_BP) {
            *++check = (struct unwind_check){frame.bp + (uintptr_t)rule.cfa_offset,
                                             caller.sp - (uintptr_t)rule.cfa_addend};
        }
        needs_bp = needs_bp || rule.kind != RULE_SP;
        top->frame = frame;
        top->rule = next->rule;
        top->last_check = (uint32_t)(check - unwinder->checks);
        top->needs_bp = needs_bp;
        top++;
        caller = frame;
    }
    unwinder->memo_used = (size_t)(top - unwinder->memo);
}

/* A frame of the memo that another one has come in the place of. */
struct replacement {
    struct unwind_memo_frame *frame;
    struct unwind_check *check; /* of its pc */
    uintptr_t pc;
    uint64_t rule;
};

#define REPLACEMENTS_MAX 16

/*
 * The return address that @check looks at is another one. May it take the place of the one in the
 * memo's frame @caller? It may if its own caller is found in the same way: then that lies in the
 * same place, and all checks are of the same slots. Return: false if not.
 */
static inline bool find_replacement(const struct unwind_shared *shared,
                                    struct unwind_memo_frame *caller, struct unwind_check *check,
                                    struct replacement *ret_replacement)
{
    bool is_fixed = caller->last_check == 0; /* its callers are not checked */
    if (check->slot != caller->frame.sp - sizeof(uintptr_t) || is_fixed) {
        return false;
    }
    uintptr_t pc = unwind_read_word(check->slot);
    uint64_t rule = rule_table_find(&shared->rules, pc);
    *ret_replacement = (struct replacement){caller, check, pc, rule};
    return rule != 0 && rule_is_alike(rule, caller->rule) && rule_kind_of(rule) < RULE_END;
}

size_t unwind_memo_verify(struct unwinder *unwinder, const struct unwind_shared *shared,
                          size_t frames, size_t at, size_t *ret_fresh)
{
    struct unwind_memo_frame *memo = unwinder->memo;
    struct replacement replacements[REPLACEMENTS_MAX];
    size_t used = 0;
    size_t i = frames - 1;
    while (__builtin_expect(at != 0, 0)) {
        while (memo[i - 1].last_check >= at) {
            i--;
        }
        if (used == REPLACEMENTS_MAX ||
            !find_replacement(shared, &memo[i - 1], &unwinder->checks[at], &replacements[used])) {
            return i;
        }
        used++;
        at = unwind_find_difference_from(unwinder, at - 1);
    }
    *ret_fresh = used > 0 ? i - 1 : frames;
    for (const struct replacement *next = replacements; next != replacements + used; next++) {
        next->frame->frame.pc = next->pc;
        next->frame->rule = next->rule;
        next->check->value = next->pc;
    }
    return 0;
}

void unwind_memo_finish(struct unwinder *unwinder, const struct unwind_shared *shared,
                        size_t reused, size_t walked, struct unwind_stack *ret_stack)
{
    size_t count = reused + walked;
    bool is_cut = count > shared->depth;
    unwinder->memo_used = reused;
    if (is_cut) {
        size_t dropped = count - shared->depth;
        memmove(unwinder->memo, unwinder->memo + dropped,
                (reused - dropped) * sizeof unwinder->memo[0]);
        unwinder->memo_used = reused - dropped;
        if (unwinder->memo_used > 0) {
            unwinder->memo[unwinder->memo_used - 1].last_check = 0; /* room for those to come */
        }
        count = shared->depth;
        reused = 0;
    }
    if (walked != 0) {
        push_walked(unwinder, shared, walked);
    }
    if (is_cut) {
        unwind_memo_drop(unwinder);
    } else {
        unwind_memo_show(unwinder);
    }
    ret_stack->count = count;
    ret_stack->reused = reused;
    ret_stack->walked = walked;
    ret_stack->root = is_cut ? TRACE_STACK_CUT : TRACE_STACK_WHOLE;
}
