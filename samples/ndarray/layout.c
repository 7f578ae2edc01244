/*
 * Arithmetic on shapes and strides: how many bytes a shape takes, with every multiplication
 * checked; where its axes lie in memory; which index or slice of an axis is meant.
 *
 *   shape (2, 3) of 8 byte items, C order: strides (24, 8)    a b c | d e f
 *                           Fortran order: strides (8, 16)    a d | b e | c f
 *
 * No memory, no references. The rules for the order of axes are NumPy's:
 * https://numpy.org/doc/stable/reference/generated/numpy.copy.html ("K")
 */
#include "internal.h"

enum nda_status nda_layout_bytes(size_t itemsize, int ndim, const int64_t *shape, size_t *ret_bytes)
{
    if (ndim < 0 || ndim > NDA_MAX_DIMS) {
        return nda_fail(NDA_SHAPE, "%d axes, not 0 to %d", ndim, NDA_MAX_DIMS);
    }
    // sizes of 0 are left out of the product: strides are computed from the others all the same
    int64_t bytes = (int64_t)itemsize;
    bool is_empty = false;
    for (int i = 0; i < ndim; i++) {
        if (shape[i] < 0) {
            return nda_fail(NDA_SHAPE, "size %lld of axis %d", (long long)shape[i], i);
        }
        is_empty = is_empty || shape[i] == 0;
        if (shape[i] != 0 && __builtin_mul_overflow(bytes, shape[i], &bytes)) {
            return nda_fail(NDA_OVERFLOW, "the sizes of %d axes give too many bytes", ndim);
        }
    }
    *ret_bytes = is_empty ? 0 : (size_t)bytes;
    return NDA_OK;
}

void nda_layout_pack(size_t itemsize, int ndim, const int64_t *shape, const int *order,
                     int64_t *ret_strides)
{
    int64_t stride = (int64_t)itemsize;
    for (int i = ndim - 1; i >= 0; i--) {
        int axis = order == NULL ? i : order[i];
        ret_strides[axis] = stride;
        stride *= shape[axis] == 0 ? 1 : shape[axis];
    }
}

static uint64_t distance(int64_t stride)
{
    return stride < 0 ? (uint64_t)0 - (uint64_t)stride : (uint64_t)stride;
}

static bool is_packed(const struct nda *array, bool is_fortran)
{
    int64_t stride = (int64_t)array->itemsize;
    bool is_matching = true;
    for (int i = 0; i < array->ndim; i++) {
        int axis = is_fortran ? i : array->ndim - 1 - i;
        if (array->shape[axis] == 0) {
            return true;
        }
        if (array->shape[axis] != 1) {
            is_matching = is_matching && array->strides[axis] == stride;
            stride *= array->shape[axis];
        }
    }
    return is_matching;
}

bool nda_layout_is_c(const struct nda *array)
{
    return is_packed(array, false);
}

bool nda_layout_is_fortran(const struct nda *array)
{
    return is_packed(array, true);
}

void nda_layout_keep(const struct nda *array, int *ret_order)
{
    bool is_c = nda_layout_is_c(array);
    bool is_fortran = !is_c && nda_layout_is_fortran(array);
    for (int i = 0; i < array->ndim; i++) {
        int axis = is_fortran ? array->ndim - 1 - i : i;
        int to = i;
        // otherwise a stable sort, widest stride first
        while (!is_c && !is_fortran && to > 0 &&
               distance(array->strides[ret_order[to - 1]]) < distance(array->strides[axis])) {
            ret_order[to] = ret_order[to - 1];
            to--;
        }
        ret_order[to] = axis;
    }
}

/* Whether @axis has to come before @other: 1 yes, 0 no, -1 no array can tell. C order wins. */
static int is_slower(const struct nda *const *arrays, int count, int axis, int other)
{
    int answer = -1;
    for (int i = 0; i < count; i++) {
        const struct nda *array = arrays[i];
        if (array->shape[axis] == 1 || array->shape[other] == 1) {
            continue;
        }
        if (distance(array->strides[axis]) <= distance(array->strides[other])) {
            answer = 0;
        } else if (answer < 0) {
            answer = 1;
        }
    }
    return answer;
}

void nda_layout_merge(const struct nda *const *arrays, int count, int *ret_order)
{
    for (int i = 0; i < arrays[0]->ndim; i++) {
        int to = i;
        for (int before = i - 1; before >= 0; before--) {
            int answer = is_slower(arrays, count, i, ret_order[before]);
            if (answer == 0) {
                break;
            }
            to = answer > 0 ? before : to;
        }
        for (int from = i; from > to; from--) {
            ret_order[from] = ret_order[from - 1];
        }
        ret_order[to] = i;
    }
}

enum nda_status nda_layout_index(int64_t index, int64_t size, const char *what, int64_t *ret_index)
{
    if (index < -size || index >= size) {
        return nda_fail(NDA_INDEX, "%s %lld is out of range for size %lld", what, (long long)index,
                        (long long)size);
    }
    *ret_index = index < 0 ? index + size : index;
    return NDA_OK;
}

/* Cut a bound to @low ... @high after counting a negative one from the end. */
static int64_t bound(int64_t at, int64_t size, int64_t low, int64_t high)
{
    int64_t from_start = at < 0 ? at + size : at;
    if (from_start < low) {
        return low;
    }
    return from_start > high ? high : from_start;
}

enum nda_status nda_layout_slice(int64_t size, const struct nda_key *slice, int64_t *ret_start,
                                 int64_t *ret_count)
{
    int64_t step = slice->step == NDA_NONE ? 1 : slice->step;
    if (step == 0) {
        return nda_fail(NDA_VALUE, "a slice with step 0");
    }
    // walking backwards, positions go from size - 1 down to -1, which is before the start
    int64_t low = step > 0 ? 0 : -1;
    int64_t high = step > 0 ? size : size - 1;
    int64_t start = step > 0 ? low : high;
    int64_t stop = step > 0 ? high : low;
    if (slice->start != NDA_NONE) {
        start = bound(slice->start, size, low, high);
    }
    if (slice->stop != NDA_NONE) {
        stop = bound(slice->stop, size, low, high);
    }
    int64_t count = 0;
    if (step > 0 && start < stop) {
        count = (stop - start - 1) / step + 1;
    } else if (step < 0 && stop < start) {
        count = (stop - start + 1) / step + 1;
    }
    *ret_start = start;
    *ret_count = count;
    return NDA_OK;
}
