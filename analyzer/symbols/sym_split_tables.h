/*
 * Tables of a split unit of DWARF 5: ranges (.debug_rnglists.dwo) and strings
 * (.debug_str_offsets.dwo).
 *
 * Not libdwarf's readers, because those of Debian 12 (20210528) look for GCC's lists in the
 * program's file, and take the program's offset of strings for the unit's.
 * Source: DWARF 5, sections 2.17.3, 7.26 and 7.28.
 */
#ifndef ANALYZER_SYM_SPLIT_TABLES_H
#define ANALYZER_SYM_SPLIT_TABLES_H

#include "sym_dwarf.h"
#include "sym_section.h"

/* What the tables of one unit are. */
struct sym_split_tables {
    struct sym_section lists;          /* the unit's part of .debug_rnglists.dwo */
    struct sym_section string_offsets; /* the same of .debug_str_offsets.dwo */
    struct sym_section strings;        /* .debug_str.dwo */
    struct sym_section addresses;      /* the program's .debug_addr */
    uint64_t address_base;             /* the unit's first entry in it: DW_AT_addr_base */
};

/*
 * Append a list of ranges.
 * @value: its index (DW_FORM_rnglistx), or its offset. @unit_low: from which it counts at first.
 * Return: false without memory. A broken list ends where it breaks.
 */
bool sym_split_ranges(const struct sym_split_tables *tables, uint64_t value, bool is_index,
                      uint64_t unit_low, struct sym_ranges *ranges);

/* Find an address by its index (DW_FORM_addrx). Return: false if the table has none. */
bool sym_split_address(const struct sym_split_tables *tables, uint64_t index,
                       uint64_t *ret_address);

/* Return: the string of an index (DW_FORM_strx), which lives as long as the sections; or NULL. */
const char *sym_split_string(const struct sym_split_tables *tables, uint64_t index);

#endif
