/*
 * Suppression files, as LeakSanitizer reads them: a line "leak:PATTERN" each, "#" begins a comment.
 *
 * A pattern is looked for anywhere in a name; "*" stands for anything, "^" for the start of the
 * name and "$" for its end.
 * Source: https://github.com/google/sanitizers/wiki/AddressSanitizerLeakSanitizer
 */
#ifndef ANALYZER_SUPPRESSION_H
#define ANALYZER_SUPPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "frame.h"

struct suppressions {
    char **patterns;
    size_t count;
};

/*
 * Add what is in a file.
 * Errors: TRACE_IO; TRACE_CORRUPT for a line that is none of the above; TRACE_NOMEM. In any case
 * suppressions_fini() when done.
 */
enum trace_status suppressions_load(struct suppressions *suppressions, const char *path,
                                    struct trace_error *error) TRACE_CHECKED;
void suppressions_fini(struct suppressions *suppressions);

/* Return: whether a pattern matches the frame's function, file (by either name) or module. */
bool suppressions_match(const struct suppressions *suppressions, const struct frame *frame);

/* Return: whether @pattern is found in @text; false for NULL. */
bool suppression_matches(const char *pattern, const char *text);

#endif
