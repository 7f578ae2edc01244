/*
 * Copies of some items along one axis: by a list of indices, by a mask, all but one.
 */
#include <string.h>

#include "internal.h"

/* NDA_FLAT gives a flattened @array and axis 0, an axis a new reference to @array itself. */
static enum nda_status along(const struct nda *array, int axis, struct nda **ret_array,
                             int *ret_axis)
{
    if (axis == NDA_FLAT) {
        *ret_axis = 0;
        return nda_flatten(array, ret_array);
    }
    int64_t at = 0;
    enum nda_status status = nda_layout_index(axis, array->ndim, "axis", &at);
    if (status != NDA_OK) {
        return status;
    }
    *ret_axis = (int)at;
    // the reference is given back before the caller returns; nothing else of it changes
    *ret_array = nda_incref((struct nda *)(uintptr_t)array);
    return NDA_OK;
}

/* Copy the @count neighbours at @from of @array along @axis to @to of @copy. */
static void move(const struct nda *copy, int64_t to, const struct nda *array, int64_t from,
                 int64_t count, int axis)
{
    struct nda_part target = nda_part_of(copy);
    struct nda_part source = nda_part_of(array);
    int64_t shape[NDA_MAX_DIMS];
    memcpy(shape, array->shape, sizeof shape);
    shape[axis] = count;
    target.data += to * target.strides[axis];
    source.data += from * source.strides[axis];
    // the types are equal: nothing is converted, so nothing can fail
    (void)nda_part_assign(&target, &source, array->ndim, shape);
}

/* A new array of @array's shape, but for @count at @axis. */
static enum nda_status resized(const struct nda *array, int axis, int64_t count, const int *order,
                               struct nda **ret_array)
{
    int64_t shape[NDA_MAX_DIMS];
    memcpy(shape, array->shape, sizeof shape);
    shape[axis] = count;
    return nda_new(array->dtype, array->ndim, shape, order, false, ret_array);
}

enum nda_status nda_take(const struct nda *array, const int64_t *indices, int64_t count, int axis,
                         struct nda **ret_array)
{
    struct nda *source = NULL;
    struct nda *copy = NULL;
    enum nda_status status = along(array, axis, &source, &axis);
    if (status == NDA_OK) {
        status = resized(source, axis, count, NULL, &copy);
    }
    for (int64_t i = 0; i < count && status == NDA_OK; i++) {
        int64_t from = 0;
        status = nda_layout_index(indices[i], source->shape[axis], "index", &from);
        if (status == NDA_OK) {
            move(copy, i, source, from, 1, axis);
        }
    }
    nda_decref(source);
    if (status != NDA_OK) {
        nda_decref(copy);
        return status;
    }
    *ret_array = copy;
    return NDA_OK;
}

enum nda_status nda_mask(const struct nda *array, const bool *mask, int64_t count, int axis,
                         struct nda **ret_array)
{
    struct nda *source = NULL;
    struct nda *copy = NULL;
    enum nda_status status = along(array, axis, &source, &axis);
    if (status != NDA_OK) {
        return status;
    }
    if (count != source->shape[axis]) {
        status = nda_fail(NDA_SHAPE, "a mask of %lld for %lld items", (long long)count,
                          (long long)source->shape[axis]);
        goto out;
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++) {
        kept += mask[i] ? 1 : 0;
    }
    status = resized(source, axis, kept, NULL, &copy);
    if (status != NDA_OK) {
        goto out;
    }
    int64_t to = 0;
    for (int64_t i = 0; i < count; i++) {
        if (mask[i]) {
            move(copy, to++, source, i, 1, axis);
        }
    }
    *ret_array = copy;
out:
    nda_decref(source);
    return status;
}

enum nda_status nda_delete(const struct nda *array, int64_t index, int axis, struct nda **ret_array)
{
    struct nda *source = NULL;
    enum nda_status status = along(array, axis, &source, &axis);
    if (status != NDA_OK) {
        return status;
    }
    struct nda *copy = NULL;
    int64_t at = 0;
    status = nda_layout_index(index, source->shape[axis], "index", &at);
    if (status != NDA_OK) {
        goto out;
    }
    int order[NDA_MAX_DIMS];
    bool is_fortran = !nda_layout_is_c(source) && nda_layout_is_fortran(source);
    for (int i = 0; i < source->ndim; i++) {
        order[i] = is_fortran ? source->ndim - 1 - i : i;
    }
    int64_t size = source->shape[axis];
    status = resized(source, axis, size - 1, order, &copy);
    if (status != NDA_OK) {
        goto out;
    }
    move(copy, 0, source, 0, at, axis);
    move(copy, at, source, at + 1, size - 1 - at, axis);
    *ret_array = copy;
out:
    nda_decref(source);
    return status;
}
