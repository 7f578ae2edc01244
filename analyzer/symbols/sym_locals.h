/*
 * Which local of a function a word of its frame is, by the function's debug information.
 */
#ifndef ANALYZER_SYM_LOCALS_H
#define ANALYZER_SYM_LOCALS_H

#include <stdint.h>

#include "stack_word.h"
#include "sym_dwarf.h"

/* A function that words of its frames are asked about. */
struct sym_locals {
    struct sym_dwarf *dwarf; /* where @function is */
    struct Dwarf_Die_s *function;
    uint64_t unit_low; /* as for sym_dwarf_ranges() */
    uint64_t *work;    /* entries that may still be read; counted down */
};

/*
 * Find the local that @word is part of, those of blocks and of functions inlined there included.
 * Return: its name, which lives as long as the reader; NULL if none is known to be there.
 */
const char *sym_locals_find(const struct sym_locals *locals, const struct stack_word *word);

#endif
