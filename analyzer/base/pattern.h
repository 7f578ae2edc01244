/*
 * GLOB, GLOB:LINE and, for blocks of one domain, GLOB@DOMAIN and GLOB:LINE@DOMAIN, as --filter,
 * --exclude, --skip and --own take them.
 */
#ifndef ANALYZER_PATTERN_H
#define ANALYZER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

struct pattern {
    char *glob;
    uint32_t line; /* 0: any */
    uint32_t domain;
    bool has_domain;
};

struct patterns {
    struct pattern *items;
    size_t count;
    bool have_domain; /* some of them */
};

/*
 * Add a pattern. Digits after the last "@" are a domain, those after the last colon before it a
 * line, unless @has_parts is false. A pattern that is nothing but a domain matches all its blocks.
 * Return: false without memory.
 */
bool patterns_add(struct patterns *patterns, const char *text, bool has_parts);
void patterns_fini(struct patterns *patterns);

/*
 * Return: whether a pattern without a domain matches the frame's file (as shown or as recorded),
 * function or module. A glob matches a whole name, and its "*" matches slashes, as in tracemalloc;
 * without a slash it may also match what follows the last one. Functions match with and without
 * their parameters.
 */
bool patterns_match(const struct patterns *patterns, const struct frame *frame);

/* The same for patterns of @domain, and only for them. */
bool patterns_match_in_domain(const struct patterns *patterns, const struct frame *frame,
                              uint32_t domain);

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
