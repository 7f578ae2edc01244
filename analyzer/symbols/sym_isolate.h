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

/* What a child wrote. */
struct sym_isolate_output {
    const uint8_t *bytes;
    size_t size;
};

/*
 * Give @sink the answers in what a child wrote.
 * Errors: TRACE_NOMEM: @sink said so; TRACE_TRUNCATED: it does not come to an end; else what the
 * child ended with.
 */
enum trace_status sym_isolate_read(const uint8_t *bytes, size_t size, sym_debug_sink sink,
                                   void *context, struct trace_error *error) TRACE_CHECKED;

/* Takes what a child wrote that came to its end and found nothing wrong. */
typedef void (*sym_isolate_keeper)(void *context, const struct sym_isolate_output *output);

/*
 * Do what sym_debug_open(), sym_debug_resolve() and sym_debug_free() do, in a child.
 * @sink: called in this process, after the child has ended. Answers are given in no order.
 * @keeper: called after that, or NULL; with the same @context.
 * Errors: those of sym_debug_open() and sym_debug_resolve(); also TRACE_CORRUPT: the child did not
 * come to its end, and what it found until then was given; TRACE_IO: there could be no child.
 * Context: not while other threads run: the child allocates memory.
 */
enum trace_status sym_isolate_resolve(const struct sym_debug_files *files,
                                      const uint64_t *addresses, size_t count, sym_debug_sink sink,
                                      sym_isolate_keeper keeper, void *context,
                                      struct trace_error *error) TRACE_CHECKED;

#endif
