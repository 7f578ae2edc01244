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

#endif
