/*
 * Everything that one thread needs to record: one structure, reached through one thread-local
 * pointer.
 *
 * States are mapped, never allocated, and never unmapped while other threads run: when a thread has
 * ended, a later one takes its state over. Nothing is hooked into the end of a thread for that (no
 * key, no destructor whose order could be wrong): whoever needs a state looks for owners that are
 * gone.
 *
 * A signal handler that interrupts the tracer and allocates gets a second state, with windows and a
 * stream of its own: `nested`.
 */
#ifndef PRELOAD_THREAD_STATE_H
#define PRELOAD_THREAD_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "definitions.h"
#include "live_map.h"
#include "own_stack.h"
#include "site_table.h"
#include "tally.h"
#include "unwind.h"
#include "window.h"

/* Up to here every thread gets a stream of its own; later ones share those of threads that ended.
 */
#define THREAD_STREAMS_MAX 1024

#define GATE_NEVER UINT64_MAX /* what gate.state never is */

enum thread_busy {
    THREAD_IDLE = 0,
    THREAD_RECORDING = 1, /* inside the tracer; an allocation now is a signal handler's */
    THREAD_INTERNAL = 2,  /* the tracer itself is calling something that may allocate */
    THREAD_BUSY_MASK = 3, /* bits of an aligned stack pointer that are 0 */
};

/*
 * What the state is used for, and by which hook, last. One store of 16 bytes marks a state busy, so
 * that a signal handler finds all of it or nothing.
 */
struct thread_use {
    uintptr_t sp_and_busy; /* stack pointer of the hook's caller, and enum thread_busy */
    uintptr_t pc;          /* where the hook returns to */
} __attribute__((aligned(16)));

/* What an allocation asks for, and the name that it has. */
struct allocation {
    uint32_t stack;
    uint32_t site;
    uint64_t size; /* bytes */
};

#define NO_SIZE UINT64_MAX /* no block has it */

#define NO_RECORD UINT32_MAX /* begins there in a window */

/* Who ended blocks last, as the window of events has it, if that is wanted at all. */
struct freer {
    uint32_t stack;
    uint32_t sequence; /* of the window */
    bool is_known;     /* since the state was given to a thread */
};

/* A block that realloc() has in hand: it is in the live map no more, or not yet again. */
struct moving_block {
    uintptr_t address; /* before the move; 0: none */
    live_entry entry;
};

struct thread_state {
    /* of every event */
    struct thread_use use; /* changed by the owner and its signal handlers only */
    /* the site of the last allocation in the window of events, which records are differences to (0:
     * none yet), and the tick of the last event: what the live map gets when the next one repeats
     * it */
    live_entry newest;
    uint64_t epoch;             /* of the last event written */
    struct clock_reading clock; /* its tick is that of `newest`, or it is none */
    struct window events;
    uint64_t as_of; /* gate.state, if an event that finds it again is a usual one; or GATE_NEVER */
    uint32_t last_stack; /* that the newest site was made for */
    uint32_t unpaired;   /* where in the window the last allocation's record is, if nothing but
                            frees came after it, in one tick and epoch; or NO_RECORD */
    uint64_t last_size;  /* NO_SIZE: it is not to be found by stack and size */
    uint64_t again_size; /* the same, if that stack is the unwinder's leaf; or NO_SIZE */
    struct site_table sites;
    struct live_front front; /* where this thread's heap grows */
    /* of new definitions */
    struct definitions definitions;
    uint32_t stream;
    uint32_t clears;        /* process.clears, when the site table was begun */
    tally_position tallied; /* of the window of events */
    struct freer freer;
    struct moving_block moving; /* for heap pictures: what it points to is in use */
    char name[16];              /* as last written; the kernel's limit */
    uint32_t named_at;          /* tick of the last look at it on the way to more room */
    uint32_t events_to_lose;    /* before the next attempt to make room for them */
    uint32_t bases_at;          /* `used` of the events' window before the last record that
                                   changed what later ones are differences to */
    /* of its life */
    bool is_detached;  /* forked away in the middle of an event: writes into nothing */
    _Atomic int owner; /* thread id */
    struct thread_state *next;
    struct thread_state *nested; /* or NULL; a nested state is not in the list */
    uint32_t generation;         /* of the gate, when the caches were last emptied for it */
    struct unwinder unwinder;
    _Alignas(16) unsigned char own_stack[OWN_STACK_BYTES];
};

/* All states but the nested ones. */
struct thread_list {
    _Atomic(struct thread_state *) first;
    _Atomic(struct thread_state *) hand; /* where the search for a dead owner goes on */
    _Atomic uint32_t streams;            /* given out so far */
};

/*
 * Map a state, without windows.
 * Return: NULL without memory. Context: async-signal-safe.
 */
struct thread_state *thread_state_new(void);
void thread_state_free(struct thread_state *state);

static inline enum thread_busy thread_busy(const struct thread_state *state)
{
    return (enum thread_busy)(state->use.sp_and_busy & THREAD_BUSY_MASK);
}

static inline uintptr_t thread_use_sp(const struct thread_state *state)
{
    return state->use.sp_and_busy & ~(uintptr_t)THREAD_BUSY_MASK;
}

static inline void thread_set_busy(struct thread_state *state, enum thread_busy busy)
{
    state->use.sp_and_busy = thread_use_sp(state) | busy;
}

/* Return: the tick of the last event written. */
static inline uint32_t thread_tick(const struct thread_state *state)
{
    return live_entry_birth(state->newest);
}

/* Return: the site of the last allocation in the window of events; 0: none. */
static inline uint32_t thread_last_site(const struct thread_state *state)
{
    return live_entry_site(state->newest);
}

static inline void thread_state_set_time(struct thread_state *state, uint32_t tick, uint64_t epoch)
{
    state->newest = live_entry_make(thread_last_site(state), tick);
    state->epoch = epoch;
    state->unpaired = NO_RECORD;
}

static inline void thread_state_set_last(struct thread_state *state, struct allocation last)
{
    state->newest = live_entry_make(last.site, thread_tick(state));
    state->last_stack = last.stack;
    state->last_size = last.size;
}

/* To be called when the last allocation or the unwinder's leaf has become another. */
static inline void thread_state_await_again(struct thread_state *state)
{
    const struct unwind_memo_frame *leaf = state->unwinder.leaf;
    const bool is_leaf = leaf != NULL && leaf->id == state->last_stack;
    state->again_size = is_leaf ? state->last_size : NO_SIZE;
}

/* The next record must say what the time is. */
static inline void thread_state_forget_time(struct thread_state *state)
{
    thread_state_set_time(state, 0, 0);
    state->as_of = GATE_NEVER;
}

/* The record that is about to be ended changes what later ones are differences to: the time or the
 * last allocation. Before the change itself, so that process_recover() knows. */
static inline void thread_state_change_bases(struct thread_state *state)
{
    state->bases_at = state->events.chunk->used;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/*
 * The window of events is about to be emptied, after which thread_state_restart_events() is due: a
 * signal handler may leave the tracer in between, as soon as it is let through.
 */
static inline void thread_state_begin_emptying(struct thread_state *state)
{
    state->bases_at = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* The window of events has been emptied: there is nothing to be a difference to. */
void thread_state_restart_events(struct thread_state *state);

/* Empty the private caches: ids or addresses have a new meaning. */
void thread_state_forget(struct thread_state *state);

/* Add a state to the list, owned by @owner. */
void thread_list_add(struct thread_list *list, struct thread_state *state, int owner);

/*
 * Take over the state of a thread that has ended, if one is found among the next few of the list.
 * Return: the state, owned by @owner, or NULL.
 */
struct thread_state *thread_list_reclaim(struct thread_list *list, int owner);

#endif
