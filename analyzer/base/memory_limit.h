/* What keeps this process from having more memory. */
#ifndef ANALYZER_MEMORY_LIMIT_H
#define ANALYZER_MEMORY_LIMIT_H

#include <stddef.h>

enum { MEMORY_LIMIT_BYTES = 256 };

/*
 * Say, when memory was refused, which limit did that and what helps.
 * @text: MEMORY_LIMIT_BYTES long.
 * Return: @text, one line.
 * Source: getrlimit(2), proc(5).
 */
const char *memory_limit_advice(char *text);

#endif
