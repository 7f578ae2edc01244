/*
 * Sums over sites, and the question how a process ended. One that left no word may still be
 * running: then its number is in /proc with the same start time and the same program. A process
 * that called exec has all but the last.
 */
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "picture.h"

enum {
    THREADS_NAMED = 16,
    STAT_START_FIELD = 22, /* of /proc/PID/stat: see proc(5) */
};

/* Return: the start time of a process, in clock ticks since boot; 0 when there is none. */
static uint64_t process_start(uint32_t pid)
{
    char path[64];
    char line[1024];
    (void)snprintf(path, sizeof path, "/proc/%" PRIu32 "/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    size_t length = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    line[length] = '\0';
    // The second field, the name, may contain anything; after its parenthesis comes the third.
    const char *at = strrchr(line, ')');
    for (int field = 2; at != NULL && field < STAT_START_FIELD; field++) {
        at = strchr(at + 1, ' ');
    }
    return at == NULL ? 0 : strtoull(at + 1, NULL, 10);
}

static bool is_running(const struct reader *reader)
{
    const struct trace_file_header *header = &reader->file.header;
    const struct process_definition *process = &reader->definitions.process;
    char link[64];
    char executable[TRACE_PATH_BYTES];
    struct utsname system;
    if (header->process_start == 0 || process_start(header->pid) != header->process_start) {
        return false;
    }
    if (process->host != NULL && uname(&system) == 0 &&
        strcmp(process->host, system.nodename) != 0) {
        return false;
    }
    (void)snprintf(link, sizeof link, "/proc/%" PRIu32 "/exe", header->pid);
    ssize_t length = readlink(link, executable, sizeof executable - 1);
    if (length < 0 || process->executable == NULL) {
        return true; // it is not ours to look at
    }
    executable[length] = '\0';
    return strcmp(executable, process->executable) == 0;
}

static enum report_end find_end(const struct reader *reader)
{
    switch (reader->file.header.end_state) {
    case TRACE_END_EXIT:
        return REPORT_END_EXIT;
    case TRACE_END_QUICK:
        return REPORT_END_QUICK;
    case TRACE_END_EXEC:
        return REPORT_END_EXEC;
    case TRACE_END_STOPPED:
        return REPORT_END_STOPPED;
    default:
        return is_running(reader) ? REPORT_END_RUNNING : REPORT_END_UNTOLD;
    }
}

static void sum_sites(const struct definitions *definitions, const struct replay *replay,
                      struct report_totals *totals)
{
    for (size_t i = 0; i < replay->site_count; i++) {
        const struct replay_site *site = &replay->sites[i];
        const bool is_tracked = definitions->sites[i].domain != 0;
        if (!replay_site_counts(site)) {
            continue;
        }
        totals->allocations += site->allocations;
        totals->frees += site->frees;
        totals->bytes_allocated += site->allocations * site->size;
        totals->bytes_freed += site->frees * site->size;
        if (site->frees > site->allocations) {
            totals->negative_sites++;
        } else {
            totals->live_blocks += site->allocations - site->frees;
            totals->live_bytes += (site->allocations - site->frees) * site->size;
            totals->tracked_blocks += is_tracked ? site->allocations - site->frees : 0;
            totals->tracked_bytes +=
                is_tracked ? (site->allocations - site->frees) * site->size : 0;
        }
        totals->tracked_allocations += is_tracked ? site->allocations : 0;
    }
}

static void sum_pictures(const struct reader *reader, struct report_totals *totals)
{
    totals->pictures = picture_count(reader);
    for (size_t i = 0; i < totals->pictures; i++) {
        struct picture_end end;
        if (picture_read_end(reader, i, &end, NULL) == TRACE_OK) {
            totals->whole_pictures++;
            if (end.pause_us > totals->longest_pause_us) {
                totals->longest_pause_us = end.pause_us;
            }
        }
    }
}

static struct report_totals make_totals(const struct reader *reader, const struct replay *replay)
{
    const struct definitions *definitions = &reader->definitions;
    struct report_totals totals = {
        .reallocations = replay->reallocations,
        .clears = replay->clears,
        .peak_bytes = replay->peak_bytes < 0 ? 0 : (uint64_t)replay->peak_bytes,
        .peak_blocks = replay->peak_blocks < 0 ? 0 : (uint64_t)replay->peak_blocks,
        .peak_s = (double)replay->peak_tick / TRACE_TICKS_PER_SECOND,
        .resident_bytes = replay->resident_bytes,
        .peak_resident_bytes = replay->peak_resident_bytes,
        .peak_resident_s = (double)replay->peak_resident_tick / TRACE_TICKS_PER_SECOND,
        .threads = definitions->thread_count > 0 ? definitions->thread_count : reader->stream_count,
        .stacks = definitions->stack_count,
        .sites = definitions->site_count,
        .cut_stacks = definitions->cut_count,
        .broken_stacks = definitions->broken_count,
        .implied_frees = replay->implied_frees,
        .inherited_frees = replay->inherited_frees,
        .inherited_bytes = replay->inherited_bytes,
        .damage = reader->damage,
    };
    memcpy(totals.counters, reader->file.header.counters, sizeof totals.counters);
    sum_sites(definitions, replay, &totals);
    sum_pictures(reader, &totals);
    return totals;
}

/* Return: a copy of @text in @arena; NULL for NULL. */
static const char *copy(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy(arena, text, strlen(text));
}

static bool copy_process(const struct process_definition *process, struct arena *arena,
                         struct report_trace *trace)
{
    const char **arguments = arena_array(arena, process->argument_count + 1, sizeof(const char *));
    if (arguments == NULL) {
        return false;
    }
    for (size_t i = 0; i < process->argument_count; i++) {
        arguments[i] = copy(arena, process->arguments[i]);
        if (arguments[i] == NULL) {
            return false;
        }
    }
    trace->arguments = arguments;
    trace->argument_count = process->argument_count;
    trace->argument_total = process->argument_total;
    trace->program = copy(arena, process->executable);
    trace->directory = copy(arena, process->directory);
    trace->host = copy(arena, process->host);
    trace->allocator = copy(arena, process->allocator);
    return true;
}

static bool copy_threads(const struct definitions *definitions, struct arena *arena,
                         struct report_trace *trace)
{
    size_t count =
        definitions->thread_count < THREADS_NAMED ? definitions->thread_count : THREADS_NAMED;
    const char **threads = arena_array(arena, count + 1, sizeof(const char *));
    for (size_t i = 0; threads != NULL && i < count; i++) {
        const struct thread_definition *thread = &definitions->threads[i];
        threads[i] = arena_format(arena, "%s (%" PRIu64 ")", thread->name, thread->thread);
        if (threads[i] == NULL) {
            return false;
        }
    }
    trace->threads = threads;
    trace->thread_count = count;
    return threads != NULL;
}

static bool copy_snapshots(const struct replay *replay, struct arena *arena,
                           struct report_trace *trace)
{
    struct snapshot *snapshots = arena_array(arena, replay->snapshot_count + 1, sizeof *snapshots);
    for (size_t i = 0; snapshots != NULL && i < replay->snapshot_count; i++) {
        snapshots[i] = replay->snapshots[i];
        snapshots[i].name = copy(arena, replay->snapshots[i].name);
        if (snapshots[i].name == NULL) {
            return false;
        }
    }
    trace->snapshots = snapshots;
    trace->snapshot_count = replay->snapshot_count;
    return snapshots != NULL;
}

enum trace_status summary_make(const struct reader *reader, const struct replay *replay,
                               struct arena *arena, struct report_trace *ret_trace,
                               struct trace_error *error)
{
    const struct trace_file_header *header = &reader->file.header;
    struct report_trace trace = {
        .file = copy(arena, reader->file.path),
        .pid = header->pid,
        .parent_pid = header->parent_pid,
        .start_s = (double)header->start_realtime_ns / 1e9,
        .end = find_end(reader),
        .totals = make_totals(reader, replay),
    };
    bool is_told = trace.end != REPORT_END_UNTOLD && trace.end != REPORT_END_RUNNING;
    uint32_t last_tick = replay->tick > reader->last_tick ? replay->tick : reader->last_tick;
    if (is_told && header->end_tick > last_tick) {
        last_tick = header->end_tick;
    }
    trace.duration_s = (double)last_tick / TRACE_TICKS_PER_SECOND;
    trace.at_end = (struct snapshot){
        .name = "end",
        .tick = last_tick,
        .live_bytes = trace.totals.live_bytes,
        .live_blocks = trace.totals.live_blocks,
        .resident_bytes = trace.totals.resident_bytes,
    };
    if (trace.file == NULL || !copy_process(&reader->definitions.process, arena, &trace) ||
        !copy_threads(&reader->definitions, arena, &trace) ||
        !copy_snapshots(replay, arena, &trace)) {
        return trace_fail(error, TRACE_NOMEM, 0, "%s: no memory for its summary",
                          reader->file.path);
    }
    *ret_trace = trace;
    return TRACE_OK;
}

const char *summary_thread_label(const struct definitions *definitions, uint32_t stream,
                                 char *label)
{
    // Threads are in the order of their streams.
    size_t low = 0;
    size_t high = definitions->thread_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (definitions->threads[middle].stream < stream) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t count = 0;
    while (low + count < definitions->thread_count &&
           definitions->threads[low + count].stream == stream) {
        count++;
    }
    if (count == 0) {
        (void)snprintf(label, SUMMARY_LABEL_BYTES, "<unknown>");
        return label;
    }
    const struct thread_definition *first = &definitions->threads[low];
    int length =
        snprintf(label, SUMMARY_LABEL_BYTES, "%s (%" PRIu64 ")", first->name, first->thread);
    if (count > 1 && length > 0 && length < SUMMARY_LABEL_BYTES) {
        (void)snprintf(label + length, SUMMARY_LABEL_BYTES - (size_t)length, " and %zu more",
                       count - 1);
    }
    return label;
}
