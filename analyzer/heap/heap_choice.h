/* Which of a trace's heap pictures is meant. */
#ifndef ANALYZER_HEAP_CHOICE_H
#define ANALYZER_HEAP_CHOICE_H

#include <stddef.h>

#include "error.h"
#include "moment.h"
#include "reader.h"

/*
 * @moment: MOMENT_END: the last one; else the one of that number or name.
 * @ret_which: for picture_read().
 * Errors: TRACE_NOT_FOUND: there is none, @error says which there are, or how to record one.
 */
enum trace_status heap_choice_find(struct reader *reader, const struct moment *moment,
                                   size_t *ret_which, struct trace_error *error) TRACE_CHECKED;

#endif
