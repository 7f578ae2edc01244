/* Words and sums of a report. The notes are one table: a number, what it means, what helps. */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "moment_label.h"

const char *report_by_name(enum group_by by)
{
    static const char *const names[] = {
        [GROUP_LINENO] = "lineno", [GROUP_FILENAME] = "filename",   [GROUP_FUNCTION] = "function",
        [GROUP_MODULE] = "module", [GROUP_TRACEBACK] = "traceback", [GROUP_FUNCTIONS] = "functions",
        [GROUP_FRAMES] = "frames", [GROUP_THREAD] = "thread",       [GROUP_SIZE] = "size",
        [GROUP_DOMAIN] = "domain",
    };
    return names[by];
}

const char *report_metric_name(enum report_metric metric)
{
    static const char *const names[] = {
        [REPORT_LIVE] = "live",
        [REPORT_ALLOCATED] = "allocated",
        [REPORT_FREED] = "freed",
        [REPORT_TEMPORARY] = "temporary",
    };
    return names[metric];
}

void report_add_totals(struct report_totals *sum, const struct report_totals *totals)
{
    sum->allocations += totals->allocations;
    sum->frees += totals->frees;
    sum->reallocations += totals->reallocations;
    sum->clears += totals->clears;
    sum->tracked_bytes += totals->tracked_bytes;
    sum->tracked_blocks += totals->tracked_blocks;
    sum->tracked_allocations += totals->tracked_allocations;
    sum->bytes_allocated += totals->bytes_allocated;
    sum->bytes_freed += totals->bytes_freed;
    sum->live_bytes += totals->live_bytes;
    sum->live_blocks += totals->live_blocks;
    sum->peak_bytes += totals->peak_bytes;
    sum->peak_blocks += totals->peak_blocks;
    sum->peak_s = totals->peak_s;
    sum->resident_bytes += totals->resident_bytes;
    sum->peak_resident_bytes += totals->peak_resident_bytes;
    sum->peak_resident_s = totals->peak_resident_s;
    sum->threads += totals->threads;
    sum->stacks += totals->stacks;
    sum->sites += totals->sites;
    sum->cut_stacks += totals->cut_stacks;
    sum->broken_stacks += totals->broken_stacks;
    sum->implied_frees += totals->implied_frees;
    sum->inherited_frees += totals->inherited_frees;
    sum->inherited_bytes += totals->inherited_bytes;
    sum->negative_sites += totals->negative_sites;
    sum->pictures += totals->pictures;
    sum->whole_pictures += totals->whole_pictures;
    if (totals->longest_pause_us > sum->longest_pause_us) {
        sum->longest_pause_us = totals->longest_pause_us;
    }
    for (size_t i = 0; i < TRACE_COUNTERS; i++) {
        sum->counters[i] += totals->counters[i];
    }
    sum->damage.corrupt_chunks += totals->damage.corrupt_chunks;
    sum->damage.truncated_chunks += totals->damage.truncated_chunks;
    sum->damage.unknown_chunks += totals->damage.unknown_chunks;
    sum->damage.missing_chunks += totals->damage.missing_chunks;
    sum->damage.lost_bytes += totals->damage.lost_bytes;
}

uint64_t report_lost_events(const struct report_totals *totals)
{
    return totals->counters[TRACE_LOST_NESTED] + totals->counters[TRACE_LOST_MEMORY] +
           totals->counters[TRACE_LOST_SPACE] + totals->counters[TRACE_LOST_ADDRESS] +
           totals->counters[TRACE_LOST_CUT_SHORT];
}

#define EXPLAINED_BYTES ((uint64_t)128 << 20) /* of RSS, in any program */

struct note {
    uint64_t number;
    const char *what;
    const char *advice;
};

/* Memory of which the trace does not know. */
struct unseen {
    uint64_t mib;                    /* of the process that has the most */
    const struct report_trace *most; /* that process, NULL unless one has any */
    size_t processes;                /* that have any */
};

/*
 * Return: how many MiB more were in memory than was ever live, if that is so much more that code,
 * the tracer's tables and fragments do not explain it; 0 otherwise.
 */
static uint64_t unseen_mib(const struct report_totals *totals)
{
    const uint64_t explained = 4 * totals->peak_bytes + EXPLAINED_BYTES;
    return totals->peak_resident_bytes > explained
               ? (totals->peak_resident_bytes - totals->peak_bytes) >> 20
               : 0;
}

/* Each process by itself: what is explained in one is explained in each of a thousand. */
static struct unseen find_unseen(const struct report *report)
{
    struct unseen unseen = {0};
    for (size_t i = 0; i < report->trace_count; i++) {
        uint64_t mib = unseen_mib(&report->traces[i].totals);
        unseen.processes += mib > 0;
        if (mib > unseen.mib) {
            unseen.mib = mib;
            unseen.most = &report->traces[i];
        }
    }
    return unseen;
}

/* Return: what the number of MiB is; NULL without memory. */
static const char *word_unseen(struct report *report, const struct unseen *unseen)
{
    static const char what[] = "MiB of resident memory far above what was live";
    if (unseen->most == NULL || report->trace_count == 1) {
        return what;
    }
    const struct report_trace *most = unseen->most;
    const char *name =
        most->program == NULL
            ? arena_format(&report->arena, "process %" PRIu32, most->pid)
            : arena_format(&report->arena, "%s (%" PRIu32 ")", most->program, most->pid);
    return name == NULL ? NULL
                        : arena_format(&report->arena, "%s, in %zu of %zu processes, most in %s",
                                       what, unseen->processes, report->trace_count, name);
}

/* Word what there is any number of, and the allocators that were found inside programs. */
static bool word_notes(struct report *report, const struct note *notes, size_t count)
{
    const char **lines =
        arena_array(&report->arena, count + report->inner_count, sizeof(const char *));
    report->note_count = 0;
    report->notes = lines;
    for (size_t i = 0; lines != NULL && i < count; i++) {
        if (notes[i].number > 0) {
            const char *line = arena_format(&report->arena, "%s: %" PRIu64 "; %s", notes[i].what,
                                            notes[i].number, notes[i].advice);
            if (line == NULL) {
                return false;
            }
            lines[report->note_count++] = line;
        }
    }
    for (size_t i = 0; lines != NULL && i < report->inner_count; i++) {
        lines[report->note_count++] = report->inner_allocators[i];
    }
    return lines != NULL;
}

// NOLINTNEXTLINE(readability-function-size): it is a table
bool report_make_notes(struct report *report)
{
    const struct report_totals *totals = &report->totals;
    const uint64_t *counters = totals->counters;
    const struct damage *damage = &totals->damage;
    const struct unseen unseen = find_unseen(report);
    const char *what_is_unseen = word_unseen(report, &unseen);
    const struct note notes[] = {
        {damage->truncated_chunks, "pieces of the trace cut off", "copy the file again, whole"},
        {damage->corrupt_chunks, "pieces of the trace damaged and skipped",
         "totals are too low, copy the file or record it again"},
        {damage->unknown_chunks, "pieces of the trace of a newer kind, skipped",
         "use a newer trace-report"},
        {damage->missing_chunks, "pieces of the trace missing",
         "totals are too low, record it again"},
        {totals->negative_sites, "sites freed more often than allocated",
         "events are missing; these sites count as 0"},
        {counters[TRACE_LOST_SPACE], "events lost because the trace file could not grow",
         "the disk was full, or no descriptor free: record again"},
        {counters[TRACE_LOST_MEMORY], "events lost because the tracer got no memory",
         "raise the limit of the address space (ulimit -v)"},
        {counters[TRACE_LOST_NESTED], "events lost in signal handlers inside signal handlers",
         "a handler that allocates is at risk without the tracer, too"},
        {counters[TRACE_LOST_CUT_SHORT], "events cut short by a signal handler or a thread's end",
         "a handler left by longjmp, or the thread was cancelled; they may be missing"},
        {counters[TRACE_LOST_ADDRESS], "events lost at addresses that the tracer cannot map",
         "the allocator uses an unusual range, or the program tracks objects in 4096 domains"},
        {totals->cut_stacks, "call stacks cut at the depth limit", "set LIBTRACE_DEPTH higher"},
        {totals->broken_stacks, "call stacks that end early, without unwind information",
         "build with -fasynchronous-unwind-tables"},
        {counters[TRACE_UNKNOWN_FREES], "frees of blocks that the trace does not know",
         "they are from before it began, or of another allocator, and are not counted"},
        {totals->implied_frees, "frees that the tracer could not see",
         "noticed when the address came again: a private allocator, or RTLD_DEEPBIND"},
        {counters[TRACE_FOREIGN_MALLOC], "programs with a malloc that comes before the tracer's",
         "it is linked in or preloaded before, and what it gives out is not seen"},
        {unseen.mib, what_is_unseen,
         "from mmap, an allocator of the program's own, or Python's (PYTHONMALLOC=malloc)"},
        {counters[TRACE_FOREIGN_NEW], "allocators with an operator new of their own",
         "blocks of C++ code are not seen"},
        {counters[TRACE_LOST_PICTURES],
         "heap pictures that could not be taken, or not to their end",
         "the process could not be copied, the memory or disk ran out, or one was still being "
         "made"},
        {counters[TRACE_LOST_FREERS], "frees of which it is not known who made them",
         "the tracer got no memory for their call stacks: raise the limit of the address space"},
        {counters[TRACE_UNWIND_CORRECTIONS], "call stacks corrected by the unwinder's self-check",
         "a few others may be wrong; please report it"},
        {report->unresolved_frames, "addresses without a name",
         "install debug symbols, or give --symbols DIR or --sysroot DIR"},
    };
    return what_is_unseen != NULL && word_notes(report, notes, sizeof notes / sizeof notes[0]);
}

/* Append an empty element to an array. Return: it, or NULL without memory. */
static void *extend(void *array_pointer, size_t *count, size_t bytes)
{
    void *array = NULL;
    memcpy(&array, array_pointer, sizeof array);
    void *grown = realloc(array, (*count + 1) * bytes);
    if (grown == NULL) {
        return NULL;
    }
    memcpy(array_pointer, &grown, sizeof grown);
    void *element = (char *)grown + *count * bytes;
    memset(element, 0, bytes);
    (*count)++;
    return element;
}

static const struct snapshot *latest(const struct replay *replay)
{
    return &replay->snapshots[replay->snapshot_count - 1];
}

static bool copy_snapshot(struct report *report, const struct replay *replay,
                          struct report_table *table)
{
    struct snapshot *copy = arena_array(&report->arena, 1, sizeof *copy);
    if (copy == NULL) {
        return false;
    }
    *copy = *latest(replay);
    copy->name = arena_copy(&report->arena, latest(replay)->name, strlen(latest(replay)->name));
    table->snapshot = copy;
    return copy->name != NULL;
}

struct report_table *report_find_table(struct report *report, const struct replay *replay,
                                       const struct moment *moment, const char *path,
                                       struct strings *strings)
{
    if (!report->is_each_snapshot && report->table_count > 0) {
        const char *name = moment_label_all(moment);
        report->tables[0].moment = name != NULL ? name : report->tables[0].moment;
        return &report->tables[0];
    }
    struct report_table *table =
        extend(&report->tables, &report->table_count, sizeof *report->tables);
    if (table == NULL) {
        return NULL;
    }
    table->grouping = grouping_new(report->by, strings);
    table->moment = moment_label(moment, replay, &report->arena);
    if (table->grouping == NULL || table->moment == NULL) {
        return NULL;
    }
    if (report->is_each_snapshot) {
        table->trace = arena_copy(&report->arena, path, strlen(path));
        if (table->trace == NULL || !copy_snapshot(report, replay, table)) {
            return NULL;
        }
    }
    return table;
}

struct report_trace *report_new_trace(struct report *report)
{
    return extend(&report->traces, &report->trace_count, sizeof *report->traces);
}

/* Only what grows is shown. @groups: sorted, those that grow first. */
static void separate_growing(struct report_table *table, const struct group *groups, size_t count,
                             size_t top)
{
    struct report_growth *growth = &table->growth;
    while (growth->groups < count && groups[growth->groups].growth.is_growing) {
        growth->bytes_per_s += groups[growth->groups++].growth.bytes_per_s;
    }
    size_t growing = (size_t)growth->groups;
    table->shown = top == 0 || top > growing ? growing : top;
    table->rest = statistic_add(groups, table->shown, growing);
    growth->steady = statistic_add(groups, growing, count);
}

void report_sort_tables(struct report *report)
{
    for (size_t i = 0; i < report->table_count; i++) {
        struct report_table *table = &report->tables[i];
        size_t count = 0;
        struct group *groups = grouping_groups(table->grouping, &count);
        table->shown = statistic_sort(groups, count, report->sort, report->is_compared, report->top,
                                      &table->rest);
        table->groups = groups;
        if (report->has_growth) {
            separate_growing(table, groups, count, report->top);
        }
        table->trace = report->trace_count > 1 ? table->trace : NULL;
    }
}

bool report_lacks_lines(const struct report *report, const char *module)
{
    for (size_t t = 0; t < report->table_count; t++) {
        const struct report_table *table = &report->tables[t];
        for (size_t i = 0; i < table->shown; i++) {
            const struct frame *frame = table->groups[i].frame;
            if (frame != NULL && !frame->has_line && frame->module == module) {
                return true;
            }
        }
    }
    return false;
}

void report_fini(struct report *report)
{
    for (size_t i = 0; i < report->table_count; i++) {
        grouping_free(report->tables[i].grouping);
    }
    free(report->tables);
    annotate_free(report->annotate);
    heap_report_free(report->heap);
    database_free(report->database);
    free(report->traces);
    arena_fini(&report->arena);
    *report = (struct report){0};
}
