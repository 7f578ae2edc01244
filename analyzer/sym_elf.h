/*
 * Function symbols of an ELF file, for addresses that debug information says nothing about.
 */
#ifndef ANALYZER_SYM_ELF_H
#define ANALYZER_SYM_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf_file.h"

struct sym_elf;

struct sym_elf_match {
    const char *name; /* lives as long as the struct elf_file that it came from */
    uint64_t addr;    /* where the symbol begins */
};

/*
 * Read the function symbols of .symtab, or of .dynsym if there is no .symtab with functions.
 * @file: stays open as long as the table is used.
 * Errors: TRACE_NOT_FOUND: there are none; TRACE_NOMEM. A broken table is read as far as it goes.
 */
enum trace_status sym_elf_new(const struct elf_file *file,
                              struct sym_elf **ret_table) TRACE_CHECKED;
void sym_elf_free(struct sym_elf *table);

/* Return: whether the names come from .symtab, which has the static functions as well. */
bool sym_elf_is_complete(const struct sym_elf *table);

/*
 * Find the function that contains @address: the one that begins nearest before it and reaches it.
 * Among several names of one function: one with a size before one without, global before weak
 * before local, then the one that stands first in the file. A symbol without a size (written in
 * assembly) reaches to the next symbol or to the end of its section.
 */
bool sym_elf_find(const struct sym_elf *table, uint64_t address, struct sym_elf_match *ret_match);

#endif
