/*
 * An environment without the tracer. A process that has put itself under a filter that is deadly
 * for the tracer's system calls is no longer traced; what it starts would inherit the filter, load
 * the tracer and be killed by its first call. So there LD_PRELOAD is handed on without it: the one
 * case in which what the program passes to exec is not what arrives.
 */
#ifndef PRELOAD_UNTRACED_H
#define PRELOAD_UNTRACED_H

#include <stddef.h>

/* Return: how many bytes a copy of @environment needs. */
size_t untraced_bytes(char *const *environment);

/*
 * Copy @environment, its strings shared but for LD_PRELOAD, which is left out if nothing remains.
 * @copy: of so many bytes. Return: @copy. Context: a child of vfork() may call it.
 */
char **untraced_copy(char *const *environment, void *copy);

/*
 * Take the libraries called @name, in whatever directory, out of @list, which is separated by
 * colons or spaces as ld.so(8) has it.
 * @to: room for as much as @list. Return: length of what remains.
 */
size_t untraced_preload(const char *list, const char *name, char *to);

#endif
