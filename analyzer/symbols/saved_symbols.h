/* Functions of a module whose names are in the trace itself (format.md, 4.7). */
#ifndef ANALYZER_SAVED_SYMBOLS_H
#define ANALYZER_SAVED_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct saved_symbol {
    uint64_t address; /* as in the ELF file */
    uint64_t bytes;
    const char *name; /* as the linker has it */
};

struct saved_symbols {
    struct saved_symbol *items;
    size_t count;
    size_t capacity;
};

#endif
