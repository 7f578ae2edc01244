/* Line number programs, from bytes written out by hand after DWARF 5, section 6.2 and appendix D.5.
 */
#include <stdlib.h>
#include <string.h>

#include "sym_line_program.h"
#include "unit.h"

/*
 * Version 5: directories "/top", "sub"; files a.h (in /top), b.c (in sub), the latter by an offset.
 * Rows: 0x1000 line 3 of the file that nobody set; 0x1004 line 5 of file 0; end at 0x1010.
 */
static const uint8_t version_5[] = {
    77,
    0,
    0,
    0, // length of what follows
    5,
    0,
    8,
    0, // version, address size, selector size
    47,
    0,
    0,
    0, // header length
    1,
    1,
    1,
    0xfb,
    14,
    13, // instruction, operations, is_stmt, line base, range
    0,
    1,
    1,
    1,
    1,
    0,
    0,
    0,
    1,
    0,
    0,
    1, // operands of the 12 standard opcodes
    1,
    1,
    0x08, // directories have a path, a string
    2,
    '/',
    't',
    'o',
    'p',
    0,
    's',
    'u',
    'b',
    0,
    2,
    1,
    0x1f,
    2,
    0x0b, // files: a path in .debug_line_str, directory in 1 byte
    2,
    0,
    0,
    0,
    0,
    0,
    4,
    0,
    0,
    0,
    1,
    0,
    9,
    2,
    0x00,
    0x10,
    0,
    0,
    0,
    0,
    0,
    0,      // set_address 0x1000
    20 + 0, // special: line + 2, address + 0
    4,
    0, // set_file 0
    5,
    7,                   // set_column 7
    13 + 5 + 2 + 14 * 4, // special: line + 2, address + 4
    2,
    12, // advance_pc 12
    0,
    1,
    1, // end_sequence
};
static const uint8_t line_strings[] = "a.h\0b.c";

/* Version 2: directory "dir"; files m.c (in the unit's directory), n.h (in dir). */
static const uint8_t version_2[] = {
    65,  0,    0,    0,                  // length of what follows
    2,   0,                              // version
    32,  0,    0,    0,                  // header length
    1,   1,    0xfb, 14, 10,             // instruction, is_stmt, line base, range, opcode base
    0,   1,    1,    1,  1,  0, 0, 0, 1, // operands of the 9 standard opcodes
    'd', 'i',  'r',  0,  0,              // directories
    'm', '.',  'c',  0,  0,  0, 0,       // files
    'n', 0,    1,    0,  0,  0, 0, 9, 2, 0x00, 0x20, 0, 0, 0, 0, 0, 0, // set_address 0x2000
    3,   0x7f,                                                         // advance_line -1
    1,                                                                 // copy: line 0
    4,   2,                                                            // set_file 2
    3,   0xe4, 0x00,                                                   // advance_line 100
    8,            // const_add_pc: (255 - 10) / 14
    9,   1,    0, // fixed_advance_pc 1
    1,            // copy
    0,   1,    1, // end_sequence
};

static struct sym_line_program *open_bytes(struct sym_line_sections *sections, const uint8_t *bytes,
                                           size_t size)
{
    *sections = (struct sym_line_sections){.line = {bytes, size},
                                           .line_strings = {line_strings, sizeof line_strings}};
    return sym_line_program_new(sections, 0);
}

static void check_row(struct sym_line_program *program, struct sym_line_row wanted)
{
    struct sym_line_row row;
    ck_assert(sym_line_program_next(program, &row));
    ck_assert_uint_eq(row.addr, wanted.addr);
    ck_assert_uint_eq(row.file, wanted.file);
    ck_assert_uint_eq(row.line, wanted.line);
    ck_assert_uint_eq(row.column, wanted.column);
    ck_assert_int_eq(row.is_end, wanted.is_end);
}

static void check_file(const struct sym_line_program *program, uint64_t file, const char *name,
                       const char *directory)
{
    const char *found = NULL;
    const char *found_directory = "";
    ck_assert(sym_line_program_file(program, file, &found, &found_directory));
    ck_assert_str_eq(found, name);
    ck_assert_pstr_eq(found_directory, directory);
}

START_TEST(sym_line_program_starts_version_5_at_file_1)
{
    struct sym_line_sections sections;
    struct sym_line_row row;
    struct sym_line_program *program = open_bytes(&sections, version_5, sizeof version_5);
    ck_assert_ptr_nonnull(program);
    check_row(program, (struct sym_line_row){.addr = 0x1000, .file = 1, .line = 3});
    check_row(program, (struct sym_line_row){.addr = 0x1004, .line = 5, .column = 7});
    check_row(program,
              (struct sym_line_row){.addr = 0x1010, .line = 5, .column = 7, .is_end = true});
    ck_assert(!sym_line_program_next(program, &row));
    check_file(program, 0, "a.h", "/top");
    check_file(program, 1, "b.c", "sub");
    const char *name = NULL;
    ck_assert(!sym_line_program_file(program, 2, &name, &name));
    sym_line_program_free(program);
}
END_TEST

START_TEST(sym_line_program_counts_version_2_from_1)
{
    struct sym_line_sections sections;
    struct sym_line_row row;
    struct sym_line_program *program = open_bytes(&sections, version_2, sizeof version_2);
    ck_assert_ptr_nonnull(program);
    check_row(program, (struct sym_line_row){.addr = 0x2000, .file = 1, .line = 0});
    check_row(program, (struct sym_line_row){.addr = 0x2000 + 17 + 1, .file = 2, .line = 100});
    check_row(program, (struct sym_line_row){
                           .addr = 0x2000 + 17 + 1, .file = 2, .line = 100, .is_end = true});
    ck_assert(!sym_line_program_next(program, &row));
    check_file(program, 1, "m.c", NULL);
    check_file(program, 2, "n", "dir");
    const char *name = NULL;
    ck_assert(!sym_line_program_file(program, 0, &name, &name));
    sym_line_program_free(program);
}
END_TEST

/* A later version may mean anything by the same bytes. */
START_TEST(sym_line_program_refuses_versions_that_it_does_not_know)
{
    static const uint8_t unknown[] = {0, 1, 6, 255};
    for (size_t i = 0; i < sizeof unknown; i++) {
        struct sym_line_sections sections;
        uint8_t bytes[sizeof version_2];
        memcpy(bytes, version_2, sizeof bytes);
        bytes[4] = unknown[i];
        struct sym_line_program *program = open_bytes(&sections, bytes, sizeof bytes);
        ck_assert_ptr_null(program);
    }
}
END_TEST

/* Return: whether a program without its last bytes is found broken; without a header it cannot be.
 */
static bool is_broken_without(size_t missing)
{
    struct sym_line_sections sections;
    struct sym_line_row row;
    uint8_t bytes[sizeof version_2];
    memcpy(bytes, version_2, sizeof bytes);
    bytes[0] = (uint8_t)(bytes[0] - missing);
    struct sym_line_program *program = open_bytes(&sections, bytes, sizeof bytes - missing);
    ck_assert_ptr_nonnull(program);
    while (sym_line_program_next(program, &row)) {
    }
    bool is_broken = sym_line_program_is_broken(program);
    sym_line_program_free(program);
    return is_broken;
}

START_TEST(sym_line_program_tells_that_it_is_broken)
{
    ck_assert(!is_broken_without(0));
    for (size_t missing = 1; missing <= 13; missing++) { // there are rows, but no end
        ck_assert(is_broken_without(missing));
    }
}
END_TEST

/* Run a program to its end, whatever it is. Return: rows. */
static size_t run(const uint8_t *bytes, size_t size)
{
    struct sym_line_sections sections;
    struct sym_line_row row;
    const char *name = NULL;
    size_t count = 0;
    uint8_t *copy = malloc(size + 1); // so that a sanitizer sees what lies beyond
    memcpy(copy, bytes, size);
    copy = realloc(copy, size > 0 ? size : 1);
    struct sym_line_program *program = open_bytes(&sections, copy, size);
    while (program != NULL && sym_line_program_next(program, &row)) {
        (void)sym_line_program_file(program, row.file, &name, &name);
        count++;
    }
    sym_line_program_free(program);
    free(copy);
    return count;
}

START_TEST(sym_line_program_survives_truncation)
{
    for (size_t size = 0; size < sizeof version_5; size++) {
        ck_assert_uint_eq(run(version_5, size), 0); // the length says what is missing
    }
    for (size_t size = 0; size < sizeof version_2; size++) {
        ck_assert_uint_eq(run(version_2, size), 0);
    }
}
END_TEST

START_TEST(sym_line_program_survives_damage)
{
    uint8_t bytes[sizeof version_5];
    unsigned seed = 1;
    for (int i = 0; i < 200000; i++) {
        memcpy(bytes, version_5, sizeof bytes);
        for (int k = 0; k < 3; k++) {
            seed = seed * 1103515245U + 12345U;
            bytes[(seed >> 16) % sizeof bytes] = (uint8_t)(seed >> 8);
        }
        ck_assert_uint_le(run(bytes, sizeof bytes), sizeof bytes);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("programs");
    tcase_add_test(tests, sym_line_program_starts_version_5_at_file_1);
    tcase_add_test(tests, sym_line_program_counts_version_2_from_1);
    tcase_add_test(tests, sym_line_program_refuses_versions_that_it_does_not_know);
    tcase_add_test(tests, sym_line_program_tells_that_it_is_broken);
    tcase_add_test(tests, sym_line_program_survives_truncation);
    tcase_add_test(tests, sym_line_program_survives_damage);
    return unit_run("sym_line_program", tests);
}
