/*
 * Which variable an address of a module's data belongs to, by the symbols of its files.
 */
#ifndef ANALYZER_SYM_VARIABLE_H
#define ANALYZER_SYM_VARIABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debug_file.h"
#include "error.h"
#include "symbolize.h"

struct sym_variables;

/*
 * Read the variables of a module.
 * @files: stay open as long as the table is used: names are theirs.
 * @storage: of the variables, and of the addresses that will be looked for.
 * Errors: TRACE_NOT_FOUND: there are none; TRACE_NOMEM.
 */
enum trace_status sym_variables_new(const struct debug_files *files, enum symbol_storage storage,
                                    struct sym_variables **ret_variables) TRACE_CHECKED;
void sym_variables_free(struct sym_variables *variables);

/*
 * @address: as the storage says.
 * @ret_start: where the variable begins, as its symbol has it; set if there is one.
 * Return: the linker's name of the variable there, NULL if there is none.
 */
const char *sym_variables_find(const struct sym_variables *variables, uint64_t address,
                               uint64_t *ret_start);

#endif
