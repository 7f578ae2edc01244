/*
 * Function symbols of an ELF file, for addresses that debug information says nothing about.
 */
#ifndef ANALYZER_SYM_ELF_H
#define ANALYZER_SYM_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf_file.h"
#include "saved_symbols.h"

struct sym_elf;

struct sym_elf_match {
    const char *name; /* lives as long as the table */
    uint64_t addr;    /* where the symbol begins */
};

/* The files of one module, each of them NULL if it is not there. */
struct sym_elf_sources {
    const struct elf_file *module;
    const struct elf_file *debug;      /* its separate debug file */
    const struct elf_file *mini;       /* its .gnu_debugdata, unpacked */
    const struct saved_symbols *saved; /* in the trace, for want of a file; may be NULL, too */
};

/*
 * Read the function symbols of .symtab, or of .dynsym if there is no .symtab with functions; and
 * the stubs through which the module calls others ("malloc@plt"). Versions are left out of names
 * (memcpy@@GLIBC_2.14 is memcpy).
 * @sources: the files stay open as long as the table is used.
 * Errors: TRACE_NOT_FOUND: there are none; TRACE_NOMEM. A broken table is read as far as it goes.
 */
enum trace_status sym_elf_new(const struct sym_elf_sources *sources,
                              struct sym_elf **ret_table) TRACE_CHECKED;
void sym_elf_free(struct sym_elf *table);

/* Return: whether there is a .symtab, which has the names of static functions as well. */
bool sym_elf_is_complete(const struct sym_elf *table);

/* Return: whether there is a function called @name. Looks at all of them. */
bool sym_elf_has(const struct sym_elf *table, const char *name);

/*
 * Find the function that contains @address: the one that begins nearest before it and reaches it.
 * Among several names of one function: one with a size before one without, global before weak
 * before local, then the one that stands first in the file. A symbol without a size (written in
 * assembly) reaches to the next symbol or to the end of its section.
 */
bool sym_elf_find(const struct sym_elf *table, uint64_t address, struct sym_elf_match *ret_match);

#endif
