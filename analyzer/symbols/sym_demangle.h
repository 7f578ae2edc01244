/* Linker names to source names: C++, Rust, D. */
#ifndef ANALYZER_SYM_DEMANGLE_H
#define ANALYZER_SYM_DEMANGLE_H

/*
 * Return: the source form of @name, from malloc; NULL if it is not a mangled name, if its source
 * form would be absurdly long (a few bytes can be made to stand for gigabytes), or without memory.
 */
char *sym_demangle(const char *name);

#endif
