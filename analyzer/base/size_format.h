/* Byte counts as text, to the byte as tracemalloc writes them. */
#ifndef ANALYZER_SIZE_FORMAT_H
#define ANALYZER_SIZE_FORMAT_H

#include <stdbool.h>

#define SIZE_FORMAT_BYTES 352 /* room for any double, sign and unit */

/*
 * Write @bytes with its unit into @text, SIZE_FORMAT_BYTES long.
 * @bytes: a double, for averages are fractions.
 * @is_signed: write a plus, too.
 * Return: @text.
 * Source: tracemalloc._format_size of CPython 3.11.
 */
const char *size_format(char *text, double bytes, bool is_signed);

#endif
