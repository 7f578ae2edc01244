/*
 * Views by keys and by the order of axes: new shape, new strides, another first item, the same
 * buffer. Nothing is read or written of the items.
 */
#include "internal.h"

/* One axis of the result; no key can make more of them than there is room for. */
static enum nda_status add_axis(struct nda *view, int64_t size, int64_t stride)
{
    if (view->ndim == NDA_MAX_DIMS) {
        return nda_fail(NDA_SHAPE, "more than %d axes", NDA_MAX_DIMS);
    }
    view->shape[view->ndim] = size;
    view->strides[view->ndim] = stride;
    view->ndim++;
    return NDA_OK;
}

/* Apply a slice or an index to axis @axis of @array, the next axis of @view. */
static enum nda_status apply(struct nda *view, const struct nda *array, int axis,
                             const struct nda_key *key)
{
    int64_t stride = array->strides[axis];
    int64_t start = 0;
    if (key->kind == NDA_KEY_AT) {
        enum nda_status status = nda_layout_index(key->start, array->shape[axis], "index", &start);
        if (status == NDA_OK) {
            view->data += start * stride;
        }
        return status;
    }
    int64_t count = 0;
    enum nda_status status = nda_layout_slice(array->shape[axis], key, &start, &count);
    if (status != NDA_OK) {
        return status;
    }
    if (count > 0) {
        view->data += start * stride;
        int64_t step = key->step == NDA_NONE ? 1 : key->step;
        // a step beyond the axis leaves one item, whose stride is never used and may wrap
        (void)__builtin_mul_overflow(stride, step, &stride);
    }
    return add_axis(view, count, stride);
}

enum nda_status nda_view(struct nda *array, int count, const struct nda_key *keys,
                         struct nda **ret_array)
{
    struct nda *view = NULL;
    enum nda_status status = nda_view_new(array, &view);
    if (status != NDA_OK) {
        return status;
    }
    view->ndim = 0;
    int axis = 0;
    for (int i = 0; i < count && status == NDA_OK; i++) {
        if (keys[i].kind == NDA_KEY_NEWAXIS) {
            status = add_axis(view, 1, 0);
        } else if (axis == array->ndim) {
            status = nda_fail(NDA_INDEX, "too many keys for %d axes", array->ndim);
        } else {
            status = apply(view, array, axis, &keys[i]);
            axis++;
        }
    }
    while (axis < array->ndim && status == NDA_OK) {
        status = add_axis(view, array->shape[axis], array->strides[axis]);
        axis++;
    }
    if (status != NDA_OK) {
        nda_decref(view);
        return status;
    }
    *ret_array = view;
    return NDA_OK;
}

enum nda_status nda_transpose(struct nda *array, const int *axes, struct nda **ret_array)
{
    int order[NDA_MAX_DIMS] = {0};
    bool is_used[NDA_MAX_DIMS] = {false};
    for (int i = 0; i < array->ndim; i++) {
        int64_t axis = array->ndim - 1 - i;
        if (axes != NULL) {
            enum nda_status status = nda_layout_index(axes[i], array->ndim, "axis", &axis);
            if (status != NDA_OK) {
                return status;
            }
        }
        if (is_used[axis]) {
            return nda_fail(NDA_SHAPE, "axis %d is given twice", (int)axis);
        }
        is_used[axis] = true;
        order[i] = (int)axis;
    }
    struct nda *view = NULL;
    enum nda_status status = nda_view_new(array, &view);
    if (status != NDA_OK) {
        return status;
    }
    for (int i = 0; i < array->ndim; i++) {
        view->shape[i] = array->shape[order[i]];
        view->strides[i] = array->strides[order[i]];
    }
    *ret_array = view;
    return NDA_OK;
}
