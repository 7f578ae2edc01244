/*
 * Names of code that a process made at run time (format.md, 4.8): out of its trace, or, where it
 * was killed before it could save them, from /tmp/perf-PID.map, if that is still this process's.
 */
#ifndef ANALYZER_CODE_MAP_H
#define ANALYZER_CODE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "definitions.h"
#include "error.h"
#include "saved_symbols.h"
#include "trace_file.h"

/*
 * Parse the text of a map: lines that are not as they should be are left out.
 * @arena: for the names.
 * @ret_symbols: the last line first; items are the caller's to free.
 * Errors: TRACE_NOMEM.
 */
enum trace_status code_map_parse(const char *text, size_t bytes, struct arena *arena,
                                 struct saved_symbols *ret_symbols) TRACE_CHECKED;

/*
 * Give a trace that has stacks through code in no module, and no map, the one that is in @directory
 * ("/tmp"): written by a user who could write the trace, on this host, after the process began, and
 * not while another process had its number.
 * Errors: TRACE_NOMEM. No map is no error.
 */
enum trace_status code_map_find(const struct trace_file *file, const char *directory,
                                struct definitions *definitions) TRACE_CHECKED;

#endif
