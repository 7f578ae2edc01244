/*
 * Packages of split units (.dwp): which parts of its sections belong to one unit.
 * Source: DWARF 5, section 7.3.5; "DebugFissionDWP" in GCC's wiki for the version before.
 */
#ifndef ANALYZER_SYM_DWP_H
#define ANALYZER_SYM_DWP_H

#include <stdbool.h>
#include <stdint.h>

#include "elf_file.h"
#include "sym_section.h"

/* The sections of a split unit that matter here. */
enum sym_split_section {
    SYM_SPLIT_INFO,
    SYM_SPLIT_ABBREV,
    SYM_SPLIT_STR_OFFSETS,
    SYM_SPLIT_STR,
    SYM_SPLIT_RNGLISTS,
    SYM_SPLIT_SECTIONS,
};

struct sym_split_sections {
    struct sym_section items[SYM_SPLIT_SECTIONS];
};

/* Return: the name of a section, as it is in .dwo files. */
const char *sym_split_section_name(enum sym_split_section section);

/* Return: the sections of a .dwo file, which is one unit's, apart from type units. */
struct sym_split_sections sym_dwp_whole(const struct elf_file *file);

/*
 * Find a unit in a package.
 * @ret_sections: live as long as the file is open.
 */
bool sym_dwp_find(const struct elf_file *package, uint64_t dwo_id,
                  struct sym_split_sections *ret_sections);

/* Return: the sections as an ELF file in memory, the caller's to close; -1 if there can be none. */
int sym_dwp_as_file(const struct sym_split_sections *sections);

#endif
