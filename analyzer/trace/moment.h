/* A moment of a trace, as --at names it. */
#ifndef ANALYZER_MOMENT_H
#define ANALYZER_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

enum moment_kind {
    MOMENT_END,
    MOMENT_PEAK,
    MOMENT_TIME,          /* after so many seconds */
    MOMENT_SHARE,         /* after that share of the duration */
    MOMENT_NUMBER,        /* the snapshot of that number */
    MOMENT_NAME,          /* the first snapshot of that name */
    MOMENT_EACH_SNAPSHOT, /* not one but several */
};

struct moment {
    enum moment_kind kind;
    const char *text; /* as given; the name of MOMENT_NAME */
    uint64_t number;
    double value; /* seconds, or 0 to 1 */
};

/*
 * Read what was given to --at: "end", "peak", "12.5s", "50%", "#3"; anything else is a name.
 * @text: must outlive @ret_moment.
 * Return: false when it looks like a time, a share or a number but is none ("-1s", "120%", "#0").
 */
bool moment_parse(const char *text, struct moment *ret_moment);

/* Return: the last tick that is not after the moment, for those that are a matter of time. */
uint32_t moment_tick(const struct moment *moment, uint32_t last_tick);

#endif
