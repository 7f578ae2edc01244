/*
 * Rows are kept as they come, in sequences; sequences are sorted by where they begin, and searched
 * by bisection, then their rows are. A row holds from its address to the next row's. Of several
 * rows at one address the last one counts: the others describe no instruction.
 */
#include "sym_lines.h"

#include <stdlib.h>

#include "grow.h"

struct sequence {
    struct sym_range range;
    size_t first; /* row */
    size_t end;   /* row after the last; that one is the end marker */
};

struct sym_lines {
    struct sym_line_row *rows;
    size_t row_count;
    size_t row_capacity;
    size_t open_first; /* first row of the sequence that has not ended yet */
    struct sequence *sequences;
    size_t sequence_count;
    size_t sequence_capacity;
};

struct sym_lines *sym_lines_new(void)
{
    return calloc(1, sizeof(struct sym_lines));
}

void sym_lines_free(struct sym_lines *lines)
{
    if (lines != NULL) {
        free(lines->rows);
        free(lines->sequences);
        free(lines);
    }
}

static int compare_rows(const void *left, const void *right)
{
    const struct sym_line_row *a = left;
    const struct sym_line_row *b = right;
    if (a->addr != b->addr) {
        return a->addr < b->addr ? -1 : 1;
    }
    return (int)a->is_end - (int)b->is_end;
}

/* Sort the rows of a sequence, if a compiler (or an attacker) left them unsorted. */
static void sort_rows(struct sym_line_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (rows[i].addr < rows[i - 1].addr) {
            // Equal addresses may change places: no compiler is known to rely on it.
            qsort(rows, count, sizeof *rows, compare_rows);
            return;
        }
    }
}

/* Turn the rows since the last end into a sequence, unless it describes nothing. */
static bool end_sequence(struct sym_lines *lines)
{
    size_t first = lines->open_first;
    size_t end = lines->row_count;
    sort_rows(lines->rows + first, end - first);
    struct sym_range range = {.low = lines->rows[first].addr, .high = lines->rows[end - 1].addr};
    if (range.low >= range.high) {
        lines->row_count = first;
        return true;
    }
    struct sequence *moved = grow_array(lines->sequences, lines->sequence_count,
                                        &lines->sequence_capacity, sizeof *moved);
    if (moved == NULL) {
        return false;
    }
    lines->sequences = moved;
    lines->sequences[lines->sequence_count++] =
        (struct sequence){.range = range, .first = first, .end = end};
    lines->open_first = end;
    return true;
}

bool sym_lines_add(struct sym_lines *lines, const struct sym_line_row *row)
{
    struct sym_line_row *moved =
        grow_array(lines->rows, lines->row_count, &lines->row_capacity, sizeof *moved);
    if (moved == NULL) {
        return false;
    }
    lines->rows = moved;
    lines->rows[lines->row_count++] = *row;
    return !row->is_end || end_sequence(lines);
}

bool sym_lines_run(struct sym_lines *lines, struct sym_line_program *program, uint64_t *work)
{
    struct sym_line_row row;
    while (*work > 0 && sym_line_program_next(program, &row)) {
        (*work)--;
        if (!sym_lines_add(lines, &row)) {
            return false;
        }
    }
    return true;
}

static int compare_sequences(const void *left, const void *right)
{
    const struct sequence *a = left;
    const struct sequence *b = right;
    if (a->range.low != b->range.low) {
        return a->range.low < b->range.low ? -1 : 1;
    }
    if (a->range.high != b->range.high) { // the larger first: it hides the other
        return a->range.high > b->range.high ? -1 : 1;
    }
    return a->first < b->first ? -1 : 1;
}

void sym_lines_finish(struct sym_lines *lines)
{
    lines->row_count = lines->open_first; // rows that no end marker follows describe nothing
    if (lines->sequence_count == 0) {
        return;
    }
    qsort(lines->sequences, lines->sequence_count, sizeof *lines->sequences, compare_sequences);
    size_t kept = 1;
    for (size_t i = 1; i < lines->sequence_count; i++) {
        struct sequence next = lines->sequences[i];
        uint64_t covered = lines->sequences[kept - 1].range.high;
        if (next.range.high <= covered) {
            continue;
        }
        if (next.range.low < covered) {
            next.range.low = covered;
        }
        lines->sequences[kept++] = next;
    }
    lines->sequence_count = kept;
}

const struct sym_line_row *sym_lines_find(const struct sym_lines *lines, uint64_t address)
{
    size_t low = 0;
    size_t high = lines->sequence_count;
    while (low < high) { // the first sequence that ends after the address
        size_t middle = low + (high - low) / 2;
        if (lines->sequences[middle].range.high <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == lines->sequence_count || address < lines->sequences[low].range.low) {
        return NULL;
    }
    const struct sequence *sequence = &lines->sequences[low];
    low = sequence->first;
    high = sequence->end;
    while (low < high) { // the first row that begins after the address
        size_t middle = low + (high - low) / 2;
        if (lines->rows[middle].addr <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > sequence->first ? &lines->rows[low - 1] : NULL;
}

bool sym_lines_piece(const struct sym_lines *lines, size_t i, struct sym_range *ret_range)
{
    if (i >= lines->sequence_count) {
        return false;
    }
    *ret_range = lines->sequences[i].range;
    return true;
}
