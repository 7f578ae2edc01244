/* Reports about heap pictures: --leaks, --retained, --why. */
#ifndef ANALYZER_RENDER_HEAP_H
#define ANALYZER_RENDER_HEAP_H

#include <stdio.h>

#include "error.h"
#include "render.h"
#include "report.h"

struct json_builder;
struct json_object;

/* Return: one such report as an object. */
struct json_object *render_heap_json(struct json_builder *builder, const struct report *report);

/* Prints the frames of a stack, innermost first, as tracebacks are printed. */
struct render_stack_printer {
    void (*print)(const void *context, const struct frame *const *frames, size_t count);
    const void *context;
};

/*
 * Print one such report for people.
 * Errors: TRACE_NOMEM.
 */
enum trace_status render_heap_text(FILE *out, const struct report *report,
                                   const struct render_options *options,
                                   const struct render_stack_printer *stacks,
                                   struct trace_error *error) TRACE_CHECKED;

#endif
