/* Arrays one after the other: numpy.concatenate and numpy.append. */
#include <string.h>

#include "internal.h"

/* Shape and type of the result. */
static enum nda_status plan(const struct nda *const *arrays, int count, int axis,
                            int64_t *ret_shape, struct nda_dtype *ret_dtype)
{
    const struct nda *first = arrays[0];
    memcpy(ret_shape, first->shape, sizeof first->shape);
    *ret_dtype = first->dtype;
    for (int i = 1; i < count; i++) {
        const struct nda *array = arrays[i];
        enum nda_status status = nda_dtype_common(*ret_dtype, array->dtype, ret_dtype);
        if (status != NDA_OK) {
            return status;
        }
        if (array->ndim != first->ndim) {
            return nda_fail(NDA_SHAPE, "array 0 has %d axes, array %d has %d", first->ndim, i,
                            array->ndim);
        }
        for (int j = 0; j < first->ndim; j++) {
            if (j != axis && array->shape[j] != first->shape[j]) {
                return nda_fail(NDA_SHAPE, "axis %d of array %d is %lld, not %lld", j, i,
                                (long long)array->shape[j], (long long)first->shape[j]);
            }
        }
        if (__builtin_add_overflow(ret_shape[axis], array->shape[axis], &ret_shape[axis])) {
            return nda_fail(NDA_OVERFLOW, "axis %d gets too long", axis);
        }
    }
    return NDA_OK;
}

enum nda_status nda_concatenate(const struct nda *const *arrays, int count, int axis,
                                struct nda **ret_array)
{
    if (count < 1 || arrays[0]->ndim == 0) {
        return nda_fail(NDA_SHAPE, "nothing with an axis to concatenate");
    }
    int ndim = arrays[0]->ndim;
    int64_t at = 0;
    enum nda_status status = nda_layout_index(axis, ndim, "axis", &at);
    if (status != NDA_OK) {
        return status;
    }
    int64_t shape[NDA_MAX_DIMS];
    struct nda_dtype dtype = {NDA_INT64, 0};
    status = plan(arrays, count, (int)at, shape, &dtype);
    if (status != NDA_OK) {
        return status;
    }
    int order[NDA_MAX_DIMS] = {0};
    nda_layout_merge(arrays, count, order);
    struct nda *joined = NULL;
    status = nda_new(dtype, ndim, shape, order, false, &joined);
    if (status != NDA_OK) {
        return status;
    }
    struct nda_part to = nda_part_of(joined);
    for (int i = 0; i < count && status == NDA_OK; i++) {
        struct nda_part from = nda_part_of(arrays[i]);
        status = nda_part_assign(&to, &from, ndim, arrays[i]->shape);
        to.data += arrays[i]->shape[at] * to.strides[at];
    }
    if (status != NDA_OK) {
        nda_decref(joined);
        return status;
    }
    *ret_array = joined;
    return NDA_OK;
}

enum nda_status nda_append(const struct nda *array, const struct nda *more, int axis,
                           struct nda **ret_array)
{
    if (axis != NDA_FLAT) {
        return nda_concatenate((const struct nda *const[]){array, more}, 2, axis, ret_array);
    }
    struct nda *flat = NULL;
    struct nda *flat_more = NULL;
    enum nda_status status = nda_flatten(array, &flat);
    if (status == NDA_OK) {
        status = nda_flatten(more, &flat_more);
    }
    if (status == NDA_OK) {
        status = nda_concatenate((const struct nda *const[]){flat, flat_more}, 2, 0, ret_array);
    }
    nda_decref(flat);
    nda_decref(flat_more);
    return status;
}
