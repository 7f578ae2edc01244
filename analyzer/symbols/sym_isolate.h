/*
 * The reading of debug information, in a process of its own.
 *
 * Debian 12's libdwarf corrupts memory on some broken files. A child process can be lost without
 * harm, and the kernel bounds its time and memory; it costs a fork for each module.
 */
#ifndef ANALYZER_SYM_ISOLATE_H
#define ANALYZER_SYM_ISOLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

/* A child at work, or one that has ended and that nobody has asked yet. */
struct sym_isolate_child {
    pid_t pid;
    int output; /* the memory file that it writes to */
};

/*
 * Let a child do what sym_debug_open() and sym_debug_resolve() do. Any number may work at once.
 * Errors: TRACE_IO: there could be no child.
 * Context: not while other threads run: the child allocates memory.
 */
enum trace_status sym_isolate_start(const struct sym_debug_files *files, const uint64_t *addresses,
                                    size_t count, struct sym_isolate_child *ret_child,
                                    struct trace_error *error) TRACE_CHECKED;

/* The same, of what sym_declared_find() does. */
enum trace_status sym_isolate_start_declared(const struct sym_debug_files *files, bool is_local,
                                             const uint64_t *places, size_t count,
                                             struct sym_isolate_child *ret_child,
                                             struct trace_error *error) TRACE_CHECKED;

/* The same, of what sym_debug_locals() does. */
enum trace_status sym_isolate_start_locals(const struct sym_debug_files *files,
                                           const struct stack_word *words, size_t count,
                                           struct sym_isolate_child *ret_child,
                                           struct trace_error *error) TRACE_CHECKED;

/*
 * Wait for a child's end, but no longer than @milliseconds.
 * Return: false if it works on; true if it has ended, or if that cannot be known before
 * sym_isolate_finish().
 */
bool sym_isolate_wait(const struct sym_isolate_child *child, int milliseconds);

/*
 * Wait for a child's end, and give what it found to @sink, in no order.
 * @keeper: called after that, or NULL; with the same @context.
 * Errors: those of sym_debug_open() and sym_debug_resolve(); also TRACE_CORRUPT: the child did not
 * come to its end, and what it found until then was given.
 */
enum trace_status sym_isolate_finish(const struct sym_isolate_child *child, sym_debug_sink sink,
                                     sym_isolate_keeper keeper, void *context,
                                     struct trace_error *error) TRACE_CHECKED;

/* End a child whose answers nobody wants any more. */
void sym_isolate_abandon(const struct sym_isolate_child *child);

#endif
