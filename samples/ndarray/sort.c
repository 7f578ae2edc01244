/*
 * The rows of a table ordered by one column: a stable merge sort of row numbers, then nda_take.
 *
 *   widths 1, 2, 4, ...: sorted runs of that width are merged in pairs from one half of the work
 *   space into the other, which change roles each time
 */
#include <math.h>
#include <string.h>

#include "internal.h"

static int compare_numbers(struct nda_value a, struct nda_value b)
{
    if (a.kind == NDA_INT64) {
        return (a.as.int64 > b.as.int64) - (a.as.int64 < b.as.int64);
    }
    bool is_a_nan = isnan(a.as.float64);
    bool is_b_nan = isnan(b.as.float64);
    if (is_a_nan || is_b_nan) {
        return is_a_nan - is_b_nan;
    }
    return (a.as.float64 > b.as.float64) - (a.as.float64 < b.as.float64);
}

/* The column's items of rows @a and @b. */
static int compare(const struct nda *array, int64_t column, int64_t a, int64_t b)
{
    const unsigned char *start = array->data + column * array->strides[1];
    const unsigned char *a_item = start + a * array->strides[0];
    const unsigned char *b_item = start + b * array->strides[0];
    if (array->dtype.kind != NDA_TEXT) {
        return compare_numbers(nda_item_number(array->dtype, a_item),
                               nda_item_number(array->dtype, b_item));
    }
    for (size_t i = 0; i < array->itemsize; i += sizeof(uint32_t)) {
        uint32_t a_code = 0;
        uint32_t b_code = 0;
        memcpy(&a_code, a_item + i, sizeof a_code);
        memcpy(&b_code, b_item + i, sizeof b_code);
        if (a_code != b_code) {
            return a_code < b_code ? -1 : 1;
        }
    }
    return 0;
}

/* Merge the sorted runs [@start, @middle) and [@middle, @end) of @from into @to. */
static void merge(const struct nda *array, int64_t column, const int64_t *from, int64_t *to,
                  int64_t start, int64_t middle, int64_t end)
{
    int64_t left = start;
    int64_t right = middle;
    for (int64_t i = start; i < end; i++) {
        bool is_left = right == end;
        if (left < middle && right < end) {
            is_left = compare(array, column, from[left], from[right]) <= 0;
        }
        to[i] = from[is_left ? left++ : right++];
    }
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* @work: 2 * @rows numbers. Return: the half of it that has the order. */
static const int64_t *sorted_rows(const struct nda *array, int64_t column, int64_t rows,
                                  int64_t *work)
{
    int64_t *from = work;
    int64_t *to = work + rows;
    for (int64_t i = 0; i < rows; i++) {
        from[i] = i;
    }
    for (int64_t width = 1; width < rows; width *= 2) {
        for (int64_t start = 0; start < rows; start += 2 * width) {
            merge(array, column, from, to, start, least(start + width, rows),
                  least(start + 2 * width, rows));
        }
        int64_t *other = from;
        from = to;
        to = other;
    }
    return from;
}

enum nda_status nda_sort_by_column(const struct nda *array, int64_t column, struct nda **ret_array)
{
    if (array->ndim != 2) {
        return nda_fail(NDA_SHAPE, "a table has 2 axes, not %d", array->ndim);
    }
    int64_t at = 0;
    enum nda_status status = nda_layout_index(column, array->shape[1], "column", &at);
    if (status != NDA_OK) {
        return status;
    }
    int64_t rows = array->shape[0];
    size_t bytes = 0;
    status = nda_layout_bytes(sizeof rows, 2, (const int64_t[]){2, rows}, &bytes);
    if (status != NDA_OK) {
        return status;
    }
    bytes = bytes == 0 ? 1 : bytes;
    int64_t *work = nda_memory_new(NDA_BLOCK_OTHER, bytes, false);
    if (work == NULL) {
        return NDA_NO_MEMORY;
    }
    const int64_t *order = sorted_rows(array, at, rows, work);
    status = nda_take(array, order, rows, 0, ret_array);
    nda_memory_free(NDA_BLOCK_OTHER, work, bytes);
    return status;
}
