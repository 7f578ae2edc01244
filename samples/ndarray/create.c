/* Arrays from nothing, from one value, from a range, from memory and from strings. */
#include "internal.h"

enum nda_status nda_zeros(struct nda_dtype dtype, int ndim, const int64_t *shape,
                          struct nda **ret_array)
{
    return nda_new(dtype, ndim, shape, NULL, true, ret_array);
}

enum nda_status nda_full(int ndim, const int64_t *shape, struct nda_value value,
                         struct nda **ret_array)
{
    struct nda_dtype dtype = {value.kind, 0};
    if (value.kind == NDA_TEXT) {
        enum nda_status status = nda_text_item_width(value.as.text, &dtype.width);
        if (status != NDA_OK) {
            return status;
        }
    }
    struct nda *array = NULL;
    enum nda_status status = nda_new(dtype, ndim, shape, NULL, false, &array);
    if (status != NDA_OK) {
        return status;
    }
    int64_t size = nda_size(array);
    for (int64_t i = 0; i < size && status == NDA_OK; i++) {
        status = nda_item_write(dtype, array->data + (size_t)i * array->itemsize, value);
    }
    if (status != NDA_OK) {
        nda_decref(array);
        return status;
    }
    *ret_array = array;
    return NDA_OK;
}

enum nda_status nda_arange(int64_t start, int64_t stop, int64_t step, struct nda **ret_array)
{
    if (step == 0) {
        return nda_fail(NDA_VALUE, "a range with step 0");
    }
    // unsigned: the distance of two int64 always fits
    uint64_t distance = 0;
    if (step > 0 && start < stop) {
        distance = (uint64_t)stop - (uint64_t)start;
    } else if (step < 0 && stop < start) {
        distance = (uint64_t)start - (uint64_t)stop;
    }
    uint64_t width = step > 0 ? (uint64_t)step : (uint64_t)0 - (uint64_t)step;
    uint64_t count = distance == 0 ? 0 : (distance - 1) / width + 1;
    if (count > INT64_MAX) {
        return nda_fail(NDA_OVERFLOW, "a range of %llu numbers", (unsigned long long)count);
    }
    struct nda *array = NULL;
    enum nda_status status =
        nda_new(NDA_DTYPE_INT64, 1, (const int64_t[]){(int64_t)count}, NULL, false, &array);
    if (status != NDA_OK) {
        return status;
    }
    int64_t *items = array->buffer;
    for (uint64_t i = 0; i < count; i++) {
        items[i] = (int64_t)((uint64_t)start + i * (uint64_t)step);
    }
    *ret_array = array;
    return NDA_OK;
}

enum nda_status nda_from_buffer(struct nda_dtype dtype, int ndim, const int64_t *shape, void *items,
                                struct nda **ret_array)
{
    return nda_borrower_new(dtype, ndim, shape, items, ret_array);
}

enum nda_status nda_from_rows(const char *const *cells, int64_t rows, int64_t columns,
                              struct nda **ret_array)
{
    const int64_t shape[] = {rows, columns};
    size_t unused = 0;
    enum nda_status status = nda_layout_bytes(sizeof *cells, 2, shape, &unused);
    if (status != NDA_OK) {
        return status;
    }
    uint32_t longest = 1;
    int64_t size = rows * columns;
    for (int64_t i = 0; i < size; i++) {
        uint32_t width = 0;
        status = nda_text_item_width(cells[i], &width);
        if (status != NDA_OK) {
            return status;
        }
        longest = width > longest ? width : longest;
    }
    struct nda *array = NULL;
    status = nda_new(NDA_DTYPE_TEXT(longest), 2, shape, NULL, false, &array);
    if (status != NDA_OK) {
        return status;
    }
    for (int64_t i = 0; i < size; i++) {
        unsigned char *item = array->data + (size_t)i * array->itemsize;
        nda_text_encode(cells[i], longest, item);
    }
    *ret_array = array;
    return NDA_OK;
}
