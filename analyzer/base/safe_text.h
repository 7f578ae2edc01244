/*
 * Names from a trace are any bytes. Here they become fit to be shown: a terminal must not obey
 * them, and JSON must be UTF-8.
 */
#ifndef ANALYZER_SAFE_TEXT_H
#define ANALYZER_SAFE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * Write @text to @out. Control characters, of the C1 set too and those that turn the direction of
 * writing, and bytes that are not UTF-8 become \n, \t or \xNN.
 */
void safe_text_print(FILE *out, const char *text);

/* The same for its first @bytes, which must not end inside a character. */
void safe_text_print_part(FILE *out, const char *text, size_t bytes);

/* Return: a copy in which bytes that are not UTF-8 are U+FFFD; to be freed. NULL without memory. */
char *safe_text_utf8(const char *text);

/* Return: bytes of the valid UTF-8 character at @text, or 0 if there is none. */
size_t safe_text_character(const char *text);

#endif
