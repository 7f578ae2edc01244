/*
 * The functions that a loaded object exports, as the loader sees them: its .dynsym, in memory.
 *
 * They go into the trace for objects whose file may not be there when the report is made: the vdso,
 * memfd, files that have been deleted or replaced, a container's.
 */
#ifndef PRELOAD_MODULE_SYMBOLS_H
#define PRELOAD_MODULE_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "modules.h"

/* Longer names, and symbols after so many of one object, are left out. */
#define MODULE_SYMBOL_NAME_BYTES 2048
#define MODULE_SYMBOLS_MAX 65536

struct module_symbol {
    uint64_t address; /* as in the ELF file */
    uint64_t bytes;
    const char *name; /* in the object; no zero is counted on */
    uint32_t name_bytes;
};

/* A walk over the symbols of one object. */
struct module_symbols {
    const void *table; /* ElfW(Sym) */
    const char *text;
    uint64_t text_bytes;
    uint32_t next;
    uint32_t count;
};

/*
 * Start a walk. An object without symbols has none to walk over.
 * @module: loaded, and not unloaded during the walk.
 * Context: any thread, async-signal-safe. Nothing outside the object's mapping is read.
 */
struct module_symbols module_symbols_of(const struct module *module);

/* Return: whether there is another function. It is not passed over before module_symbols_pass(). */
bool module_symbols_peek(struct module_symbols *symbols, struct module_symbol *ret_symbol);
void module_symbols_pass(struct module_symbols *symbols);

#endif
