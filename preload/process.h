/*
 * The tracer's state for this process, and its life: start, threads, fork, end.
 *
 * Start is lazy: with the first allocation after libc is initialised, or with our constructor if
 * that comes first. Libraries whose constructors run before ours are thus seen. (Running our
 * constructor before everybody's, -z initfirst, would make our dlopen() initialise libc without the
 * program's arguments, which later constructors are then not given.)
 *
 * Fork is noticed by the child itself, at its first event: the gate's page reads as zero there.
 */
#ifndef PRELOAD_PROCESS_H
#define PRELOAD_PROCESS_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "config.h"
#include "domain_map.h"
#include "file.h"
#include "live_map.h"
#include "periods.h"
#include "site_table.h"
#include "stack_table.h"
#include "tally.h"
#include "thread_state.h"
#include "unwind.h"

#define GATE_BYTES 4096
#define GATE_RECORDING ((uint64_t)1)
#define GATE_EPOCH ((uint64_t)2)

/* What every event looks at; a page of its own, which a forked child finds full of zeros. */
struct gate {
    _Atomic uint32_t is_open;    /* threads may record */
    _Atomic uint32_t generation; /* of loaded code and of ids: some are no longer what they were */
    /* GATE_RECORDING: new blocks are recorded, not only frees of known ones; and above it the epoch
     * (docs/format.md, 5.1). Changes whenever anything here does: an event that finds it as the
     * last one did has nothing else to look at. */
    _Atomic uint64_t state;
} __attribute__((aligned(GATE_BYTES)));
static_assert(sizeof(struct gate) == GATE_BYTES, "nothing else may be on the gate's page");

enum process_phase {
    PROCESS_UNSTARTED = 0,
    PROCESS_STARTING = 1,
    PROCESS_RUNNING = 2,
    PROCESS_STOPPED = 3, /* for ever */
};

struct process {
    struct config config;
    struct clock clock;
    struct file file;
    struct live_map live;
    struct domain_map domains; /* of what the program tracks itself */
    struct stack_table stacks;
    struct site_directory sites;
    struct unwind_shared unwind;
    struct tally tally;
    struct periods periods;
    _Atomic uint32_t clears; /* how often sites were given new ids */
    struct thread_list threads;
    bool is_recording;   /* what the gate said last; a forked child's gate has forgotten */
    uint32_t first_site; /* lower ones were born before fork, in the parent */
    _Atomic uint32_t phase;
    bool is_glibc;             /* the allocator */
    _Atomic bool has_code_map; /* it may have: stacks went through code that is in no module */
};

extern struct process process;
extern struct gate gate;

/* Never NULL: before a thread has a state, a constant one that is busy. */
extern __thread struct thread_state *thread_self __attribute__((tls_model("initial-exec")));
extern struct thread_state thread_absent; /* what thread_self points to then */

static inline bool process_is_recording(void)
{
    return (atomic_load_explicit(&gate.state, memory_order_relaxed) & GATE_RECORDING) != 0;
}

static inline uint64_t process_epoch(void)
{
    return atomic_load_explicit(&gate.state, memory_order_acquire) / GATE_EPOCH;
}

/* Return: the new epoch. */
static inline uint64_t process_raise_epoch(void)
{
    return atomic_fetch_add_explicit(&gate.state, GATE_EPOCH, memory_order_acq_rel) / GATE_EPOCH +
           1;
}

/* Ids, or addresses of code, have a new meaning: each thread is to forget them at its next event.
 */
static inline void process_raise_generation(void)
{
    atomic_fetch_add(&gate.generation, 1);
    (void)process_raise_epoch();
}

/* --- for tracer.c --- */

/*
 * The calling thread's state when the short way in enter() did not give it: starts the tracer, the
 * child after fork, or the thread if need be.
 * Return: the state, perhaps busy, or NULL: let the call pass unrecorded.
 */
struct thread_state *process_thread(void);

/* Make the state for signal handlers that interrupt the use of @state. Return: false without
 * memory. */
bool process_add_nested(struct thread_state *state);

/*
 * Make good a state whose last event was left in the middle, by longjmp() out of a signal handler
 * or by the end of its thread: what it remembers may be half written. That event counts as lost.
 * Return: false if the file cannot take it; the state is still in the middle of an event then.
 */
bool process_recover(struct thread_state *state);

/* Look at the thread's name again. Return: true if it has changed. */
bool process_refresh_name(struct thread_state *state);

/* Add one to a counter of the trace. */
void process_count(enum trace_counter counter);

/* Give up for ever, with one line in the log. @error: negative. */
void process_stop(long error);

/*
 * Of an event that has written the time: are those to come usual as long as the gate does not
 * change? Not if it is asked who frees: a free needs a stack then.
 * @gate_state: as it was when the event looked.
 */
static inline void process_settle(struct thread_state *state, uint64_t gate_state)
{
    bool is_usual = (gate_state & GATE_RECORDING) != 0 && !process.config.notes_frees &&
                    gate_state / GATE_EPOCH == state->epoch &&
                    atomic_load(&gate.generation) == state->generation;
    state->as_of = is_usual ? gate_state : GATE_NEVER;
}

/* --- between process.c, start.c, threads.c and fork.c --- */

/*
 * All signals blocked, and allocations of this thread passed through: while the tracer itself calls
 * things that may allocate, and while a thread has no state yet.
 */
struct process_inside {
    struct thread_state *self; /* what thread_self was */
    uint64_t signals;
};
struct process_inside process_go_inside(void);
void process_come_out(const struct process_inside *inside, struct thread_state *self);

/* Let threads record from now on: the file and the first thread's state are there. */
void process_open_gate(void);

/* Let no thread record any more. */
void process_close_gate(void);

/* A line in the log, if the user wants to hear it. @what: "tracing", say. */
void process_announce(const char *what);

/* start.c: start the tracer, once. @environment: as main()'s third argument. */
void process_start(char **environment);

/*
 * start.c: create the trace file and write what describes the process, in the stream of the first
 * thread.
 * @state: that thread's; its windows are mapped anew. NULL: it is made.
 * Return: the state, or NULL, with a line in the log.
 */
struct thread_state *process_begin_trace(struct thread_state *state);

/* threads.c: make a state for the calling thread, or take one over. Return: NULL if tracing
 * stopped. */
struct thread_state *process_make_thread(void);

/* threads.c: map a state's windows, under a new stream, empty it of ids. Return: 0 or -errno. */
long process_open_windows(struct thread_state *state);

/* threads.c: write down what the thread is called. */
void process_name_thread(struct thread_state *state);

/* traced.c: add up what all threads have recorded, or let it count as added up. */
void process_add_records(void);
void process_skip_records(void);

/* fork.c: have fork() wait while libunwind is at work. */
void process_watch_forks(void);

/* fork.c: begin this child's own trace, at its first event after fork. */
void process_start_child(void);

#endif
