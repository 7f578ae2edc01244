/*
 * From the first allocation to an open gate: configuration, tables, libunwind, the trace file. See
 * process.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>

#include "log.h"
#include "modules.h"
#include "own_calls.h"
#include "picture.h"
#include "proc_stat.h"
#include "process.h"
#include "real.h"
#include "sys.h"
#include "trace_codec.h"
#include "tracer.h"

#define LIBRARY_NAME "libtrace.so"

/* What describes the process in its trace; strings that live as long as the process. */
static struct {
    char executable[TRACE_PATH_BYTES];
    char directory[TRACE_PATH_BYTES];
    struct utsname names;
    char *const *arguments;
} description;

/* --- the file --- */

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
    const char *asked_for = (const char *)getauxval(AT_EXECFN);
    if (length <= 0 && asked_for != NULL && asked_for[0] == '/') { /* no /proc in a bare root */
        (void)stpncpy(description.executable, asked_for, sizeof description.executable - 1);
    }
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
    atomic_store(&process.tally.first_site, header.first_site);
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

struct thread_state *process_begin_trace(struct thread_state *state)
{
    if (create_file() != 0) {
        return NULL;
    }
    long result = -ENOMEM;
    state = state != NULL ? state : thread_state_new();
    if (state != NULL) {
        result = process_open_windows(state);
    }
    if (result == 0 && state->nested != NULL) {
        result = process_open_windows(state->nested);
    }
    file_release(&process.file);
    if (result != 0) {
        LOG(process.file.path, ": ", log_error(result), "; nothing is traced");
        return NULL;
    }
    write_process(state);
    process_name_thread(state);
    thread_list_add(&process.threads, state, sys_gettid());
    return state;
}

/* --- start --- */

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

/* Return: the first thread's state, or NULL. */
static struct thread_state *start(char **environment)
{
    uint32_t filters = proc_filters();
    if (filters > 0 && !own_calls_are_survived()) {
        LOG("the program runs under a filter of system calls that kills for one of the tracer's; "
            "nothing is traced");
        return NULL;
    }
    config_read(&process.config, environment);
    process.is_recording = process.config.is_started;
    if (process.config.is_replayable) {
        clock_ignore_words(&process.clock);
    }
    clock_start(&process.clock);
    describe_process();
    process.is_glibc = real_is_glibc();
    process.unwind.depth = process.config.depth;
    process.unwind.entry = getauxval(AT_ENTRY);
    if (process.config.session == 0) {
        process.config.session = random_number();
    }
    periods_start(&process.periods, &process.config, &process.tally);
    atomic_store(&process.file.fd, -1);
    if (!init_tables() || !libunwind_load()) {
        return NULL;
    }
    struct thread_state *state = process_begin_trace(NULL);
    if (state == NULL) {
        return NULL;
    }
    if (!process.config.follows_children) {
        leave_environment(environment);
    }
    if (process.config.snapshot_signal != 0) {
        tracer_snapshot_at(process.config.snapshot_signal);
    }
    if (process.config.picture_signal != 0) {
        tracer_picture_at(process.config.picture_signal);
    }
    if (!process.is_glibc && real_has_own_new()) {
        process.file.header->counters[TRACE_FOREIGN_NEW] = 1;
    }
    if (real_is_preceded()) {
        process.file.header->counters[TRACE_FOREIGN_MALLOC] = 1;
    }
    process_watch_forks();
    picture_prepare(filters);
    return state;
}

void process_start(char **environment)
{
    uint32_t expected = PROCESS_UNSTARTED;
    if (!atomic_compare_exchange_strong(&process.phase, &expected, PROCESS_STARTING)) {
        return;
    }
    struct process_inside inside = process_go_inside();
    struct thread_state *state = start(environment);
    if (state != NULL) {
        process_open_gate();
        process_announce("tracing");
    } else {
        atomic_store(&process.phase, PROCESS_STOPPED);
    }
    process_come_out(&inside, state != NULL ? state : inside.self);
}

__attribute__((constructor)) static void construct(int count, char **arguments, char **environment)
{
    (void)count;
    description.arguments = arguments;
    (void)tracer_find_allocator();
    if (real.malloc != NULL) {
        process_start(environment);
    }
}
