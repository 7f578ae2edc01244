/* Say what was recorded, after the program has ended. */
#ifndef TRACE_RUN_RECORDED_H
#define TRACE_RUN_RECORDED_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"

/*
 * Print three lines on stderr: the trace files and their size, how the program ended, what to type
 * next.
 * @program: as the user typed it.
 * @pattern: LIBTRACE_OUTPUT as the program saw it.
 * @session: which traces are ours.
 * @has_picture: the traces were to end with a heap picture.
 */
void recorded_print(const char *program, const char *pattern, uint64_t session,
                    const struct child *child, bool has_picture);

#endif
