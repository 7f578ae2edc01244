/*
 * A header, then bytecode for a machine whose registers make up a row of the line table.
 *
 *     header | directories | files | program
 *
 * All bytes pass through one cursor. Tables cannot be larger than the bytes they are read from.
 */
#include "sym_line_program.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "trace_codec.h"

enum { FORMATS_MAX = 16, FIRST_VERSION = 2, LAST_VERSION = 5 };

/* A directory (whose directory is unused) or a file. */
struct entry {
    const char *name; /* NULL: not known */
    uint64_t directory;
};

struct entries {
    struct entry *items;
    size_t count;
    size_t capacity;
};

struct sym_line_program {
    const struct sym_line_sections *sections;
    struct trace_cursor cursor; /* at the next instruction */
    unsigned version;
    bool is_wide; /* 64-bit DWARF: offsets of 8 bytes */
    uint8_t instruction_bytes;
    uint8_t operations; /* an instruction: 1, but for VLIW machines */
    int8_t line_base;
    uint8_t line_range;
    uint8_t opcode_base;
    uint8_t operands[256]; /* of each standard opcode */
    struct entries directories;
    struct entries files;
    uint64_t operation; /* the register op_index; the others are in row */
    struct sym_line_row row;
    bool is_open; /* rows have come since the last end of a sequence */
    bool is_broken;
};

/* A signed LEB128, modulo 2^64. */
static uint64_t get_signed(struct trace_cursor *cursor)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte = 0;
    do {
        byte = trace_get_byte(cursor);
        if (shift < 64) {
            value |= (uint64_t)(byte & 0x7f) << shift;
        }
        shift += 7;
    } while ((byte & 0x80) != 0 && !cursor->is_bad);
    if (shift < 64 && (byte & 0x40) != 0) {
        value |= UINT64_MAX << shift;
    }
    return value;
}

/* Return: a string that stands in the program itself. */
static const char *get_string(struct trace_cursor *cursor)
{
    size_t left = cursor->is_bad ? 0 : (size_t)(cursor->end - cursor->next);
    const uint8_t *end = left > 0 ? memchr(cursor->next, '\0', left) : NULL;
    if (end == NULL) {
        cursor->is_bad = true;
        return "";
    }
    const char *string = (const char *)cursor->next;
    cursor->next = end + 1;
    return string;
}

/* Return: the string at an offset of a section of strings, or NULL. */
static const char *string_at(const struct sym_section *section, uint64_t offset)
{
    if (section->bytes == NULL || offset >= section->size ||
        memchr(section->bytes + offset, '\0', section->size - offset) == NULL) {
        return NULL;
    }
    return (const char *)section->bytes + offset;
}

/* Return: false without memory. */
static bool add_entry(struct entries *entries, struct entry entry)
{
    struct entry *moved =
        grow_array(entries->items, entries->count, &entries->capacity, sizeof *moved);
    if (moved == NULL) {
        return false;
    }
    entries->items = moved;
    entries->items[entries->count++] = entry;
    return true;
}

/* Before version 5: strings up to an empty one; files have three numbers each. */
static bool read_old_table(struct trace_cursor *cursor, struct entries *entries, bool has_numbers)
{
    while (!cursor->is_bad) {
        struct entry entry = {.name = get_string(cursor)};
        if (entry.name[0] == '\0') {
            return true;
        }
        if (has_numbers) {
            entry.directory = trace_get_varint(cursor);
            (void)trace_get_varint(cursor); // time of modification
            (void)trace_get_varint(cursor); // bytes
        }
        if (!add_entry(entries, entry)) {
            return false;
        }
    }
    return true;
}

/* Read a field of a version 5 table: its text if it is one, its number if it is one. */
static void get_field(struct sym_line_program *program, struct trace_cursor *cursor, uint64_t form,
                      const char **ret_text, uint64_t *ret_number)
{
    unsigned offset_bytes = program->is_wide ? 8 : 4;
    size_t length = 0;
    switch (form) {
    case DW_FORM_string:
        *ret_text = get_string(cursor);
        break;
    case DW_FORM_line_strp:
        *ret_text =
            string_at(&program->sections->line_strings, sym_get_fixed(cursor, offset_bytes));
        break;
    case DW_FORM_strp:
        *ret_text = string_at(&program->sections->strings, sym_get_fixed(cursor, offset_bytes));
        break;
    case DW_FORM_udata:
        *ret_number = trace_get_varint(cursor);
        break;
    case DW_FORM_data1:
        *ret_number = sym_get_fixed(cursor, 1);
        break;
    case DW_FORM_data2:
        *ret_number = sym_get_fixed(cursor, 2);
        break;
    case DW_FORM_data4:
        *ret_number = sym_get_fixed(cursor, 4);
        break;
    case DW_FORM_data8:
        *ret_number = sym_get_fixed(cursor, 8);
        break;
    case DW_FORM_data16:
        sym_skip(cursor, 16);
        break;
    case DW_FORM_block:
        (void)trace_get_bytes(cursor, SIZE_MAX, &length);
        break;
    default: // of unknown size: nothing after it can be read
        cursor->is_bad = true;
        break;
    }
}

/* Version 5: the table says itself which fields its entries have. */
static bool read_new_table(struct sym_line_program *program, struct trace_cursor *cursor,
                           struct entries *entries)
{
    uint64_t formats[FORMATS_MAX][2];
    unsigned format_count = trace_get_byte(cursor);
    if (format_count > FORMATS_MAX) {
        cursor->is_bad = true;
        return true;
    }
    for (unsigned i = 0; i < format_count; i++) {
        formats[i][0] = trace_get_varint(cursor);
        formats[i][1] = trace_get_varint(cursor);
    }
    uint64_t count = trace_get_varint(cursor);
    for (uint64_t i = 0; i < count && format_count > 0 && !cursor->is_bad; i++) {
        struct entry entry = {0};
        for (unsigned k = 0; k < format_count; k++) {
            const char *text = NULL;
            uint64_t number = 0;
            get_field(program, cursor, formats[k][1], &text, &number);
            if (formats[k][0] == DW_LNCT_path) {
                entry.name = text;
            } else if (formats[k][0] == DW_LNCT_directory_index) {
                entry.directory = number;
            }
        }
        if (!cursor->is_bad && !add_entry(entries, entry)) {
            return false;
        }
    }
    return true;
}

static bool read_tables(struct sym_line_program *program, struct trace_cursor *cursor)
{
    if (program->version >= 5) {
        return read_new_table(program, cursor, &program->directories) &&
               read_new_table(program, cursor, &program->files);
    }
    return read_old_table(cursor, &program->directories, false) &&
           read_old_table(cursor, &program->files, true);
}

static void restart(struct sym_line_program *program)
{
    program->operation = 0;
    program->row = (struct sym_line_row){.file = 1, .line = 1};
}

/* Narrow a cursor to a length that it has just read. */
static void narrow(struct trace_cursor *cursor, uint64_t length)
{
    if (cursor->is_bad || length > (uint64_t)(cursor->end - cursor->next)) {
        cursor->is_bad = true;
        return;
    }
    cursor->end = cursor->next + length;
}

/* Return: false if the header cannot be used, or without memory. */
static bool read_header(struct sym_line_program *program, struct trace_cursor *cursor)
{
    uint64_t length = sym_get_fixed(cursor, 4);
    program->is_wide = length == UINT32_MAX;
    narrow(cursor, program->is_wide ? sym_get_fixed(cursor, 8) : length);
    program->version = (unsigned)sym_get_fixed(cursor, 2);
    if (program->version < FIRST_VERSION || program->version > LAST_VERSION) {
        return false;
    }
    if (program->version >= 5) {
        sym_skip(cursor, 2); // size of addresses and of segment selectors
    }
    struct trace_cursor tables = *cursor;
    sym_skip(cursor, sym_get_fixed(cursor, program->is_wide ? 8 : 4));
    (void)sym_get_fixed(&tables, program->is_wide ? 8 : 4);
    program->cursor = *cursor;
    program->instruction_bytes = trace_get_byte(&tables);
    program->operations = program->version >= 4 ? trace_get_byte(&tables) : 1;
    (void)trace_get_byte(&tables); // default of is_stmt
    program->line_base = (int8_t)trace_get_byte(&tables);
    program->line_range = trace_get_byte(&tables);
    program->opcode_base = trace_get_byte(&tables);
    for (unsigned i = 1; i < program->opcode_base; i++) {
        program->operands[i] = trace_get_byte(&tables);
    }
    if (cursor->is_bad || tables.is_bad || program->line_range == 0 || program->operations == 0 ||
        program->opcode_base == 0) {
        return false;
    }
    restart(program);
    bool has_memory = read_tables(program, &tables); // as far as they are good
    program->is_broken = tables.is_bad;
    return has_memory;
}

struct sym_line_program *sym_line_program_new(const struct sym_line_sections *sections,
                                              uint64_t offset)
{
    if (sections->line.bytes == NULL || offset >= sections->line.size) {
        return NULL;
    }
    struct sym_line_program *program = calloc(1, sizeof *program);
    if (program == NULL) {
        return NULL;
    }
    program->sections = sections;
    struct trace_cursor cursor =
        trace_cursor_over(sections->line.bytes + offset, sections->line.size - offset);
    if (!read_header(program, &cursor)) {
        sym_line_program_free(program);
        return NULL;
    }
    return program;
}

void sym_line_program_free(struct sym_line_program *program)
{
    if (program != NULL) {
        free(program->directories.items);
        free(program->files.items);
        free(program);
    }
}

static void advance(struct sym_line_program *program, uint64_t operations)
{
    if (program->operations > 1) {
        operations += program->operation;
        program->operation = operations % program->operations;
        operations /= program->operations;
    }
    program->row.addr += operations * program->instruction_bytes;
}

static void advance_line(struct sym_line_program *program, uint64_t lines)
{
    program->row.line = (uint32_t)(program->row.line + lines);
}

/* Return: whether a row is complete. */
static bool run_extended(struct sym_line_program *program)
{
    struct trace_cursor *cursor = &program->cursor;
    uint64_t length = trace_get_varint(cursor);
    struct trace_cursor body = *cursor;
    narrow(&body, length);
    sym_skip(cursor, length);
    if (cursor->is_bad || length == 0) {
        return false;
    }
    uint8_t opcode = trace_get_byte(&body);
    size_t left = (size_t)(body.end - body.next);
    if (opcode == DW_LNE_end_sequence) {
        program->row.is_end = true;
        return true;
    }
    if (opcode == DW_LNE_set_address && left <= sizeof(uint64_t)) {
        program->row.addr = sym_get_fixed(&body, (unsigned)left);
        program->operation = 0;
    } else if (opcode == DW_LNE_define_file && program->version < 5) {
        struct entry entry = {.name = get_string(&body)};
        entry.directory = trace_get_varint(&body);
        if (body.is_bad || !add_entry(&program->files, entry)) {
            cursor->is_bad = true;
        }
    }
    return false;
}

/* Return: whether a row is complete. */
static bool run_standard(struct sym_line_program *program, uint8_t opcode)
{
    struct trace_cursor *cursor = &program->cursor;
    switch (opcode) {
    case DW_LNS_copy:
        return true;
    case DW_LNS_advance_pc:
        advance(program, trace_get_varint(cursor));
        return false;
    case DW_LNS_advance_line:
        advance_line(program, get_signed(cursor));
        return false;
    case DW_LNS_set_file:
        program->row.file = trace_get_varint(cursor);
        return false;
    case DW_LNS_set_column: {
        uint64_t column = trace_get_varint(cursor);
        program->row.column = column <= UINT32_MAX ? (uint32_t)column : 0;
        return false;
    }
    case DW_LNS_const_add_pc:
        advance(program, (255U - program->opcode_base) / program->line_range);
        return false;
    case DW_LNS_fixed_advance_pc:
        program->row.addr += sym_get_fixed(cursor, 2);
        program->operation = 0;
        return false;
    default: // flags that nobody asks for, and opcodes of later versions
        for (unsigned i = 0; i < program->operands[opcode]; i++) {
            (void)trace_get_varint(cursor);
        }
        return false;
    }
}

bool sym_line_program_next(struct sym_line_program *program, struct sym_line_row *ret_row)
{
    struct trace_cursor *cursor = &program->cursor;
    if (program->row.is_end) {
        restart(program);
    }
    while (!cursor->is_bad && cursor->next < cursor->end) {
        uint8_t opcode = trace_get_byte(cursor);
        bool is_row = false;
        if (opcode >= program->opcode_base) {
            unsigned adjusted = (unsigned)opcode - program->opcode_base;
            advance(program, adjusted / program->line_range);
            advance_line(program, (uint64_t)(int64_t)(program->line_base +
                                                      (int)(adjusted % program->line_range)));
            is_row = true;
        } else {
            is_row = opcode == 0 ? run_extended(program) : run_standard(program, opcode);
        }
        if (is_row && !cursor->is_bad) {
            program->is_open = !program->row.is_end;
            *ret_row = program->row;
            return true;
        }
    }
    program->is_broken |= cursor->is_bad || program->is_open;
    return false;
}

bool sym_line_program_is_broken(const struct sym_line_program *program)
{
    return program->is_broken;
}

bool sym_line_program_file(const struct sym_line_program *program, uint64_t file,
                           const char **ret_name, const char **ret_directory)
{
    // Before version 5 both tables count from 1, and 0 stands for the unit's own directory.
    uint64_t first = program->version >= 5 ? 0 : 1;
    if (file < first || file - first >= program->files.count ||
        program->files.items[file - first].name == NULL) {
        return false;
    }
    const struct entry *entry = &program->files.items[file - first];
    *ret_name = entry->name;
    *ret_directory = NULL;
    if (entry->directory >= first && entry->directory - first < program->directories.count) {
        *ret_directory = program->directories.items[entry->directory - first].name;
    }
    return true;
}

char *sym_line_program_path(const struct sym_line_program *program, uint64_t file,
                            const char *unit_directory)
{
    const char *name = NULL;
    const char *directory = NULL;
    char *path = NULL;
    if (!sym_line_program_file(program, file, &name, &directory)) {
        return NULL;
    }
    if (name[0] == '/') {
        return strdup(name);
    }
    if (directory != NULL && (directory[0] == '/' || unit_directory == NULL)) {
        unit_directory = directory;
        directory = NULL;
    }
    if (unit_directory == NULL) {
        return strdup(name);
    }
    int written = directory != NULL ? asprintf(&path, "%s/%s/%s", unit_directory, directory, name)
                                    : asprintf(&path, "%s/%s", unit_directory, name);
    return written < 0 ? NULL : path;
}
