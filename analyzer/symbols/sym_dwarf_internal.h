/* What the users of libdwarf.h share. */
#ifndef ANALYZER_SYM_DWARF_INTERNAL_H
#define ANALYZER_SYM_DWARF_INTERNAL_H

#include <libdwarf.h>

#include "sym_dwarf.h"
#include "sym_split_tables.h"

struct sym_dwarf {
    Dwarf_Debug debug;
    struct sym_dwarf *alternate;          /* or NULL */
    const struct sym_split_tables *split; /* of a split unit; NULL: it is none */
    char complaint[256];                  /* empty: none */
};

/* Note and free an error. Return: whether the call succeeded. */
bool sym_dwarf_is_there(struct sym_dwarf *dwarf, int result, Dwarf_Error error);

/* Return: an attribute's value as a number, or 0. */
uint64_t sym_dwarf_number(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half name);

/*
 * Follow a reference to another DIE.
 * @ret_dwarf: the reader that the DIE is in: @dwarf, or its alternate; set if there is one.
 */
Dwarf_Die sym_dwarf_follow(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half name,
                           struct sym_dwarf **ret_dwarf);

#endif
