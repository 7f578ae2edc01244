/*
 * Memory that is given back all at once: strings, frames and tables that live as long as the
 * report they belong to.
 */
#ifndef ANALYZER_ARENA_H
#define ANALYZER_ARENA_H

#include <stddef.h>

struct arena_block;

/* All zero is an empty arena. */
struct arena {
    struct arena_block *newest;
};

/* Give back everything that came from @arena, which is empty and usable afterwards. */
void arena_fini(struct arena *arena);

/*
 * Return: @count zeroed items of @bytes each, aligned for any type; NULL without memory or when
 * the product overflows.
 */
void *arena_array(struct arena *arena, size_t count, size_t bytes);

/* Return: a copy of @length bytes with a zero byte after them, or NULL without memory. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);

/* Return: formatted text, or NULL without memory. */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
