/*
 * Into a thread's state and out of it. In between, the state is the thread's alone; a signal
 * handler that arrives meanwhile finds it busy and gets the nested state.
 *
 * enter() is on the way of every event, so it is inline: two tests, of the state and of the gate.
 */
#ifndef PRELOAD_ENTER_H
#define PRELOAD_ENTER_H

#include <emmintrin.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "process.h"

/* The slot of the hook's return address, below the stack pointer that its caller has afterwards. */
static inline uintptr_t enter_return_address(uintptr_t sp)
{
    return *(const uintptr_t *)(sp - sizeof(uintptr_t));
}

static inline void leave(struct thread_state *state)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    thread_set_busy(state, THREAD_IDLE);
}

/*
 * Take an idle state. Before the gate is looked at: a signal handler that forks in between leaves
 * the child with a closed gate, and one that forks later finds the state busy.
 */
static inline void enter_at(struct thread_state *state, uintptr_t sp)
{
    const uintptr_t sp_and_busy = sp + THREAD_RECORDING;
    const __m128i use = _mm_set_epi64x((long long)enter_return_address(sp), (long long)sp_and_busy);
    /* one instruction, whatever the compiler thinks of it */
    __asm__ volatile("movaps %1, %0" : "=m"(state->use) : "x"(use) : "memory");
}

/* Take an idle state. Return: false if the gate is closed. */
static inline bool enter_by(struct thread_state *state, uintptr_t sp)
{
    enter_at(state, sp);
    if (__builtin_expect(atomic_load_explicit(&gate.is_open, memory_order_relaxed) != 0, 1)) {
        return true;
    }
    leave(state);
    return false;
}

/* enter(), when the short way did not do. */
__attribute__((noinline, cold)) struct thread_state *enter_slow(uintptr_t sp);

/* Return: the state to record with, or NULL: let the call pass. @sp: of the hook's caller. */
static inline struct thread_state *enter(uintptr_t sp)
{
    struct thread_state *state = thread_self;
    if (__builtin_expect(thread_busy(state) == THREAD_IDLE, 1) &&
        __builtin_expect(enter_by(state, sp), 1)) {
        return state;
    }
    return enter_slow(sp);
}

#endif
