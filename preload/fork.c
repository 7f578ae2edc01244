/*
 * A forked child begins a trace of its own. See process.h.
 *
 * It notices at its first event, so children that only call exec cost nothing. What it inherits:
 * the live map (blocks from before are known by their low site ids), the tables of stacks and sites
 * (their ids go on), and rules.
 */
#include <errno.h>
#include <pthread.h>

#include "log.h"
#include "modules.h"
#include "picture.h"
#include "process.h"
#include "sys.h"
#include "tracer.h"

/* fork() must not happen while libunwind, which has locks inside, is at work in another thread: the
 * child would find them locked for ever. Signals are blocked while we hold our lock. */
static uint64_t signals_before_fork;

static void before_fork(void)
{
    uint64_t all = UINT64_MAX;
    uint64_t before = 0;
    (void)sys_sigprocmask(SIG_SETMASK, &all, &before);
    lock_acquire(&process.unwind.lock);
    signals_before_fork = before;
}

static void after_fork(void)
{
    uint64_t before = signals_before_fork;
    lock_release(&process.unwind.lock);
    (void)sys_sigprocmask(SIG_SETMASK, &before, NULL);
}

/* A window of the parent's, which this process must not write to any more: private memory in its
 * place. */
static void detach_window(const struct window *window)
{
    (void)sys_mmap(window->chunk, TRACE_WINDOW_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void detach(struct thread_state *state)
{
    state->is_detached = true;
    detach_window(&state->events);
    detach_window(&state->definitions.window);
}

/* The state whose event a forking signal handler interrupted; its owner will use it once more. */
static struct thread_state *interrupted;

void tracer_forked(void)
{
    struct thread_state *state = thread_self;
    process_close_gate(); /* where the kernel has no MADV_WIPEONFORK */
    if (state != &thread_absent && thread_busy(state) == THREAD_RECORDING) {
        detach(state);
        if (state->nested != NULL) {
            detach(state->nested);
        }
        interrupted = state;
        thread_self = &thread_absent;
    }
}

static void after_fork_in_child(void)
{
    tracer_forked();
    after_fork();
}

void process_watch_forks(void)
{
    (void)sys_madvise(&gate, GATE_BYTES, MADV_WIPEONFORK);
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

/* The parent's other threads do not exist here. Their windows are the parent's: they must go. */
static void forget_threads(struct thread_state *self)
{
    struct thread_state *state = atomic_exchange(&process.threads.first, NULL);
    atomic_store(&process.threads.hand, NULL);
    atomic_store(&process.threads.streams, 0);
    while (state != NULL) {
        struct thread_state *next = state->next;
        if (state != self && state != interrupted) {
            (void)sys_munmap(state->events.chunk, TRACE_WINDOW_BYTES);
            (void)sys_munmap(state->definitions.window.chunk, TRACE_WINDOW_BYTES);
            thread_state_free(state);
        }
        state = next;
    }
}

static struct thread_state *start_child(struct thread_state *self)
{
    bool is_held = atomic_load(&process.file.fd) >= 0;
    file_release(&process.file);
    clock_restart(&process.clock);
    stack_table_forget(&process.stacks);
    modules_forget_definitions();
    picture_forget();
    forget_threads(self);
    atomic_store(&process.tally.live, 0);
    atomic_store(&process.tally.peak, 0);
    periods_start(&process.periods, &process.config, &process.tally);
    struct thread_state *state = process_begin_trace(self);
    if (is_held) {
        file_hold(&process.file);
    }
    return state;
}

void process_start_child(void)
{
    struct process_inside inside = process_go_inside();
    struct thread_state *self = inside.self == &thread_absent ? NULL : inside.self;
    struct thread_state *state = NULL;
    bool is_unlocked = atomic_load(&process.unwind.lock.state) == 0;
    if (process.config.follows_children && is_unlocked) {
        state = start_child(self);
    } else if (!is_unlocked) {
        LOG("a child was made without fork() while libunwind was at work; it is not traced");
    }
    if (state != NULL) {
        process_open_gate();
        if (interrupted != NULL) { /* its event is in neither file */
            process_count(TRACE_LOST_NESTED);
            interrupted = NULL;
        }
        process_announce("tracing");
    } else {
        atomic_store(&process.phase, PROCESS_STOPPED);
    }
    process_come_out(&inside, state != NULL ? state : inside.self);
}
