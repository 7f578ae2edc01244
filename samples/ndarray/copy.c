/*
 * Moving items from one layout into another, the work under every copy of the library. Runs of
 * items that lie side by side on both ends are moved by one memcpy.
 */
#include <string.h>

#include "internal.h"

struct nda_part nda_part_of(const struct nda *array)
{
    struct nda_part part = {array->data, array->dtype, array->itemsize, {0}};
    memcpy(part.strides, array->strides, sizeof part.strides);
    return part;
}

/* Bytes that lie side by side at the end of the axes, and take the axes they cover off @ndim. */
static size_t run_bytes(const struct nda_part *to, const struct nda_part *from, int *ndim,
                        const int64_t *shape)
{
    int64_t bytes = (int64_t)to->itemsize;
    while (*ndim > 0) {
        int last = *ndim - 1;
        if (shape[last] != 1 && (to->strides[last] != bytes || from->strides[last] != bytes)) {
            break;
        }
        bytes *= shape[last];
        *ndim = last;
    }
    return (size_t)bytes;
}

/* Move on to the next position of @index. Return: false after the last one. */
static bool advance(const struct nda_part *to, const struct nda_part *from, int ndim,
                    const int64_t *shape, int64_t *index, int64_t *to_offset, int64_t *from_offset)
{
    for (int i = ndim - 1; i >= 0; i--) {
        index[i]++;
        *to_offset += to->strides[i];
        *from_offset += from->strides[i];
        if (index[i] < shape[i]) {
            return true;
        }
        *to_offset -= index[i] * to->strides[i];
        *from_offset -= index[i] * from->strides[i];
        index[i] = 0;
    }
    return false;
}

enum nda_status nda_part_assign(const struct nda_part *to, const struct nda_part *from, int ndim,
                                const int64_t *shape)
{
    for (int i = 0; i < ndim; i++) {
        if (shape[i] == 0) {
            return NDA_OK;
        }
    }
    bool is_plain = nda_dtype_is_equal(to->dtype, from->dtype);
    size_t bytes = is_plain ? run_bytes(to, from, &ndim, shape) : 0;
    int64_t index[NDA_MAX_DIMS] = {0};
    int64_t to_offset = 0;
    int64_t from_offset = 0;
    enum nda_status status = NDA_OK;
    do {
        if (is_plain) {
            memcpy(to->data + to_offset, from->data + from_offset, bytes);
        } else {
            status = nda_convert_item(to->dtype, to->data + to_offset, from->dtype,
                                      from->data + from_offset);
        }
    } while (status == NDA_OK && advance(to, from, ndim, shape, index, &to_offset, &from_offset));
    return status;
}

/* A copy of @array's items as @dtype, in @order. */
static enum nda_status copy_as(const struct nda *array, struct nda_dtype dtype, const int *order,
                               struct nda **ret_array)
{
    struct nda *copy = NULL;
    enum nda_status status = nda_new(dtype, array->ndim, array->shape, order, false, &copy);
    if (status != NDA_OK) {
        return status;
    }
    struct nda_part to = nda_part_of(copy);
    struct nda_part from = nda_part_of(array);
    status = nda_part_assign(&to, &from, array->ndim, array->shape);
    if (status != NDA_OK) {
        nda_decref(copy);
        return status;
    }
    *ret_array = copy;
    return NDA_OK;
}

enum nda_status nda_copy(const struct nda *array, struct nda **ret_array)
{
    return copy_as(array, array->dtype, NULL, ret_array);
}

enum nda_status nda_astype(const struct nda *array, struct nda_dtype dtype, struct nda **ret_array)
{
    if (dtype.kind == NDA_TEXT && dtype.width == 0) {
        const uint32_t widths[] = {NDA_INT64_WIDTH, NDA_FLOAT64_WIDTH, array->dtype.width};
        dtype.width = widths[array->dtype.kind];
    }
    int order[NDA_MAX_DIMS] = {0};
    nda_layout_keep(array, order);
    return copy_as(array, dtype, order, ret_array);
}

enum nda_status nda_flatten(const struct nda *array, struct nda **ret_array)
{
    struct nda *flat = NULL;
    enum nda_status status = NDA_OK;
    if (nda_layout_is_c(array)) {
        // the view is the caller's own and only read, so taking the const away is harmless
        status = nda_view_new((struct nda *)(uintptr_t)array, &flat);
    } else {
        status = nda_copy(array, &flat);
    }
    if (status != NDA_OK) {
        return status;
    }
    flat->shape[0] = nda_size(flat);
    flat->strides[0] = (int64_t)flat->itemsize;
    flat->ndim = 1;
    *ret_array = flat;
    return NDA_OK;
}
