/*
 * The functions of one compilation unit, inlined ones included, as far as they matter for a set of
 * addresses.
 */
#ifndef ANALYZER_SYM_SCOPES_H
#define ANALYZER_SYM_SCOPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sym_dwarf.h"

#define SYM_SCOPE_NONE UINT32_MAX

/* A function, or one place where a function was inlined. */
struct sym_scope {
    uint64_t die_offset;
    uint64_t low;               /* lowest address of its first range */
    struct sym_dwarf_call call; /* if inlined: where, in the parent */
    struct sym_dwarf_name name; /* for the caller to fill in when it is needed */
    uint32_t parent;            /* index of the function around it, or SYM_SCOPE_NONE */
    bool is_inlined;
    bool is_named; /* name has been looked for */
};

struct sym_scopes {
    struct sym_scope *items;
    size_t count;
    size_t capacity;
    uint32_t *innermost; /* for each address, the index of its scope, or SYM_SCOPE_NONE */
};

/*
 * Read the scopes around @addresses (sorted, without duplicates).
 * @unit_die: of the unit. @unit_low: where its code begins, from which ranges count.
 * @work: how many DIEs and address tests may still be spent on a file that may be hostile; counted
 * down, and nothing more is read at 0.
 * @ret_scopes: sym_scopes_fini after use, also after a failure.
 * Return: false without memory.
 */
bool sym_scopes_read(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die, uint64_t unit_low,
                     const uint64_t *addresses, size_t count, uint64_t *work,
                     struct sym_scopes *ret_scopes);
void sym_scopes_fini(struct sym_scopes *scopes);

#endif
