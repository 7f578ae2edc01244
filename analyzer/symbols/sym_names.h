/* Texts of a symbolizer: each kept once, and each name demangled once. */
#ifndef ANALYZER_SYM_NAMES_H
#define ANALYZER_SYM_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "strings.h"

struct sym_names {
    struct strings *strings;
    const char **shown; /* what to show, by the number of the string; NULL: not made yet */
    size_t shown_count;
    bool no_demangle;
};

/* Return: false without memory; sym_names_fini() may be called then, too. */
bool sym_names_init(struct sym_names *names, bool no_demangle);
void sym_names_fini(struct sym_names *names);

/* Return: the kept copy of a text; NULL for NULL, or without memory. */
const char *sym_names_keep(struct sym_names *names, const char *text);

/* Return: what to show for a linker's name or a plain one; NULL for NULL, or without memory. */
const char *sym_names_show(struct sym_names *names, const char *name);

#endif
