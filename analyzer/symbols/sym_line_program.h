/*
 * A DWARF line number program (.debug_line), versions 2 to 5: the rows it makes and its file names.
 *
 * Not libdwarf's reader, because that of Debian 12 (20210528) starts the file register of DWARF 5
 * programs at 0 instead of 1, and so names the wrong file for rows that never set it.
 * Source: DWARF 5, section 6.2; https://github.com/davea42/libdwarf-code/issues/137
 */
#ifndef ANALYZER_SYM_LINE_PROGRAM_H
#define ANALYZER_SYM_LINE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sym_section.h"

/* What a program refers to. */
struct sym_line_sections {
    struct sym_section line;         /* .debug_line */
    struct sym_section line_strings; /* .debug_line_str */
    struct sym_section strings;      /* .debug_str */
};

struct sym_line_row {
    uint64_t addr;
    uint64_t file;
    uint32_t line;
    uint32_t column;
    bool is_end; /* addr is the first one after a sequence of instructions */
};

struct sym_line_program;

/*
 * Read the header of a program.
 * @sections: live as long as the program; so do the names that it gives.
 * @offset: of the header, in .debug_line: DW_AT_stmt_list.
 * Return: NULL if the header is broken, of an unknown version, or without memory.
 */
struct sym_line_program *sym_line_program_new(const struct sym_line_sections *sections,
                                              uint64_t offset);
void sym_line_program_free(struct sym_line_program *program);

/* Run the program up to its next row. Return: false at its end, or where it is broken. */
bool sym_line_program_next(struct sym_line_program *program, struct sym_line_row *ret_row);

/* Return: whether something was broken in the header's tables, or in what was run. */
bool sym_line_program_is_broken(const struct sym_line_program *program);

/*
 * Find a file.
 * @file: as a row or DW_AT_call_file has it.
 * @ret_directory: the table's directory of it; NULL stands for the unit's DW_AT_comp_dir.
 */
bool sym_line_program_file(const struct sym_line_program *program, uint64_t file,
                           const char **ret_name, const char **ret_directory);

/*
 * Name a file with its directories, joined as the GNU tools do: what follows an absolute part
 * stands as it is.
 * @unit_directory: DW_AT_comp_dir, or NULL.
 * Return: the caller frees it; NULL if there is no such file, or without memory.
 */
char *sym_line_program_path(const struct sym_line_program *program, uint64_t file,
                            const char *unit_directory);

#endif
