/*
 * The reading of debug information, in a process of its own.
 *
 * Debian 12's libdwarf corrupts memory on some broken files. A child process can be lost without
 * harm, and the kernel bounds its time and memory; it costs a fork for each module.
 */
#ifndef ANALYZER_SYM_ISOLATE_H
#define ANALYZER_SYM_ISOLATE_H

#include <stddef.h>
#include <stdint.h>

#include "sym_debug.h"

/*
 * Do what sym_debug_open(), sym_debug_resolve() and sym_debug_free() do, in a child.
 * @sink: called in this process, after the child has ended. Answers are given in no order.
 * Errors: those of sym_debug_open() and sym_debug_resolve(); also TRACE_CORRUPT: the child did not
 * come to its end, and what it found until then was given; TRACE_IO: there could be no child.
 * Context: not while other threads run: the child allocates memory.
 */
enum trace_status sym_isolate_resolve(const struct sym_debug_files *files,
                                      const uint64_t *addresses, size_t count, sym_debug_sink sink,
                                      void *context, struct trace_error *error) TRACE_CHECKED;

#endif
