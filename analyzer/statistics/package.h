/* Which Debian package a file came with, from dpkg's lists. */
#ifndef ANALYZER_PACKAGE_H
#define ANALYZER_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * @lists: the directory of dpkg's lists, PACKAGE.list or PACKAGE:ARCHITECTURE.list: a path a line.
 * @path: absolute.
 * @ret_name: the package, without architecture.
 * Return: false if no package has the file, or it is no system with dpkg.
 */
bool package_find(const char *lists, const char *path, char *ret_name, size_t name_bytes);

/* Where the lists of this system are. */
#define PACKAGE_LISTS "/var/lib/dpkg/info"

#endif
