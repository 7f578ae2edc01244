/*
 * How the analyzer reports what went wrong: the deepest function that knows fills a struct
 * trace_error, everybody else passes the status on, and only main.c prints.
 */
#ifndef ANALYZER_ERROR_H
#define ANALYZER_ERROR_H

#include <stdint.h>

enum trace_status {
    TRACE_OK = 0,
    TRACE_END,         /* no more of what was asked for; not an error */
    TRACE_NOT_FOUND,   /* not there; not an error */
    TRACE_TRUNCATED,   /* the input ends too early */
    TRACE_CORRUPT,     /* the input contradicts its format */
    TRACE_UNSUPPORTED, /* a newer format, or a feature that is not built in */
    TRACE_IO,          /* the system said no; the text has errno's words */
    TRACE_NOMEM,
};

#define TRACE_CHECKED __attribute__((warn_unused_result))

struct trace_error {
    enum trace_status status;
    uint64_t offset; /* in the input, where that means something; else 0 */
    char text[512];  /* one line: what, which file, and what to do about it */
};

/*
 * Fill @error (which may be NULL) and return @status.
 * @format: printf's; the text is cut at the end of the field.
 */
enum trace_status trace_fail(struct trace_error *error, enum trace_status status, uint64_t offset,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
