/* The state of the process, and the ways into and out of it. See process.h. */
#include "process.h"

#include <link.h>
#include <unistd.h>

#include "log.h"
#include "memory.h"
#include "naming.h"
#include "picture.h"
#include "real.h"
#include "sys.h"
#include "tracer.h"

struct process process;
struct gate gate;

struct thread_state thread_absent = {.use.sp_and_busy = THREAD_RECORDING};
static struct thread_state thread_internal = {.use.sp_and_busy = THREAD_INTERNAL};
__thread struct thread_state *thread_self = &thread_absent;

struct process_inside process_go_inside(void)
{
    struct process_inside inside = {.self = thread_self};
    uint64_t all = UINT64_MAX;
    (void)sys_sigprocmask(SIG_SETMASK, &all, &inside.signals);
    thread_self = &thread_internal;
    return inside;
}

void process_come_out(const struct process_inside *inside, struct thread_state *self)
{
    thread_self = self;
    (void)sys_sigprocmask(SIG_SETMASK, &inside->signals, NULL);
}

__attribute__((noinline, cold)) void process_count(enum trace_counter counter)
{
    struct trace_file_header *header = process.file.header;
    /* with the gate closed, the header may be the parent's */
    if (header != NULL && (atomic_load(&gate.is_open) || header->pid == (uint32_t)sys_getpid())) {
        __atomic_fetch_add(&header->counters[counter], 1, __ATOMIC_RELAXED);
    }
}

static void set_end(enum trace_end how)
{
    struct trace_file_header *header = process.file.header;
    struct clock_reading reading = CLOCK_UNREAD;
    if (header != NULL) {
        header->end_tick = clock_tick(&process.clock, &reading);
        header->counters[TRACE_TRACER_BYTES] = memory_mapped_bytes();
        header->end_state = how;
    }
}

void process_close_gate(void)
{
    atomic_store(&gate.is_open, 0);
    atomic_fetch_and(&gate.state, ~GATE_RECORDING);
}

void process_stop(long error)
{
    if (atomic_exchange(&process.phase, PROCESS_STOPPED) != PROCESS_STOPPED) {
        process_close_gate();
        set_end(TRACE_END_STOPPED);
        LOG(process.file.path, ": ", log_error(error),
            "; tracing has stopped, what was recorded so far is kept");
    }
}

void process_open_gate(void)
{
    atomic_store(&process.phase, PROCESS_RUNNING);
    atomic_store(&gate.generation, 1);
    atomic_store(&gate.is_open, 1);
    atomic_store(&gate.state, GATE_EPOCH | (process.is_recording ? GATE_RECORDING : 0));
}

void process_announce(const char *what)
{
    if (process.config.is_verbose) {
        char number[24];
        LOG(what, " process ", log_number((uint64_t)sys_getpid(), number), ", trace file ",
            process.file.path);
    }
}

/* libc has its environment, and the loader is not in the middle of something. */
static bool is_libc_ready(void)
{
    return environ != NULL && _r_debug.r_state == RT_CONSISTENT;
}

__attribute__((noinline, cold)) bool tracer_find_allocator(void)
{
    static _Atomic bool is_looking;
    if (real.malloc != NULL) {
        return true;
    }
    if (!is_libc_ready() || atomic_exchange(&is_looking, true)) {
        return false;
    }
    bool is_found = real_resolve();
    if (!is_found) {
        atomic_store(&process.phase, PROCESS_STOPPED);
    }
    return is_found;
}

struct thread_state *process_thread(void)
{
    if (thread_busy(thread_self) == THREAD_INTERNAL) {
        return NULL;
    }
    if (!atomic_load(&gate.is_open)) {
        uint32_t phase = atomic_load(&process.phase);
        if (phase == PROCESS_UNSTARTED && is_libc_ready()) {
            process_start(environ);
        } else if (phase == PROCESS_RUNNING) {
            process_start_child();
        }
        if (!atomic_load(&gate.is_open)) {
            return NULL;
        }
    }
    if (thread_self == &thread_absent) {
        struct process_inside inside = process_go_inside();
        struct thread_state *state = process_make_thread();
        process_come_out(&inside, state != NULL ? state : &thread_absent);
        return state;
    }
    return thread_self;
}

bool tracer_has_started(void)
{
    return atomic_load_explicit(&process.phase, memory_order_relaxed) == PROCESS_RUNNING;
}

size_t tracer_least_size(void)
{
    return process.is_glibc ? 0 : 9;
}

bool tracer_set_recording(bool is_on)
{
    if (!atomic_load(&gate.is_open)) {
        return false;
    }
    process.is_recording = is_on;
    if (is_on) {
        atomic_fetch_or(&gate.state, GATE_RECORDING);
    } else {
        atomic_fetch_and(&gate.state, ~GATE_RECORDING);
    }
    return true;
}

bool tracer_heap_picture(const char *name, bool waits)
{
    /* a forked child must have a trace of its own first */
    return process_thread() != NULL && process.file.header->pid == (uint32_t)sys_getpid() &&
           picture_take(name, waits);
}

void tracer_moving(void)
{
    if (!atomic_load(&gate.is_open) && atomic_load(&process.phase) == PROCESS_RUNNING) {
        process_start_child(); /* which could not create its file afterwards */
    }
    if (atomic_load(&gate.is_open)) {
        file_hold(&process.file);
    }
    modules_have_moved();
}

void tracer_entering_namespace(void)
{
    tracer_moving();
    clock_ignore_words(&process.clock);
}

static _Atomic bool is_confined;

void tracer_sandboxed(void)
{
    const struct trace_file_header *header = process.file.header;
    if (!atomic_load(&gate.is_open)) {
        atomic_store(&process.phase, PROCESS_STOPPED); /* a child that has not begun its trace */
    } else if (header->pid == (uint32_t)sys_getpid()) {
        process_stop(-EPERM);
    } else {
        return; /* a vfork child, before its exec: it has the parent's memory */
    }
    atomic_store(&is_confined, true);
}

bool tracer_is_confined(void)
{
    return atomic_load_explicit(&is_confined, memory_order_relaxed);
}

void tracer_ending(enum trace_end how)
{
    struct trace_file_header *header = process.file.header;
    if (!atomic_load(&gate.is_open) || header->pid != (uint32_t)sys_getpid()) {
        return;
    }
    /* exit() calls _exit(), and an exec that failed takes back what it said */
    if (header->end_state == TRACE_END_NONE || header->end_state == TRACE_END_EXEC) {
        if (how != TRACE_END_NONE) {
            tracer_sample(CALLER_SP());
            naming_save_code_map(CALLER_SP());
        }
        set_end(how);
        if (how == TRACE_END_EXIT || how == TRACE_END_QUICK) {
            picture_end(process.config.pictures_end);
        }
        if (how != TRACE_END_NONE) {
            process_announce("end of");
        }
    }
}

__attribute__((destructor)) static void destruct(void)
{
    tracer_ending(TRACE_END_EXIT);
}
