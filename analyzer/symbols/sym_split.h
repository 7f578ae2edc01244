/*
 * Split units (-gsplit-dwarf): the program has a skeleton of each, its tree is in a .dwo file or in
 * a package of them (.dwp). Skeleton and tree have a number in common, the dwo_id; a file without
 * it is refused.
 * Source: DWARF 5, section 3.1.2 and appendix F.
 */
#ifndef ANALYZER_SYM_SPLIT_H
#define ANALYZER_SYM_SPLIT_H

#include <stdbool.h>

#include "elf_file.h"
#include "sym_dwarf.h"
#include "sym_split_tables.h"

/* Where trees may be. */
struct sym_split_places {
    const struct elf_file *package; /* the .dwp file, or NULL */
    const char *symbols_dir;        /* of the user, or NULL */
    const char *sysroot_dir;        /* put before the path that the compiler wrote, or NULL */
};

/* The tree of one unit. */
struct sym_split_unit {
    struct sym_dwarf *dwarf; /* NULL: not open */
    struct Dwarf_Die_s *die; /* the unit's own DIE in it */
    struct sym_dwarf_unit facts;
    struct sym_split_tables tables;
    struct elf_file file; /* the .dwo file; fd -1: none */
    int fd;               /* the unit's part of the package; -1: none */
};

/*
 * Open the tree of a unit; first from the package, then the .dwo file where the compiler put it,
 * or in the user's directory of symbols.
 * @program, @skeleton, @facts: the unit in the program; a complaint goes to @program.
 * @addresses: the program's .debug_addr.
 * @ret_unit: stays where it is until sym_split_close(), which is legal whatever is returned.
 * Return: whether it was found.
 */
bool sym_split_open(const struct sym_split_places *places, struct sym_dwarf *program,
                    struct Dwarf_Die_s *skeleton, const struct sym_dwarf_unit *facts,
                    const struct sym_section *addresses, struct sym_split_unit *ret_unit);
void sym_split_close(struct sym_split_unit *unit);

/* A names_are_linked for sym_dwarf_function_name(): @context is the struct sym_split_unit. */
bool sym_split_names_are_linked(const void *context, uint64_t die_offset);

#endif
