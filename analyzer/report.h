/*
 * What a report says, before it has a form: filled by the pipeline, read by the renderers. All
 * strings are as they came from the trace; making them fit to print is the renderer's job.
 */
#ifndef ANALYZER_REPORT_H
#define ANALYZER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "annotate.h"
#include "arena.h"
#include "chunk_index.h"
#include "group.h"
#include "heap_report.h"
#include "replay.h"
#include "statistic.h"
#include "timeline.h"
#include "trace_format.h"

/* How a process ended, with what can be found out about one that did not say. */
enum report_end {
    REPORT_END_EXIT,
    REPORT_END_QUICK,
    REPORT_END_EXEC,
    REPORT_END_STOPPED,
    REPORT_END_RUNNING,
    REPORT_END_UNTOLD, /* killed, or crashed */
};

struct report_totals {
    uint64_t allocations;
    uint64_t frees;
    uint64_t reallocations;
    uint64_t clears; /* all other numbers are about the time since the last one */
    uint64_t bytes_allocated;
    uint64_t bytes_freed;
    uint64_t live_bytes;
    uint64_t live_blocks;
    uint64_t tracked_bytes; /* of these, in domains that are not malloc's */
    uint64_t tracked_blocks;
    uint64_t tracked_allocations;
    uint64_t peak_bytes; /* of several traces: the sum of each one's own */
    uint64_t peak_blocks;
    double peak_s;
    uint64_t resident_bytes;      /* at the end, as sampled; 0 if it is not known */
    uint64_t peak_resident_bytes; /* the most of all samples; as peak_bytes of several traces */
    double peak_resident_s;
    uint64_t threads;
    uint64_t stacks;
    uint64_t sites;
    uint64_t cut_stacks;
    uint64_t broken_stacks;
    uint64_t implied_frees;
    uint64_t inherited_frees;
    uint64_t inherited_bytes;
    uint64_t negative_sites; /* freed more often than allocated: shown as 0 */
    uint64_t pictures;
    uint64_t whole_pictures;
    uint64_t longest_pause_us; /* for a heap picture; 0 if it is not known */
    uint64_t counters[TRACE_COUNTERS];
    struct damage damage;
};

/* How much of a module could not be told, and why. */
struct report_module {
    const char *path;
    uint64_t addresses; /* that occur in call stacks, each once */
    uint64_t unnamed;   /* of them without a name */
    uint64_t lineless;  /* of them without a line */
    const char *advice; /* the cause, and what would help; NULL unknown */
};

struct report_trace {
    const char *file;
    const char *program; /* NULL, as all names here, when the trace does not tell */
    const char *directory;
    const char *host;
    const char *allocator;
    const char *const *arguments;
    size_t argument_count;
    uint64_t argument_total;
    uint32_t pid;
    uint32_t parent_pid;
    double start_s; /* since 1970 */
    double duration_s;
    enum report_end end;
    const char *const *threads; /* labels, the first few */
    size_t thread_count;
    const struct snapshot *snapshots;
    size_t snapshot_count;
    struct snapshot at_end;          /* the same of the end; its number is 0 */
    const struct timeline *timeline; /* NULL unless asked for */
    struct report_totals totals;
};

enum report_metric {
    REPORT_LIVE,
    REPORT_ALLOCATED,
    REPORT_FREED,
    REPORT_TEMPORARY,
};

/* What --growth says of a table as a whole. Groups that do not grow are not shown. */
struct report_growth {
    uint64_t groups; /* that grow; the table's rest is of these */
    double bytes_per_s;
    double start_s;              /* after so long, at the last clear, it began anew */
    struct statistic_sum steady; /* the others */
};

/* One table: the groups of some blocks. */
struct report_table {
    const char *trace;               /* file; NULL when it is about all of them */
    const struct snapshot *snapshot; /* NULL unless of one by --each-snapshot */
    const char *moment;              /* "end", "peak (0.250 s)", "snapshot #1 "warm" (1.500 s)" */
    struct grouping *grouping;
    const struct group *groups; /* sorted */
    size_t shown;
    struct statistic_sum rest;
    uint64_t size; /* of all blocks, each counted once */
    uint64_t count;
    uint64_t old_size; /* the same of what they are compared with */
    uint64_t old_count;
    uint64_t suppressed_size; /* of blocks that are not in it because of --suppressions */
    uint64_t suppressed_count;
    const char *old_moment;      /* NULL unless of --compare-to */
    struct report_growth growth; /* if the report has it */
};

enum report_kind {
    REPORT_TABLES,
    REPORT_SNAPSHOTS,
    REPORT_SUMMARY,
    REPORT_ANNOTATE,
    REPORT_TIMELINE,
    REPORT_DATABASE,
    REPORT_LEAKS, /* this and what follows are about a heap picture */
    REPORT_RETAINED,
    REPORT_WHY,
};

struct report {
    enum report_kind kind;
    enum group_by by;
    enum report_metric metric;
    enum statistic_sort sort;
    size_t top;
    bool has_limit; /* frames of a traceback to show: as Python's Traceback.format takes it */
    long limit;
    bool is_most_recent_first;
    bool is_each_snapshot;
    bool is_compared; /* with old_size and old_count of tables and groups */
    bool has_lifetimes;
    bool has_growth;
    bool wants_ledger; /* groups are modules, and it is of use who freed their blocks */
    bool has_ledger;   /* and a trace tells it */
    bool is_filtered;
    struct report_trace *traces;
    size_t trace_count;
    struct report_totals totals; /* of all traces */
    struct report_table *tables;
    size_t table_count;
    struct annotate *annotate; /* NULL unless asked for, and until a trace has had the moment */
    const struct annotate_line *lines; /* sorted */
    size_t line_count;
    struct heap_report *heap;  /* NULL unless about heap pictures, and until a trace had one */
    struct database *database; /* NULL unless asked for, and until there is a trace */
    int precision;             /* decimals of --annotate */
    uint64_t resolved_frames;  /* addresses looked up, and those without even a symbol */
    uint64_t unresolved_frames;
    const struct report_module *modules; /* of a summary: those that lack names or lines */
    size_t module_count;
    const char **inner_allocators; /* of a summary: a line for each */
    size_t inner_count;
    const char *const *notes; /* what is not as it should be, one line each */
    size_t note_count;
    struct arena arena;
};

/* Return: the option's word for @by, @metric. */
const char *report_by_name(enum group_by by);
const char *report_metric_name(enum report_metric metric);

/* Add @totals to @sum. */
void report_add_totals(struct report_totals *sum, const struct report_totals *totals);

/* Return: whether a kind is about heap pictures. */
static inline bool report_is_heap(enum report_kind kind)
{
    return kind >= REPORT_LEAKS;
}

/* Return: events that the tracer had to drop. */
uint64_t report_lost_events(const struct report_totals *totals);

/*
 * Work out the notes of @report from its totals: what was lost, cut, unknown, corrected or skipped,
 * and what to do about it.
 * Return: false without memory.
 */
bool report_make_notes(struct report *report);

/* Return: a trace more, all zero; NULL without memory. */
struct report_trace *report_new_trace(struct report *report);

/*
 * Return: the table to count into at a moment: the only one, or with --each-snapshot one more;
 * NULL without memory.
 * @path: of the trace.
 * @strings: of the tables' groups.
 */
struct report_table *report_find_table(struct report *report, const struct replay *replay,
                                       const struct moment *moment, const char *path,
                                       struct strings *strings);

/* Sort the groups of all tables, and choose those that are shown. */
void report_sort_tables(struct report *report);

/* Return: whether a group that is shown has a frame of @module, interned, without a line. */
bool report_lacks_lines(const struct report *report, const char *module);

void report_fini(struct report *report);

#endif
