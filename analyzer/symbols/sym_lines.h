/*
 * The line table of one compilation unit: address to file, line and column. No I/O.
 */
#ifndef ANALYZER_SYM_LINES_H
#define ANALYZER_SYM_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sym_dwarf.h"
#include "sym_line_program.h"

struct sym_lines;

/* Return: an empty table, or NULL without memory. */
struct sym_lines *sym_lines_new(void);
void sym_lines_free(struct sym_lines *lines);

/* Append a row, in the order of the file. Return: false without memory. */
bool sym_lines_add(struct sym_lines *lines, const struct sym_line_row *row);

/*
 * Append all rows of a program.
 * @work: how many rows may still be read from a file that may be hostile; counted down.
 * Return: false without memory.
 */
bool sym_lines_run(struct sym_lines *lines, struct sym_line_program *program, uint64_t *work);

/*
 * Make the table ready for searching; after the last row, and once. Sequences (runs of rows that
 * describe contiguous code) that overlap are trimmed: the one that begins first keeps the
 * addresses.
 */
void sym_lines_finish(struct sym_lines *lines);

/* Return: the row that describes the instruction at @address, or NULL. */
const struct sym_line_row *sym_lines_find(const struct sym_lines *lines, uint64_t address);

/* The code that the table describes: piece @i. Return: false after the last. */
bool sym_lines_piece(const struct sym_lines *lines, size_t i, struct sym_range *ret_range);

#endif
