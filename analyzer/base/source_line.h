/* Lines of source files, for tracebacks; what linecache is to tracemalloc. */
#ifndef ANALYZER_SOURCE_LINE_H
#define ANALYZER_SOURCE_LINE_H

#include <stdint.h>

struct source_lines;

struct source_lines *source_lines_new(void);
void source_lines_free(struct source_lines *sources);

/*
 * @path: relative to the working directory, or absolute.
 * Return: the line without blanks around it, until the next call; NULL when the file cannot be
 * read, is no regular file, is too large, or when the line is empty or not there.
 */
const char *source_line(struct source_lines *sources, const char *path, uint32_t line);

/*
 * Return: the line with the blanks around it, and empty if it is; else as source_line(). Lines that
 * are asked for in their order take no longer than reading the file once.
 */
const char *source_line_whole(struct source_lines *sources, const char *path, uint32_t line);

#endif
