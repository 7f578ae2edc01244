/*
 * Another shape over the same items, if strides can express it.
 *
 * Axes of size 1 are left out; then groups of old and new axes of equal size are matched from the
 * left. A group of old axes must lie in memory like one axis, and is cut into the new ones:
 *
 *   old (2, 3 | 4)  strides (12, 4 | 40)     2 * 3 = 6, and 12 = 3 * 4: one axis of 6, stride 4
 *   new (6    | 2, 2)       (4     | 80, 40)
 */
#include "internal.h"

/* Replace the size -1. Errors: NDA_SHAPE, NDA_OVERFLOW. */
static enum nda_status complete(const struct nda *array, int ndim, const int64_t *shape,
                                int64_t *ret_shape)
{
    int unknown = -1;
    for (int i = 0; i < ndim && i < NDA_MAX_DIMS; i++) {
        ret_shape[i] = shape[i];
        if (shape[i] == -1 && unknown < 0) {
            unknown = i;
            ret_shape[i] = 1;
        }
    }
    size_t bytes = 0;
    enum nda_status status = nda_layout_bytes(array->itemsize, ndim, ret_shape, &bytes);
    if (status != NDA_OK) {
        return status;
    }
    int64_t known = (int64_t)(bytes / array->itemsize);
    int64_t size = nda_size(array);
    if (unknown >= 0 && known != 0 && size % known == 0) {
        ret_shape[unknown] = size / known;
        known = size;
    }
    if (known != size || (unknown >= 0 && bytes == 0)) {
        return nda_fail(NDA_SHAPE, "%lld items cannot be put into that shape", (long long)size);
    }
    return NDA_OK;
}

/* Whether old axes @first to @last lie in memory like one axis. */
static bool is_one_axis(const int64_t *shape, const int64_t *strides, int first, int last)
{
    for (int i = first; i < last; i++) {
        if (strides[i] != shape[i + 1] * strides[i + 1]) {
            return false;
        }
    }
    return true;
}

/* Strides of the new shape. Return: false if there are none. The size is not 0. */
static bool match(const struct nda *array, int ndim, const int64_t *shape, int64_t *ret_strides)
{
    int64_t old_shape[NDA_MAX_DIMS] = {0};
    int64_t old_strides[NDA_MAX_DIMS] = {0};
    int old_ndim = 0;
    for (int i = 0; i < array->ndim; i++) {
        if (array->shape[i] != 1) {
            old_shape[old_ndim] = array->shape[i];
            old_strides[old_ndim++] = array->strides[i];
        }
    }
    int old = 0;
    int new = 0;
    int64_t last_stride = (int64_t)array->itemsize;
    while (new < ndim && old < old_ndim) {
        int old_end = old;
        int new_end = new;
        int64_t old_size = old_shape[old];
        int64_t new_size = shape[new];
        while (old_size != new_size) {
            if (new_size < old_size) {
                new_size *= shape[++new_end];
            } else {
                old_size *= old_shape[++old_end];
            }
        }
        if (!is_one_axis(old_shape, old_strides, old, old_end)) {
            return false;
        }
        ret_strides[new_end] = old_strides[old_end];
        for (int i = new_end; i > new; i--) {
            ret_strides[i - 1] = ret_strides[i] * shape[i];
        }
        last_stride = ret_strides[new_end];
        old = old_end + 1;
        new = new_end + 1;
    }
    // what is left are axes of size 1
    for (; new < ndim; new ++) {
        ret_strides[new] = last_stride;
    }
    return true;
}

static bool is_same_shape(const struct nda *array, int ndim, const int64_t *shape)
{
    bool is_same = array->ndim == ndim;
    for (int i = 0; i < ndim && is_same; i++) {
        is_same = array->shape[i] == shape[i];
    }
    return is_same;
}

enum nda_status nda_reshape(struct nda *array, int ndim, const int64_t *shape,
                            struct nda **ret_array)
{
    int64_t new_shape[NDA_MAX_DIMS] = {0};
    int64_t new_strides[NDA_MAX_DIMS] = {0};
    enum nda_status status = complete(array, ndim, shape, new_shape);
    if (status != NDA_OK) {
        return status;
    }
    // as in NumPy, the shape that it has already keeps its strides, unless it is spelled with -1
    bool is_same = is_same_shape(array, ndim, shape);
    if (nda_layout_is_c(array)) {
        nda_layout_pack(array->itemsize, ndim, new_shape, NULL, new_strides);
    } else if (!is_same && !match(array, ndim, new_shape, new_strides)) {
        return nda_fail(NDA_STRIDES, "no view of these %d axes can have %d axes of that shape",
                        array->ndim, ndim);
    }
    struct nda *view = NULL;
    status = nda_view_new(array, &view);
    if (status != NDA_OK) {
        return status;
    }
    view->ndim = ndim;
    for (int i = 0; i < ndim && !is_same; i++) {
        view->shape[i] = new_shape[i];
        view->strides[i] = new_strides[i];
    }
    *ret_array = view;
    return NDA_OK;
}
