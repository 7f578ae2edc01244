/* Names of source files, as a reader in some directory would write them. */
#ifndef ANALYZER_SOURCE_PATH_H
#define ANALYZER_SOURCE_PATH_H

#include <stddef.h>

enum { SOURCE_PATH_BYTES = 4096 };

/*
 * Make a file's name relative to a directory if it lies below it, also by a way round: what was
 * built as ../src/a.c in /p/build is src/a.c in /p.
 * @path: absolute, or as it is.
 * @directory: absolute, with a slash at its end.
 * @text: SOURCE_PATH_BYTES long; may hold what is returned.
 * Return: the relative name; @path where the file lies elsewhere.
 */
const char *source_path_below(const char *path, const char *directory, char *text);

#endif
