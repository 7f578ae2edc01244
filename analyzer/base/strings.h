/*
 * One copy of every string: two equal strings are the same pointer, and have the same number.
 * Names from several traces become comparable, and group keys become a pointer compare.
 */
#ifndef ANALYZER_STRINGS_H
#define ANALYZER_STRINGS_H

#include <stddef.h>
#include <stdint.h>

struct strings;

/* Return: an empty pool, or NULL without memory. */
struct strings *strings_new(void);
void strings_free(struct strings *strings);

/*
 * @bytes: any bytes, zero bytes too; copied.
 * @ret_number: 0, 1, 2, ... in the order in which strings first came; may be NULL.
 * Return: the pool's copy, with a zero byte after it, valid as long as the pool; NULL without
 * memory.
 */
const char *strings_intern(struct strings *strings, const void *bytes, size_t length,
                           uint32_t *ret_number);

/* Return: strings_intern() of @text up to its zero byte; NULL for NULL. */
const char *strings_text(struct strings *strings, const char *text);

#endif
