/*
 * The stubs of the procedure linkage table (PLT), through which calls into other objects go. They
 * have no symbols of their own; tools name them after their target: `malloc@plt`.
 */
#ifndef ANALYZER_SYM_PLT_H
#define ANALYZER_SYM_PLT_H

#include <stdbool.h>
#include <stdint.h>

#include "elf_file.h"

/*
 * Takes one stub.
 * @target: the name of the function that it jumps to; lives as long as the file.
 * Return: false to stop.
 */
typedef bool (*sym_plt_sink)(void *context, uint64_t addr, uint64_t bytes, const char *target);

/*
 * Give @sink every stub of an x86-64 file whose target has a name.
 * Return: false if @sink did, or without memory.
 */
bool sym_plt_each(const struct elf_file *file, sym_plt_sink sink, void *context);

#endif
