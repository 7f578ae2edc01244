/*
 * Debug files from a debuginfod server, through elfutils' libdebuginfod. The library is loaded only
 * when DEBUGINFOD_URLS names a server; the package of the analyzer does not need it.
 * Source: debuginfod_find_debuginfo(3).
 */
#ifndef ANALYZER_DEBUGINFOD_H
#define ANALYZER_DEBUGINFOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Fetch the debug file of a build-id into libdebuginfod's cache, unless it is there.
 * @what: named in the line that tells on a terminal what is being done.
 * @ret_path: of the file. @ret_why: set if there is none but there is a server: one line.
 * Return: whether there is one. Nobody is asked without DEBUGINFOD_URLS.
 * Context: one thread at a time. Takes DEBUGINFOD_SECONDS_MAX at most.
 */
bool debuginfod_fetch(const uint8_t *build_id, size_t build_id_bytes, const char *what,
                      char *ret_path, size_t path_bytes, char *ret_why, size_t why_bytes);

/* After that long a download is given up. */
enum { DEBUGINFOD_SECONDS_MAX = 120 };

#endif
