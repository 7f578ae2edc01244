/*
 * Where a module's names are: the module itself and its separate debug file, each believed only if
 * it is the one that was traced.
 */
#ifndef ANALYZER_DEBUG_FILE_H
#define ANALYZER_DEBUG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf_file.h"

struct debug_file_query {
    const char *path;        /* of the module, as the traced process had it */
    const uint8_t *build_id; /* as the trace has it */
    size_t build_id_bytes;   /* 0: unknown */
    const char *symbols_dir; /* more debug files, or NULL */
    const char *sysroot_dir; /* put before every path, or NULL */
    bool is_offline;         /* no debuginfod server is asked */
};

struct debug_files {
    struct elf_file module;    /* fd -1: missing, refused or broken */
    struct elf_file debug;     /* the separate debug file; fd -1: none, or not needed */
    struct elf_file alternate; /* what dwz moved out of either; fd -1: none */
    struct elf_file package;   /* the .dwp file of split units; fd -1: none */
    struct elf_file mini;      /* the module's .gnu_debugdata; elf NULL: none, or not needed */
    char warning[512];         /* what was refused or is missing, and what would help; or empty */
};

/*
 * Find and open the files of a module.
 *
 * The module is at its path below the sysroot; one that was deleted while the program ran may be
 * there again, and is known by its build-id. If it has no debug information of its own, a debug
 * file is looked for, first that of the build-id: .build-id/xx/yyyy.debug under the symbols
 * directory and /usr/lib/debug; then the one that .gnu_debuglink names: beside the module, in
 * .debug beside it, in the symbols directory, in /usr/lib/debug and the module's directory under
 * it.
 * Last, a debuginfod server is asked, if DEBUGINFOD_URLS names one (debuginfod.h).
 * --symbols DIR may also simply hold the unstripped module. A file is refused when its build-id is
 * not the module's, or, if either has none, when its CRC is not the one in the link.
 *
 * Fedora and others leave the names of static functions in the module itself, packed with xz
 * (.gnu_debugdata): they are unpacked where nothing better was found.
 * Source: GDB manual, "Debugging Information in Separate Files".
 *
 * A package of split units, NAME.dwp, is beside the module, its debug file, or in the symbols
 * directory; what is in it is believed or not unit by unit (sym_split.h).
 *
 * @ret_files: to be closed with debug_files_close(), whatever was found; debug_files_init() makes
 * one without any files.
 */
void debug_files_init(struct debug_files *files);
void debug_files_open(const struct debug_file_query *query, struct debug_files *ret_files);
void debug_files_close(struct debug_files *files);

#endif
