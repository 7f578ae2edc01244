/* GLOB and GLOB:LINE, as --filter, --exclude, --skip and --own take them. */
#ifndef ANALYZER_PATTERN_H
#define ANALYZER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

struct pattern {
    char *glob;
    uint32_t line; /* 0: any */
};

struct patterns {
    struct pattern *items;
    size_t count;
};

/*
 * Add a pattern. Digits after the last colon are a line, unless @has_line is false.
 * Return: false without memory.
 */
bool patterns_add(struct patterns *patterns, const char *text, bool has_line);
void patterns_fini(struct patterns *patterns);

/*
 * Return: whether a pattern matches the frame's file (as shown or as recorded), function or
 * module. A glob matches a whole name, and its "*" matches slashes, as in tracemalloc; without a
 * slash it may also match what follows the last one. Functions match with and without their
 * parameters.
 */
bool patterns_match(const struct patterns *patterns, const struct frame *frame);

/* Return: whether a pattern matches the frame's file, in the same way. */
bool patterns_match_file(const struct patterns *patterns, const struct frame *frame);

/* Return: @path after its last slash. */
const char *pattern_base_name(const char *path);

/*
 * Cut a C++ function down to its qualified name: without return type and parameters, but with
 * template arguments.
 * @name: @room bytes long; the result is cut to fit.
 */
void pattern_plain_name(const char *function, char *name, size_t room);

#endif
