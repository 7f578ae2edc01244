/*
 * Call stacks: libunwind is the authority, a verified memo is the speed.
 *
 * A thread keeps its last stack. A new capture steps frames from the leaf by learned rules until it
 * meets a frame of the memo: same pc, same sp, and same bp if anything further out depends on bp.
 * Then the rest of the memo is checked by reading again every stack slot that its steps once read,
 * leaf to root. All equal: the rest stands, ids included. A difference at some frame: the frames up
 * to it stand, and stepping goes on from there.
 *
 * Why it is exact: a frame's caller is a function of (pc, sp, bp) and the slots read; equal inputs
 * give the equal caller, and so on to the root. Why it is safe: a slot is read only after all slots
 * before it matched, so nothing is read that a plain unwinder would not read. Where the slot of a
 * return address holds another one, and the rules of both are alike, the new one takes the place of
 * the old one in the memo: what is further out lies where it lay, and is checked as before.
 *
 * The frames by which libc starts a program are not read again: what called them cannot change.
 *
 * Leaf ends that come again are kept apart from the memo (unwind_segments.h).
 *
 * A pc without a regular rule sends the whole capture to libunwind, and now and then a capture is
 * repeated by libunwind as a check: soon in the life of a thread, then ever more seldom.
 */
#ifndef PRELOAD_UNWIND_H
#define PRELOAD_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "extents.h"
#include "lock.h"
#include "unwind_rules.h"
#include "unwind_segments.h"

#define UNWIND_FRAMES_MAX CONFIG_DEPTH_MAX
/* a captured stack brings a self-check nearer by as much as so many that need no capture */
#define UNWIND_CHANGE_WORTH 16
#define UNWIND_CHECK_SOON 16384      /* before a thread's first self-check; ... */
#define UNWIND_CHECK_LATE (1u << 20) /* ... twice as many before each next one, up to these */

struct unwind_memo_frame {
    struct frame frame;
    uint64_t rule;       /* packed: of the step to the caller */
    uint32_t id;         /* of the stack that ends in this frame; for the caller to fill in */
    uint32_t last_check; /* checks of this frame and of those further out: 1 to this index */
    bool needs_bp;       /* the step to the caller, or a later one, depends on bp */
};

/* A frame that was stepped to, and the packed rule of the step to its caller. */
struct unwind_walked {
    struct frame frame;
    uint64_t rule;
};

/* What the whole process shares. */
struct unwind_shared {
    struct rule_table rules;
    struct lock lock; /* around libunwind and modules.c */
    unsigned depth;   /* most frames of a stack */
    uintptr_t entry;  /* where the program begins */
    uint64_t *checks; /* counters in the trace, or NULL */
    uint64_t *corrections;
    uint64_t *full_walks;
};

/* One per thread; all zero to begin with. The frames are stored root first. */
struct unwinder {
    uintptr_t leaf_sp; /* of the memo's last frame; 0: look no further */
    uintptr_t leaf_pc;
    const struct unwind_check *leaf_checks; /* from here down are those of all its frames */
    const struct unwind_check *failed;      /* of these, if a capture is to begin there; or NULL */
    const struct unwind_memo_frame *leaf;   /* the memo's last frame, or NULL */
    size_t memo_used;
    uint32_t unchecked;      /* stacks without a capture that may follow before a check is due */
    uint32_t check_interval; /* after the last check; 0 before the first */
    void *own_stack_top;
    struct unwind_memo_frame memo[UNWIND_FRAMES_MAX];
    struct unwind_check checks[1 + 3 * UNWIND_FRAMES_MAX + 1]; /* the last one for leaf_checks */
    struct unwind_walked walk[UNWIND_FRAMES_MAX + 1];     /* leaf first: frames not in the memo */
    struct frame walked[UNWIND_FRAMES_MAX + 64];          /* libunwind's, our own frames included */
    struct unwind_memo_frame compared[UNWIND_FRAMES_MAX]; /* what a self-check looks at */
    struct extents extents;
    struct unwind_segments segments;
};

/* Why the outermost frame of a capture is the outermost: enum trace_stack_root. */
struct unwind_stack {
    size_t count;  /* frames in unwinder->memo */
    size_t reused; /* of these, how many from the root still carry their id */
    size_t walked; /* and how many at the leaf are not those of the stack before */
    uint32_t root;
    uint32_t known;    /* the whole stack's id, found by a segment; the rest is not set then */
    uint32_t expected; /* the same, when the stack was taken nonetheless, as a self-check; or 0 */
};

/*
 * Take the stack of the frame @leaf, a caller of this function in the same thread.
 * @ret_stack: if `known` is not 0, that is its id. Else its frames are unwinder->memo[0 .. count),
 * root first. Their ids from `reused` on are not set: the caller must set them before the next
 * capture.
 * Context: any thread, async-signal-safe, one capture at a time for each unwinder.
 */
void unwind_capture(struct unwinder *unwinder, struct unwind_shared *shared,
                    const struct frame *leaf, struct unwind_stack *ret_stack);

/*
 * To be called when all frames of the last capture have their ids, unless its id was known: what
 * was new in it is kept for the next time.
 * @id: of the whole stack. 0 is none.
 */
void unwind_keep(struct unwinder *unwinder, struct unwind_shared *shared,
                 const struct unwind_stack *stack, uint32_t id);

/* Forget all stacks: code has been unloaded, or ids or the thread are others. */
void unwind_forget(struct unwinder *unwinder);

/*
 * Some captures have been spared by unwind_is_unchanged() or unwind_find_expected(), which do not
 * count them.
 * @most: no more than so many.
 */
void unwind_pass(struct unwinder *unwinder, uint32_t most);

/* --- the memo, for unwind.c and for unwind_is_unchanged() --- */

/* Return: true if @frame's caller is found as that of the memo's frame @known was. */
static inline bool unwind_is_same_frame(const struct unwind_memo_frame *known,
                                        const struct frame *frame)
{
    return known->frame.sp == frame->sp && known->frame.pc == frame->pc &&
           (!known->needs_bp || known->frame.bp == frame->bp);
}

static inline bool unwind_is_equal(const struct unwind_check *check)
{
    return *(const uintptr_t *)check->slot == check->value;
}

/*
 * Return: the first check that fails, from @check down. One before all others always does.
 * Four at a time: a jump back for each of them costs as much as the rest of it.
 */
static inline const struct unwind_check *unwind_skip_equal(const struct unwind_check *check)
{
    for (;; check -= 4) {
        if (!unwind_is_equal(check)) {
            return check;
        }
        if (!unwind_is_equal(check - 1)) {
            return check - 1;
        }
        if (!unwind_is_equal(check - 2)) {
            return check - 2;
        }
        if (!unwind_is_equal(check - 3)) {
            return check - 3;
        }
    }
}

/*
 * Read again the slots of the checks from number @last down.
 * Return: the number of the first one that fails; 0 if none but that does.
 */
static inline size_t unwind_find_difference_from(const struct unwinder *unwinder, size_t last)
{
    const struct unwind_check *check = unwind_skip_equal(&unwinder->checks[last]);
    return (size_t)(check - unwinder->checks);
}

/*
 * Read again, leaf to root, the slots that led from a frame of the memo to the outermost one.
 * Return: true if they are what they were.
 */
static inline bool unwind_are_callers_unchanged(const struct unwinder *unwinder,
                                                const struct unwind_memo_frame *from)
{
    return unwind_find_difference_from(unwinder, from->last_check) == 0;
}

/* Is @leaf where the memo's leaf was? Its bp, if it matters, is one of the leaf's checks. */
static inline bool unwind_is_leaf(const struct unwinder *unwinder, const struct frame *leaf)
{
    return leaf->sp == unwinder->leaf_sp && leaf->pc == unwinder->leaf_pc;
}

/*
 * Of such a leaf: is its stack the very one of the last capture, as in a loop that allocates? Then
 * this has been a capture, and unwinder->memo_used frames are as they were, ids included. No code
 * may have been unloaded since that one.
 * Return: false if unwind_capture() must look at this very leaf.
 */
static inline bool unwind_is_unchanged(struct unwinder *unwinder)
{
    const struct unwind_check *failed = unwind_skip_equal(unwinder->leaf_checks);
    if (__builtin_expect(failed == unwinder->checks, 1)) {
        return true;
    }
    unwinder->failed = failed;
    return false;
}

#endif
