/*
 * The modules of one trace as the symbolizer knows them. The same file loaded by two processes is
 * one module there, so that its addresses are resolved once.
 */
#ifndef ANALYZER_MODULES_H
#define ANALYZER_MODULES_H

#include <stddef.h>
#include <stdint.h>

#include "definitions.h"
#include "error.h"
#include "strings.h"
#include "symbolize.h"

#define MODULE_NONE UINT32_MAX /* an address outside every module */

/* Every module of every trace: shared by all of them. */
struct module_table;

struct module_table *module_table_new(struct symbolizer *symbolizer, struct strings *strings);
void module_table_free(struct module_table *table);

/* Return: how many modules there are; they are numbered from 0. */
size_t module_table_count(const struct module_table *table);

/* Return: a module's path, interned; NULL for MODULE_NONE. */
const char *module_table_path(const struct module_table *table, uint32_t module);

/* Return: its build-id in hexadecimal, interned; NULL if it has none, and for MODULE_NONE. */
const char *module_table_build_id(const struct module_table *table, uint32_t module);

/* Return: its number in the symbolizer. */
size_t module_table_symbols(const struct module_table *table, uint32_t module);

/*
 * Find or add each module that a trace defines, and one for the code that its process made at run
 * time, if there is a map of it: that stands for the id 0.
 * @ret_numbers: for each id of the trace, its number in the table or MODULE_NONE; the caller frees
 * it. Its length is definitions->module_count.
 */
enum trace_status module_table_add(struct module_table *table,
                                   const struct definitions *definitions, uint32_t **ret_numbers,
                                   struct trace_error *error) TRACE_CHECKED;

/*
 * Return: a node's address as in its ELF file, pointing into the call instruction; without a module
 * the address itself, minus one. @ret_module: number in the table.
 */
uint64_t module_address(const struct definitions *definitions, const uint32_t *numbers,
                        const struct stack_node *node, uint32_t *ret_module);

#endif
