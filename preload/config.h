/* The LIBTRACE_* environment: one table, read once. Nothing else in preload/ reads the environment.
 */
#ifndef PRELOAD_CONFIG_H
#define PRELOAD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "period.h"
#include "trace_format.h"

struct config {
    char output[TRACE_PATH_BYTES]; /* LIBTRACE_OUTPUT: pattern of file names */
    unsigned depth;                /* LIBTRACE_DEPTH: most frames of a stack */
    bool is_started;               /* LIBTRACE_START */
    bool follows_children;         /* LIBTRACE_CHILDREN */
    bool notes_frees;              /* LIBTRACE_FREES */
    int snapshot_signal;           /* LIBTRACE_SNAPSHOT_SIGNAL; 0: none */
    struct period snapshot_every;  /* LIBTRACE_SNAPSHOT_EVERY */
    bool pictures_end;             /* LIBTRACE_PICTURE: a heap picture at the end */
    unsigned picture_seconds;      /* LIBTRACE_PICTURE: from one to the next; 0: none */
    int picture_signal;            /* LIBTRACE_PICTURE_SIGNAL; 0: none */
    bool is_verbose;               /* LIBTRACE_VERBOSE */
    uint64_t session;              /* LIBTRACE_SESSION: set by trace-run; 0: none */
    bool is_replayable; /* RUNNING_UNDER_RR: set by rr, which replays system calls only */
};

/*
 * For those who set a variable.
 * Return: NULL if @value is right for variable @name, otherwise what is expected of it, as in "a
 * number from 1 to 1024".
 */
const char *config_expects(const char *name, const char *value);

#define CONFIG_OUTPUT "%e.%p.trace" /* the default of LIBTRACE_OUTPUT */
#define CONFIG_DEPTH_MAX 1024

/*
 * Read the variables. One that is malformed is reported with LOG and keeps its default, as does one
 * that begins with LIBTRACE_ and is not in the table.
 * @environment: as main()'s third argument; may be NULL.
 */
void config_read(struct config *config, char *const *environment);

#endif
