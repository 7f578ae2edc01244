/* The environment that makes the loader put libtrace.so into a program. */
#ifndef TRACE_RUN_LAUNCH_H
#define TRACE_RUN_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include "target.h"

/*
 * Find libtrace.so beside this executable, in a build tree or where it was installed.
 * @ret_library: PATH_MAX bytes; absolute; written on success.
 * @ret_refusal: written on failure.
 */
bool launch_find_library(char *ret_library, struct refusal *ret_refusal);

/*
 * Put @library first in LD_PRELOAD, what the user had there after it, and libtrace.so only once.
 * First, so that an allocator which the user preloads is the one whose calls are seen.
 * @ret_refusal: written on failure: memory, or a path that LD_PRELOAD cannot express.
 */
bool launch_set_preload(const char *library, struct refusal *ret_refusal);

/*
 * Set LIBTRACE_SESSION to a random number, which all trace files of the process tree will carry.
 * @ret_session: the number, never 0; written on success.
 */
bool launch_set_session(uint64_t *ret_session, struct refusal *ret_refusal);

/*
 * Make LIBTRACE_OUTPUT an absolute pattern, so that processes which change their directory write
 * their traces beside the others.
 * @ret_pattern: PATH_MAX bytes; the pattern; written on success.
 */
bool launch_set_output(char *ret_pattern, struct refusal *ret_refusal);

#endif
