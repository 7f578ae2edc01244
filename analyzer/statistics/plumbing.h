/*
 * Allocation plumbing: functions that allocate on behalf of their caller, so that a block is better
 * attributed to that caller. The list is data, in plumbing.c.
 */
#ifndef ANALYZER_PLUMBING_H
#define ANALYZER_PLUMBING_H

#include <stdbool.h>

/*
 * @function: demangled or mangled, NULL when unknown.
 * @file: as the compiler recorded it, NULL when unknown.
 */
bool plumbing_matches(const char *function, const char *file);

#endif
