/* Any bytes as a line number program: rows, files and the table that is made of them. */
#include "fuzz.h"
#include "sym_line_program.h"
#include "sym_lines.h"

enum { ROWS_MAX = 100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sym_section all = {.bytes = data, .size = size};
    const struct sym_line_sections sections = {.line = all, .line_strings = all, .strings = all};
    struct sym_line_program *program = sym_line_program_new(&sections, 0);
    if (program == NULL) {
        return 0;
    }
    uint64_t work = ROWS_MAX;
    struct sym_lines *lines = sym_lines_new();
    fuzz_require(lines != NULL && sym_lines_run(lines, program, &work));
    sym_lines_finish(lines);
    struct sym_range range;
    for (size_t i = 0; sym_lines_piece(lines, i, &range); i++) {
        const struct sym_line_row *row = sym_lines_find(lines, range.low);
        const char *name = NULL;
        const char *directory = NULL;
        fuzz_require(range.low < range.high && row != NULL && row->addr <= range.low);
        (void)sym_line_program_file(program, row->file, &name, &directory);
    }
    sym_lines_free(lines);
    sym_line_program_free(program);
    return 0;
}
