/* What would help a module that has no debug information. */
#ifndef ANALYZER_REMEDY_H
#define ANALYZER_REMEDY_H

#include "arena.h"

/*
 * Put after what a module lacks what would give it: the package to install, by name where dpkg
 * knows it; the debuginfod server of this distribution, unless one is asked already; -g for what
 * is in no package.
 * @path: of the module. @build_id: NULL: it has none, and no server can know it.
 * @lack: what to begin with.
 * Return: in @arena; NULL without memory.
 */
const char *remedy_for(struct arena *arena, const char *path, const char *build_id,
                       const char *lack);

/*
 * Find the server of a distribution. @release: a file like /etc/os-release.
 * Return: what DEBUGINFOD_URLS is to be set to; the one that asks all others if it is not known.
 */
const char *remedy_server(const char *release);

#endif
