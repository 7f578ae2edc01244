/*
 * The functions behind ours: the next definition of each in the loader's search order. With a
 * preloaded or linked jemalloc, tcmalloc or mimalloc that is theirs, otherwise libc's.
 */
#ifndef PRELOAD_REAL_H
#define PRELOAD_REAL_H

#include <stdbool.h>
#include <stddef.h>

struct real {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a declarator
#define X(type, name, parameters) type(*name) parameters;
#include "hooked.h"
#undef X
};

/*
 * Look up the next definition of any function in the loader's order.
 * @ret_function: a function pointer; NULL if there is none.
 */
void real_find(const char *name, void *ret_function);

extern struct real real; /* all set, or all NULL */

/*
 * Look all of them up. What the next allocator lacks (cfree, free_sized) is made of what it has.
 * Return: false if there is no malloc to be found: nothing is set then.
 * Context: once, before any other thread uses `real`. May allocate: bootstrap.c serves that.
 */
bool real_resolve(void);

/* Return: true if malloc is glibc's own, whose smallest block takes 32 bytes. */
bool real_is_glibc(void);

/* Return: true if realloc(p, 0) gives a block, false if it frees p and gives NULL, as glibc's does.
 */
bool real_keeps_empty_blocks(void);

/*
 * Return: true if the object that malloc is in has an operator new of its own, which does not come
 * through malloc: C++ allocations are not seen then.
 */
bool real_has_own_new(void);

/*
 * Return: true if another malloc comes before the tracer's: the program's own, or one that is
 * preloaded before. What calls that is not seen.
 */
bool real_is_preceded(void);

/* Return: path of the object that malloc is in; "" when unknown. Lives as long as the object. */
const char *real_allocator_path(void);

#endif
