/*
 * What --leaks, --retained and --why say, before it has a form: lines of a program with their
 * blocks by class, what they retain, and chains that keep some of them alive.
 */
#ifndef ANALYZER_HEAP_REPORT_H
#define ANALYZER_HEAP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "group.h"
#include "heap_chains.h"
#include "heap_links.h"
#include "heap_marks.h"
#include "retained.h"

enum { HEAP_TENTHS = 10 };

struct heap_sum {
    uint64_t bytes;
    uint64_t blocks;
};

/* The blocks of one class that belong to one line. */
struct heap_share {
    struct heap_sum sum;
    uint64_t born[HEAP_TENTHS]; /* bytes of those that were born in each tenth of the time */
};

/* One line of a program, or whatever it is grouped by. */
struct heap_line {
    const struct group *group;        /* its name; NULL until the report is finished */
    const struct frame *const *stack; /* where most of its blocks come from, innermost first */
    size_t stack_length;
    uint64_t stack_bytes;
    uint32_t site; /* which that is; 0: born before fork */
    struct heap_share shares[HEAP_CLASSES];
    struct heap_sum followers; /* indirect blocks that its definite ones lead to */
    uint64_t cycles;           /* definite blocks that are part of one */
    struct heap_sum own;
    struct heap_sum retained;
    bool is_bound; /* it retains that much at least */
};

/* A step of a chain of one trace. */
struct heap_report_step {
    const struct group *group;
    uint32_t line;    /* which one it is */
    uint64_t address; /* of one of its blocks */
    uint64_t blocks;
    uint64_t bytes;
    bool is_inside;
    bool is_repeated;
};

struct heap_report_chain {
    const char *root; /* "global variable cache", "main's stack (thread 1)" */
    uint64_t roots;   /* words */
    uint64_t address; /* of one of them; 0 unknown */
    struct heap_report_step *steps;
    size_t length;
};

/* One picture that the report is about. */
struct heap_report_picture {
    const char *trace; /* file */
    const char *name;
    uint32_t number;
    double moment_s;
    uint64_t blocks;
    uint64_t bytes;
    uint64_t pause_us;
    uint64_t time_ms;
    bool is_still; /* registers of all threads are known */
    bool is_complete;
    uint64_t left_out; /* blocks that are not in it */
    uint64_t unreadable_words;
};

struct heap_report {
    struct grouping *grouping;
    struct heap_line *lines; /* by index of the group, until they are sorted */
    size_t line_count;
    size_t line_capacity;
    struct heap_sum classes[HEAP_CLASSES];
    struct heap_sum suppressed; /* blocks that would be lost */
    uint64_t cycles;
    struct heap_sum wanted; /* what --why asks about */
    struct heap_sum wanted_classes[HEAP_CLASSES];
    struct heap_report_chain *chains;
    size_t chain_count;
    size_t chain_total; /* with those that are not shown */
    size_t chain_capacity;
    struct heap_links links; /* between lines, by index; of lines that are not told of, too */
    struct heap_report_picture *pictures;
    size_t picture_count;
    size_t picture_capacity;
    struct arena arena;
};

/* Return: an empty report, or NULL without memory. */
struct heap_report *heap_report_new(enum group_by by, struct strings *strings);
void heap_report_free(struct heap_report *report);

/* Return: the line of that index, new and zero if there was none; NULL without memory. */
struct heap_line *heap_report_line(struct heap_report *report, uint32_t line);

/* Nothing is added any more: give the lines and steps their names. */
void heap_report_finish(struct heap_report *report);

/* How lines are sorted. */
enum heap_order {
    HEAP_BY_CLASS, /* by bytes of one */
    HEAP_BY_LOSS,  /* definite, indirect and possible */
    HEAP_BY_RETAINED,
    HEAP_BY_SIZE, /* of all classes */
};

/*
 * Pick lines, largest first.
 * @class: with HEAP_BY_CLASS: only lines that have blocks of it.
 * @ret_lines: the caller frees it.
 * Return: how many; SIZE_MAX without memory.
 */
size_t heap_report_sort(const struct heap_report *report, enum heap_order order,
                        enum heap_class class, const struct heap_line ***ret_lines);

/* Return: what of a line is lost: definitely, indirectly or possibly. */
struct heap_sum heap_line_loss(const struct heap_line *line);

/* Return: the word for a class: "definitely lost". */
const char *heap_class_name(enum heap_class class);

#endif
