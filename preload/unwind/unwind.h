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
 * before it matched, so nothing is read that a plain unwinder would not read.
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

#define UNWIND_FRAMES_MAX CONFIG_DEPTH_MAX
/* a changed stack brings a self-check nearer by as much as these unchanged ones */
#define UNWIND_CHANGE_WORTH 16
#define UNWIND_CHECK_SOON 16384      /* before a thread's first self-check; ... */
#define UNWIND_CHECK_LATE (1u << 20) /* ... twice as many before each next one, up to these */

/*
 * A stack slot that a step of the memo read, and what was in it. The first check of all fails
 * always, so that the loop over them needs to look for nothing but a failure.
 */
struct unwind_check {
    uintptr_t slot;
    uintptr_t value;
};

struct unwind_memo_frame {
    struct frame frame;
    uint32_t module;
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
    uint64_t *checks; /* counters in the trace, or NULL */
    uint64_t *corrections;
    uint64_t *full_walks;
};

/* One per thread; all zero to begin with. The frames are stored root first. */
struct unwinder {
    struct unwind_memo_frame memo[UNWIND_FRAMES_MAX];
    struct unwind_check checks[1 + 3 * UNWIND_FRAMES_MAX];
    struct unwind_walked walk[UNWIND_FRAMES_MAX + 1];     /* leaf first: frames not in the memo */
    struct frame walked[UNWIND_FRAMES_MAX + 64];          /* libunwind's, our own frames included */
    struct unwind_memo_frame compared[UNWIND_FRAMES_MAX]; /* what a self-check looks at */
    struct extents extents;
    size_t memo_used;
    uint32_t generation;     /* of the code that the memo was made for */
    uint32_t unchecked;      /* unchanged stacks that may follow before a check is due */
    uint32_t check_interval; /* after the last check; 0 before the first */
    void *own_stack_top;
};

/* Why the outermost frame of a capture is the outermost: enum trace_stack_root. */
struct unwind_stack {
    size_t count;  /* frames in unwinder->memo */
    size_t reused; /* of these, how many from the root still carry their id */
    uint32_t root;
};

/*
 * Take the stack of the frame @leaf, a caller of this function in the same thread.
 * @generation: changes when code has been unloaded.
 * @ret_stack: its frames are unwinder->memo[0 .. count), root first. Their ids from `reused` on are
 * not set: the caller must set them before the next capture.
 * Context: any thread, async-signal-safe, one capture at a time for each unwinder.
 */
void unwind_capture(struct unwinder *unwinder, struct unwind_shared *shared,
                    const struct frame *leaf, uint32_t generation, struct unwind_stack *ret_stack);

/* --- the memo, for unwind.c and for unwind_is_unchanged() --- */

/* Return: true if @frame's caller is found as that of the memo's frame @known was. */
static inline bool unwind_is_same_frame(const struct unwind_memo_frame *known,
                                        const struct frame *frame)
{
    return known->frame.sp == frame->sp && known->frame.pc == frame->pc &&
           (!known->needs_bp || known->frame.bp == frame->bp);
}

/*
 * Read again, leaf to root, the slots that led from a frame of the memo to the outermost one.
 * Return: the first check that fails; the one at unwinder->checks if none but that does.
 */
static inline const struct unwind_check *
unwind_find_difference(const struct unwinder *unwinder, const struct unwind_memo_frame *from)
{
    const struct unwind_check *check = &unwinder->checks[from->last_check];
    while (*(const uintptr_t *)check->slot == check->value) {
        check--;
    }
    return check;
}

/*
 * Is the stack of @leaf the very one of the last capture, as in a loop that allocates? Then this
 * has been a capture, and unwinder->memo_used frames are as they were, ids included. No code may
 * have been unloaded since the last call of unwind_capture(). Return: false: unwind_capture() must
 * look, if only because a self-check is due.
 */
static inline bool unwind_is_unchanged(struct unwinder *unwinder, const struct frame *leaf)
{
    if (unwinder->memo_used == 0) {
        return false;
    }
    const struct unwind_memo_frame *known = &unwinder->memo[unwinder->memo_used - 1];
    if (!unwind_is_same_frame(known, leaf) || unwinder->unchecked == 0 ||
        unwind_find_difference(unwinder, known) != unwinder->checks) {
        return false;
    }
    unwinder->unchecked--;
    return true;
}

#endif
