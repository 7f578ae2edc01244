/*
 * Where variables of one place, global and thread-local ones, are declared, by the debug
 * information of a module.
 */
#ifndef ANALYZER_SYM_DECLARED_H
#define ANALYZER_SYM_DECLARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "sym_debug.h"

/*
 * Find declarations. libdwarf is not to be trusted with the file: sym_isolate.h has it called in a
 * child.
 * @places: where variables begin, as their symbols have it; sorted, no duplicates.
 * @is_local: of thread-local ones.
 * @sink: gets a frame for each that was found, with file and line, and the place as its address.
 * Errors: as sym_debug_open() and sym_debug_resolve().
 */
enum trace_status sym_declared_find(const struct sym_debug_files *files, bool is_local,
                                    const uint64_t *places, size_t count, sym_debug_sink sink,
                                    void *context, struct trace_error *error) TRACE_CHECKED;

#endif
