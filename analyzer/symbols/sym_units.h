/*
 * The compilation units of a file, and which of them an address belongs to.
 */
#ifndef ANALYZER_SYM_UNITS_H
#define ANALYZER_SYM_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sym_dwarf.h"
#include "sym_line_program.h"

#define SYM_UNIT_NONE UINT32_MAX

struct sym_units;

/* Return: the index of all units of a file; NULL without memory. */
struct sym_units *sym_units_new(struct sym_dwarf *dwarf);
void sym_units_free(struct sym_units *units);

/*
 * Return: the unit with the lowest number above @after that claims @address, or SYM_UNIT_NONE.
 * @after: SYM_UNIT_NONE for the first.
 */
uint32_t sym_units_find(const struct sym_units *units, uint64_t address, uint32_t after);

/*
 * Look for the code of those units that do not say where it is, in their line tables; only once.
 * @work: as in sym_lines_run().
 * Return: false without memory.
 */
bool sym_units_read_lines(struct sym_units *units, struct sym_dwarf *dwarf,
                          const struct sym_line_sections *sections, uint64_t *work);

/* Return: what is known of unit @unit; lives as long as the index. */
const struct sym_dwarf_unit *sym_units_facts(const struct sym_units *units, uint32_t unit);

/*
 * Return: what struct sym_dwarf_unit's names_are_linked says of the unit whose DIE is at
 * @die_offset. For sym_dwarf_function_name(): @context is the struct sym_units.
 */
bool sym_units_names_are_linked(const void *context, uint64_t die_offset);

#endif
