/*
 * The memo itself (unwind.h): whether it still stands, and the frames that come on top of what
 * does.
 */
#ifndef PRELOAD_UNWIND_MEMO_H
#define PRELOAD_UNWIND_MEMO_H

#include <stddef.h>
#include <stdint.h>

#include "unwind.h"

static inline uintptr_t unwind_read_word(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

/* The next stack, even the same one, is to be captured. */
static inline void unwind_memo_hide(struct unwinder *unwinder)
{
    unwinder->leaf_sp = 0;
    unwinder->leaf_pc = 0;
    unwinder->leaf = NULL;
}

/* The memo is of no use to the next capture; what it holds may still be read. */
static inline void unwind_memo_drop(struct unwinder *unwinder)
{
    unwinder->memo_used = 0;
    unwinder->failed = NULL;
    unwind_memo_hide(unwinder);
}

/* Let the memo's leaf be looked at, if there is one. */
static inline void unwind_memo_show(struct unwinder *unwinder)
{
    if (unwinder->memo_used == 0) {
        unwind_memo_hide(unwinder);
        return;
    }
    const struct unwind_memo_frame *leaf = &unwinder->memo[unwinder->memo_used - 1];
    struct unwind_check *check = &unwinder->checks[leaf->last_check];
    if (leaf->needs_bp) {
        *++check = (struct unwind_check){FRAME_BP_SLOT(leaf->frame.sp), leaf->frame.bp};
    }
    unwinder->leaf = leaf;
    unwinder->leaf_checks = check;
    unwinder->leaf_sp = leaf->frame.sp;
    unwinder->leaf_pc = leaf->frame.pc;
}

/*
 * Check that the callers of memo[frames - 1] are what they were, or can take their place.
 * @at: the first of its checks that fails; 0 if none does.
 * @ret_fresh: those of memo[0 .. *ret_fresh) that are still used are what they were.
 * Return: how many frames from the root are of no use to it: 0 if all of them are right, i if the
 * caller of memo[i] is no longer memo[i - 1], and nothing has been replaced.
 */
size_t unwind_memo_verify(struct unwinder *unwinder, const struct unwind_shared *shared,
                          size_t frames, size_t at, size_t *ret_fresh);

/*
 * Put the frames that were walked on top of the @reused frames of the memo that still stand. Frames
 * beyond the depth limit are dropped at the root, and the memo is of no use then: its ids hang on
 * the cut.
 */
void unwind_memo_finish(struct unwinder *unwinder, const struct unwind_shared *shared,
                        size_t reused, size_t walked, struct unwind_stack *ret_stack);

#endif
