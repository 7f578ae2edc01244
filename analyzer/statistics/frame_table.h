/*
 * Addresses to frames: each distinct (module, address) once, for all traces of a report.
 *
 * Addresses are first asked for, then resolved all together, then looked at. What a frame is, and
 * what the user's rules say about it, is worked out when it is made.
 */
#ifndef ANALYZER_FRAME_TABLE_H
#define ANALYZER_FRAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "frame.h"
#include "modules.h"
#include "pattern.h"
#include "strings.h"
#include "suppression.h"
#include "symbolize.h"

struct frame_rules {
    struct patterns skip;
    struct patterns own;
    struct patterns include;
    struct patterns exclude;
    struct patterns annotate; /* of files only */
    struct suppressions suppressions;
};

struct frame_list {
    const struct frame *frames; /* innermost first */
    size_t count;               /* at least 1 once resolved, 0 before */
};

struct frame_table;

/*
 * @rules, @strings, @modules, @symbolizer: must outlive the table.
 * @directory: file names below it are shown relative to it; NULL for none.
 */
struct frame_table *frame_table_new(struct symbolizer *symbolizer, struct module_table *modules,
                                    struct strings *strings, const struct frame_rules *rules,
                                    const char *directory);
void frame_table_free(struct frame_table *table);

/*
 * Ask for an address.
 * @module: of the module table, or MODULE_NONE.
 * Return: its number in the table, from 1; 0 without memory.
 */
uint32_t frame_table_ask(struct frame_table *table, uint32_t module, uint64_t address);

/* Resolve everything that was asked for since the last time. Errors: TRACE_NOMEM. */
enum trace_status frame_table_resolve(struct frame_table *table,
                                      struct trace_error *error) TRACE_CHECKED;

/*
 * Add a frame that is known by its names alone, with its rules worked out anew; everything that was
 * asked for must have been resolved.
 * @known: place (if there is no line), line, path, function, module, build_id and address; copied.
 * Return: its number in the table, 0 without memory.
 */
uint32_t frame_table_add(struct frame_table *table, const struct frame *known);

/* Return: the frames of an address that was resolved; the list is the table's. */
struct frame_list frame_table_at(const struct frame_table *table, uint32_t number);

/* Return: the frame that stands for an unknown caller. */
const struct frame *frame_table_unknown(const struct frame_table *table);

/* Addresses of one module, each counted once. */
struct frame_tally {
    uint64_t addresses;
    uint64_t unnamed;  /* without a function */
    uint64_t lineless; /* without a file and line */
};

/* Count the resolved addresses of modules 0 to @count - 1; @tallies starts zeroed. */
void frame_table_tally(const struct frame_table *table, struct frame_tally *tallies, size_t count);

/* Return: how many addresses were resolved, and how many of them have not even a symbol. */
size_t frame_table_count(const struct frame_table *table, size_t *ret_unresolved);

#endif
