/* Start, threads, fork, end. See process.h. */
#include "process.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "log.h"
#include "memory.h"
#include "modules.h"
#include "proc_stat.h"
#include "real.h"
#include "sys.h"
#include "trace_codec.h"
#include "tracer.h"

#define LIBRARY_NAME "libtrace.so"

struct process process;
struct gate gate;

static struct thread_state thread_absent = {.busy = THREAD_RECORDING};
static struct thread_state thread_internal = {.busy = THREAD_INTERNAL};
__thread struct thread_state *thread_self = &thread_absent;

/* What describes the process in its trace; strings that live as long as the process. */
static struct {
    char executable[TRACE_PATH_BYTES];
    char directory[TRACE_PATH_BYTES];
    struct utsname names;
    char *const *arguments;
} description;

/* --- the inside of the tracer
 * ---------------------------------------------------------------------- */

/* All signals blocked, and allocations of this thread passed through: while the tracer itself calls
 * things that may allocate, and while a thread has no state yet. */
struct inside {
    struct thread_state *self;
    uint64_t signals;
};

static struct inside go_inside(void)
{
    struct inside inside = {.self = thread_self};
    uint64_t all = UINT64_MAX;
    (void)sys_sigprocmask(SIG_SETMASK, &all, &inside.signals);
    thread_self = &thread_internal;
    return inside;
}

static void come_out(const struct inside *inside, struct thread_state *self)
{
    thread_self = self;
    (void)sys_sigprocmask(SIG_SETMASK, &inside->signals, NULL);
}

void process_count(enum trace_counter counter)
{
    struct trace_file_header *header = process.file.header;
    if (header != NULL) {
        __atomic_fetch_add(&header->counters[counter], 1, __ATOMIC_RELAXED);
    }
}

static void set_end(enum trace_end how)
{
    struct trace_file_header *header = process.file.header;
    struct clock_reading reading = {0};
    if (header != NULL) {
        header->end_tick = clock_tick(&process.clock, &reading);
        header->counters[TRACE_TRACER_BYTES] = memory_mapped_bytes();
        header->end_state = how;
    }
}

void process_stop(long error)
{
    if (atomic_exchange(&process.phase, PROCESS_STOPPED) != PROCESS_STOPPED) {
        atomic_store(&gate.is_open, 0);
        set_end(TRACE_END_STOPPED);
        LOG(process.file.path, ": ", log_error(error),
            "; tracing has stopped, what was recorded so far is kept");
    }
}

/* --- threads
 * --------------------------------------------------------------------------------------- */

bool process_refresh_name(struct thread_state *state)
{
    char name[sizeof state->name] = {0};
    if (sys_prctl(PR_GET_NAME, name) != 0 || memcmp(name, state->name, sizeof name) == 0) {
        return false;
    }
    memcpy(state->name, name, sizeof name);
    return true;
}

/* Map the windows of a state, under a new stream. Return: 0 or -errno. */
static long open_windows(struct thread_state *state)
{
    state->stream = atomic_fetch_add(&process.threads.streams, 1);
    state->tick = 0;
    state->epoch = 0;
    state->clock = (struct clock_reading){0}; /* a forked child's ticks start anew */
    definitions_restart(&state->definitions);
    long result =
        window_open(&state->definitions.window, &process.file, TRACE_DEFINITIONS, state->stream);
    return result != 0 ? result
                       : window_open(&state->events, &process.file, TRACE_EVENTS, state->stream);
}

static void name_thread(struct thread_state *state, int thread)
{
    (void)process_refresh_name(state);
    (void)define_thread(&state->definitions, (uint32_t)thread, state->name);
}

/* What a state knows about its thread's stack means nothing to another thread. */
static void forget_stack(struct thread_state *state)
{
    state->busy = THREAD_IDLE;
    state->unwinder.memo_used = 0;
    memset(state->unwinder.extents, 0, sizeof state->unwinder.extents);
}

/* A state whose thread has ended, made ready for the next one. Return: 0 or -errno. */
static long renew(struct thread_state *state)
{
    long result = 0;
    forget_stack(state);
    if (state->nested != NULL) {
        forget_stack(state->nested);
    }
    if (atomic_load(&process.threads.streams) < THREAD_STREAMS_MAX) {
        result = window_seal(&state->events, &process.file, 0, 0);
        if (result == 0) {
            result = window_seal(&state->definitions.window, &process.file, 0, 0);
        }
        state->stream = atomic_fetch_add(&process.threads.streams, 1);
        state->tick = 0;
        state->epoch = 0;
        state->last_stack = 0;
        site_table_clear(&state->sites);
        definitions_restart(&state->definitions);
        window_restart(&state->events, state->stream);
        window_restart(&state->definitions.window, state->stream);
    }
    return result;
}

static struct thread_state *make_thread(void)
{
    int thread = sys_gettid();
    struct thread_state *state = thread_list_reclaim(&process.threads, thread);
    long result = 0;
    if (state != NULL) {
        result = renew(state);
    } else {
        state = thread_state_new();
        result = state != NULL ? open_windows(state) : -ENOMEM;
        if (result == 0) {
            thread_list_add(&process.threads, state, thread);
        } else {
            thread_state_free(state);
        }
    }
    if (result != 0) {
        process_stop(result);
        return NULL;
    }
    /* what other threads did before this one began comes before its first event */
    atomic_fetch_add(&gate.epoch, 1);
    name_thread(state, thread);
    return state;
}

bool process_add_nested(struct thread_state *state)
{
    struct inside inside = go_inside();
    struct thread_state *nested = thread_state_new();
    long result = nested != NULL ? open_windows(nested) : -ENOMEM;
    if (result == 0) {
        atomic_store(&nested->owner, sys_gettid());
        name_thread(nested, sys_gettid());
        state->nested = nested;
    } else {
        thread_state_free(nested);
        process_stop(result);
    }
    come_out(&inside, inside.self);
    return result == 0;
}

/* --- the file
 * -------------------------------------------------------------------------------------- */

/* Return: what the program is called, for the name of its trace. */
static const char *program_name(void)
{
    const char *slash = strrchr(description.executable, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : "program";
}

static void describe_process(void)
{
    long length =
        sys_readlink("/proc/self/exe", description.executable, sizeof description.executable - 1);
    description.executable[length > 0 ? length : 0] = '\0';
    if (sys_getcwd(description.directory, sizeof description.directory) <= 0) {
        description.directory[0] = '\0';
    }
    (void)sys_call3(SYS_uname, (long)&description.names, 0, 0);
}

static uint64_t random_number(void)
{
    uint64_t number = 0;
    if (sys_getrandom(&number, sizeof number) != (long)sizeof number) {
        number = process.clock.start_ns * 0x9e3779b97f4a7c15u + (uint64_t)sys_getpid();
    }
    return number;
}

static long create_file(void)
{
    struct trace_file_header header = {
        .magic = TRACE_MAGIC,
        .version = TRACE_VERSION,
        .oldest_reader = TRACE_VERSION,
        .header_bytes = TRACE_HEADER_BYTES,
        .window_bytes = TRACE_WINDOW_BYTES,
        .session = process.config.session,
        .start_realtime_ns = clock_realtime_ns(&process.clock),
        .start_monotonic_ns = process.clock.start_ns,
        .pid = (uint32_t)sys_getpid(),
        .parent_pid = (uint32_t)sys_getppid(),
        .first_stack = atomic_load(&process.stacks.next_id),
        .first_site = atomic_load(&process.sites.next_id),
    };
    header.process_start = proc_start_time(header.pid);
    header.parent_start = proc_start_time(header.parent_pid);
    header.check = trace_check(&header, offsetof(struct trace_file_header, check));
    process.first_site = header.first_site;
    long result = file_create(&process.file, process.config.output, program_name(), &header);
    if (result == 0) {
        struct trace_file_header *mapped = process.file.header;
        process.unwind.checks = &mapped->counters[TRACE_UNWIND_CHECKS];
        process.unwind.corrections = &mapped->counters[TRACE_UNWIND_CORRECTIONS];
        process.unwind.full_walks = &mapped->counters[TRACE_UNWIND_FULL];
    } else {
        LOG(process.file.path, ": ", log_error(result),
            "; nothing is traced. Set LIBTRACE_OUTPUT to a file that can be written");
    }
    return result;
}

/* The first record of the file, in the first thread's stream. */
static void write_process(struct thread_state *state)
{
    struct process_description record = {
        .executable = description.executable,
        .directory = description.directory,
        .host = description.names.nodename,
        .allocator = real_allocator_path(),
        .arguments = description.arguments,
    };
    (void)define_process(&state->definitions, &record);
}

/* --- start
 * ----------------------------------------------------------------------------------------- */

static bool init_tables(void)
{
    bool has_memory = stack_table_init(&process.stacks) && site_directory_init(&process.sites) &&
                      rule_table_init(&process.unwind.rules) &&
                      modules_init(description.executable) &&
                      live_map_init(&process.live, process.is_glibc ? 5 : 4);
    if (!has_memory) {
        LOG("no memory for the tracer's tables; nothing is traced");
    }
    return has_memory;
}

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

static void after_fork_in_child(void)
{
    atomic_store(&gate.is_open, 0); /* where the kernel has no MADV_WIPEONFORK */
    after_fork();
}

static void open_gate(void)
{
    atomic_store(&process.phase, PROCESS_RUNNING);
    atomic_store(&gate.is_recording, process.config.is_started);
    atomic_store(&gate.generation, 1);
    atomic_store(&gate.epoch, 1);
    atomic_store(&gate.is_open, 1);
}

/* Not to follow children means not to be preloaded into what they execute. */
static void leave_environment(char **environment)
{
    static char kept[TRACE_PATH_BYTES];
    static const char name[] = "LD_PRELOAD=";
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, sizeof name - 1) != 0) {
            continue;
        }
        size_t used = sizeof name - 1;
        memcpy(kept, name, used);
        for (const char *part = *environment + used; *part != '\0';) {
            size_t length = strcspn(part, ": ");
            const char *base = memrchr(part, '/', length);
            base = base != NULL ? base + 1 : part;
            bool is_us = (size_t)(part + length - base) == sizeof LIBRARY_NAME - 1 &&
                         memcmp(base, LIBRARY_NAME, sizeof LIBRARY_NAME - 1) == 0;
            if (!is_us && used + length + 2 < sizeof kept) {
                memcpy(kept + used, part, length);
                used += length;
                kept[used++] = ':';
            }
            part += length + (part[length] != '\0');
        }
        kept[used - (kept[used - 1] == ':')] = '\0';
        *environment = kept;
    }
}

static void announce(const char *what)
{
    if (process.config.is_verbose) {
        char number[24];
        LOG(what, " process ", log_number((uint64_t)sys_getpid(), number), ", trace file ",
            process.file.path);
    }
}

static bool start(char **environment)
{
    struct thread_state *state = NULL;
    config_read(&process.config, environment);
    clock_start(&process.clock);
    describe_process();
    process.is_glibc = real_is_glibc();
    process.unwind.depth = process.config.depth;
    if (process.config.session == 0) {
        process.config.session = random_number();
    }
    atomic_store(&process.file.fd, -1);
    if (!init_tables() || !libunwind_load() || create_file() != 0) {
        return false;
    }
    if (!process.config.follows_children) {
        leave_environment(environment);
    }
    (void)sys_madvise(&gate, GATE_BYTES, MADV_WIPEONFORK);
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
    state = thread_state_new();
    long result = state != NULL ? open_windows(state) : -ENOMEM;
    if (result != 0) {
        LOG(process.file.path, ": ", log_error(result), "; nothing is traced");
        return false;
    }
    file_release(&process.file);
    write_process(state);
    name_thread(state, sys_gettid());
    thread_list_add(&process.threads, state, sys_gettid());
    announce("tracing");
    if (process.config.snapshot_signal != 0) {
        tracer_snapshot_at(process.config.snapshot_signal);
    }
    if (!process.is_glibc && real_has_own_new()) {
        process_count(TRACE_FOREIGN_NEW);
    }
    return true;
}

static void start_once(char **environment)
{
    uint32_t expected = PROCESS_UNSTARTED;
    if (!atomic_compare_exchange_strong(&process.phase, &expected, PROCESS_STARTING)) {
        return;
    }
    struct inside inside = go_inside();
    struct thread_state *self = inside.self;
    if (start(environment)) {
        self = atomic_load(&process.threads.first);
        open_gate();
    } else {
        atomic_store(&process.phase, PROCESS_STOPPED);
    }
    come_out(&inside, self);
}

/* libc has its environment, and the loader is not in the middle of something. */
static bool is_libc_ready(void)
{
    return environ != NULL && _r_debug.r_state == RT_CONSISTENT;
}

bool tracer_find_allocator(void)
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

__attribute__((constructor)) static void construct(int count, char **arguments, char **environment)
{
    (void)count;
    description.arguments = arguments;
    (void)tracer_find_allocator();
    if (real.malloc != NULL) {
        start_once(environment);
    }
}

/* --- fork
 * ------------------------------------------------------------------------------------------ */

/* The parent's other threads do not exist here. Their windows are the parent's: they must go. */
static void forget_threads(struct thread_state *self)
{
    struct thread_state *state = atomic_exchange(&process.threads.first, NULL);
    atomic_store(&process.threads.hand, NULL);
    atomic_store(&process.threads.streams, 0);
    while (state != NULL) {
        struct thread_state *next = state->next;
        if (state != self) {
            (void)sys_munmap(state->events.chunk, TRACE_WINDOW_BYTES);
            (void)sys_munmap(state->definitions.window.chunk, TRACE_WINDOW_BYTES);
            thread_state_free(state);
        }
        state = next;
    }
}

static long restart_state(struct thread_state *state)
{
    thread_state_forget(state);
    site_table_clear(&state->sites);
    return open_windows(state);
}

/*
 * Begin this child's own trace. The state's windows are mapped anew where they were, so that even
 * an event that a forking signal handler interrupted goes to the child's own file.
 */
static long start_child(struct thread_state *self)
{
    bool is_held = atomic_load(&process.file.fd) >= 0;
    file_release(&process.file);
    clock_restart(&process.clock);
    stack_table_forget(&process.stacks);
    modules_forget_definitions();
    forget_threads(self);
    long result = create_file();
    if (result != 0 || self == NULL) {
        return result;
    }
    result = restart_state(self);
    if (result == 0 && self->nested != NULL) {
        result = restart_state(self->nested);
    }
    if (result == 0) {
        write_process(self);
        name_thread(self, sys_gettid());
        thread_list_add(&process.threads, self, sys_gettid());
    }
    if (!is_held) {
        file_release(&process.file);
    }
    return result;
}

static void start_child_once(void)
{
    struct inside inside = go_inside();
    struct thread_state *self = inside.self == &thread_absent ? NULL : inside.self;
    long result = -ECANCELED;
    bool is_unlocked = atomic_load(&process.unwind.lock.state) == 0;
    if (process.config.follows_children && is_unlocked) {
        result = start_child(self);
    } else if (!is_unlocked) {
        LOG("a child was made by fork inside clone() while libunwind was at work; it is not "
            "traced");
    }
    if (result == 0) {
        open_gate();
        announce("tracing");
    } else {
        atomic_store(&process.phase, PROCESS_STOPPED);
    }
    come_out(&inside, inside.self);
}

/* --- ways in and out
 * ------------------------------------------------------------------------------- */

struct thread_state *process_thread(void)
{
    if (thread_self->busy == THREAD_INTERNAL) {
        return NULL;
    }
    if (!atomic_load(&gate.is_open)) {
        uint32_t phase = atomic_load(&process.phase);
        if (phase == PROCESS_UNSTARTED && is_libc_ready()) {
            start_once(environ);
        } else if (phase == PROCESS_RUNNING) {
            start_child_once();
        }
        if (!atomic_load(&gate.is_open)) {
            return NULL;
        }
    }
    if (thread_self == &thread_absent) {
        struct inside inside = go_inside();
        struct thread_state *state = make_thread();
        come_out(&inside, state != NULL ? state : &thread_absent);
        return state;
    }
    return thread_self;
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
    atomic_store(&gate.is_recording, is_on);
    return true;
}

void tracer_moving(void)
{
    if (atomic_load(&gate.is_open)) {
        file_hold(&process.file);
    }
}

void tracer_ending(enum trace_end how)
{
    struct trace_file_header *header = process.file.header;
    if (!atomic_load(&gate.is_open) || header->pid != (uint32_t)sys_getpid()) {
        return;
    }
    /* exit() calls _exit(), and an exec that failed takes back what it said */
    if (header->end_state == TRACE_END_NONE || header->end_state == TRACE_END_EXEC) {
        set_end(how);
        if (how != TRACE_END_NONE) {
            announce("end of");
        }
    }
}

__attribute__((destructor)) static void destruct(void)
{
    tracer_ending(TRACE_END_EXIT);
}
