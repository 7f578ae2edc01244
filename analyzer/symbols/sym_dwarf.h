/*
 * A reader of DWARF's tree (.debug_info and what it refers to): what libdwarf is asked, in the
 * terms the symbolizer thinks in. Nobody else knows libdwarf.
 *
 * Everything here treats its input as hostile: an error ends the piece that is broken (a unit, a
 * list, a name) and is remembered (sym_dwarf_complaint); nothing prints, nothing aborts.
 * Addresses are as in the file; strings live as long as the reader.
 * Source: DWARF 5, sections 2.17 (ranges), 3.1 (units), 3.3 (subroutines).
 */
#ifndef ANALYZER_SYM_DWARF_H
#define ANALYZER_SYM_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "stack_word.h"

struct sym_dwarf;
struct sym_split_tables;
struct Dwarf_Die_s; /* libdwarf's: one debugging information entry (DIE) */

/* Code addresses low <= x < high. */
struct sym_range {
    uint64_t low;
    uint64_t high;
};

/* A list of ranges that grows. Starts zeroed, ends with free(items). */
struct sym_ranges {
    struct sym_range *items;
    size_t count;
    size_t capacity;
};

/* Append a range, unless it is empty or broken. Return: false without memory. */
bool sym_ranges_add(struct sym_ranges *ranges, uint64_t low, uint64_t high);

struct sym_dwarf_unit {
    uint64_t die_offset;   /* of the unit's own DIE */
    bool is_compile_unit;  /* neither a type unit nor a partial one: may hold code */
    bool names_are_linked; /* its language uses plain names as linker names (C does) */
    bool is_split;         /* a skeleton: the tree is in another file (-gsplit-dwarf) */
    uint64_t dwo_id;       /* what skeleton and tree have in common */
};

enum sym_die_kind {
    SYM_DIE_OTHER,
    SYM_DIE_FUNCTION,
    SYM_DIE_INLINED,
    SYM_DIE_SCOPE, /* may hold functions: a block, a namespace */
    SYM_DIE_VARIABLE,
};

struct sym_dwarf_call {
    uint64_t file; /* index in the unit's line table */
    uint32_t line;
    uint32_t column;
};

struct sym_dwarf_name {
    const char *text;    /* NULL: has none */
    bool is_linker_name; /* the name that the symbol table has, too */
};

/*
 * Open the debug information of an ELF file.
 * @fd: stays the caller's, and open as long as the reader is used.
 * Errors: TRACE_NOT_FOUND: there is none; TRACE_CORRUPT; TRACE_NOMEM.
 */
enum trace_status sym_dwarf_open(int fd, struct sym_dwarf **ret_dwarf,
                                 struct trace_error *error) TRACE_CHECKED;
void sym_dwarf_free(struct sym_dwarf *dwarf);

/*
 * Say that @dwarf is the tree of a split unit.
 * @program: has the skeleton; is freed later.
 * @tables: the unit's; must outlive the reader.
 */
void sym_dwarf_set_program(struct sym_dwarf *dwarf, struct sym_dwarf *program,
                           const struct sym_split_tables *tables);

/* Use @alternate (which the caller frees after @dwarf) for what dwz moved out of @dwarf. */
void sym_dwarf_set_alternate(struct sym_dwarf *dwarf, struct sym_dwarf *alternate);

/* Return: what was found broken so far, the first of it, mostly in libdwarf's words; or NULL. */
const char *sym_dwarf_complaint(const struct sym_dwarf *dwarf);
void sym_dwarf_complain(struct sym_dwarf *dwarf, const char *text);

/* Give the next unit. Return: false after the last, or at the first header that is broken. */
bool sym_dwarf_next_unit(struct sym_dwarf *dwarf, struct sym_dwarf_unit *ret_unit);

/* DIEs: each is the caller's to free. Return: NULL if there is none, or it is broken. */
struct Dwarf_Die_s *sym_dwarf_die(struct sym_dwarf *dwarf, uint64_t offset);
struct Dwarf_Die_s *sym_dwarf_child(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die);
/* Frees @die, too. */
struct Dwarf_Die_s *sym_dwarf_sibling(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die);
void sym_dwarf_die_free(struct Dwarf_Die_s *die);

uint64_t sym_dwarf_offset(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die);
enum sym_die_kind sym_dwarf_kind(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die);

/*
 * Append the code addresses of a DIE.
 * @unit_low: DW_AT_low_pc of its unit (sym_dwarf_low), from which old range lists count.
 * Return: false without memory.
 */
bool sym_dwarf_ranges(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die, uint64_t unit_low,
                      struct sym_ranges *ranges);
/* Return: DW_AT_low_pc, or 0. */
uint64_t sym_dwarf_low(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die);

/*
 * Where a variable is that has one place all the time.
 * @is_local: thread-local ones.
 * @ret_place: its address; of a thread-local one its offset in the module's part.
 * Return: false if it is none of these.
 */
bool sym_dwarf_static_place(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die, bool is_local,
                            uint64_t *ret_place);

/* Return: whether a DIE is a variable or a parameter. */
bool sym_dwarf_is_local(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die);

/*
 * Find where in its frame a function's locals count from.
 * @word: in that frame. Return: false if it is not known.
 */
bool sym_dwarf_frame_base(struct sym_dwarf *dwarf, struct Dwarf_Die_s *function,
                          const struct stack_word *word, uint64_t *ret_base);

/* Return: whether a word of a frame is part of a variable or parameter. @base: of the frame. */
bool sym_dwarf_local_has(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die, uint64_t base,
                         const struct stack_word *word);

/* Return: the name of a variable or parameter, or NULL. */
const char *sym_dwarf_local_name(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die);

/* Where something is declared, if need be by the declaration that it refers to; line 0 unknown. */
struct sym_dwarf_call sym_dwarf_declaration(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die);

/* Where an inlined function was called. */
struct sym_dwarf_call sym_dwarf_call_site(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die);

/*
 * Name a function: its linker name if there is one, else its plain one, along the chain of
 * DW_AT_abstract_origin and DW_AT_specification.
 * @names_are_linked: tells of a unit, given by the offset of its DIE, what struct sym_dwarf_unit
 * says of it.
 */
struct sym_dwarf_name sym_dwarf_function_name(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die,
                                              bool (*names_are_linked)(const void *context,
                                                                       uint64_t unit_offset),
                                              const void *context);

/* Return: DW_AT_comp_dir of a unit's DIE, or NULL. */
const char *sym_dwarf_directory(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die);

/* Return: the name of the file with the tree of a split unit, or NULL. */
const char *sym_dwarf_split_name(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die);

/* Return: where the unit's entries in .debug_addr begin. */
uint64_t sym_dwarf_address_base(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die);

/* Where the line number program of a unit is in .debug_line. Return: false if it has none. */
bool sym_dwarf_line_program(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die,
                            uint64_t *ret_offset);

#endif
