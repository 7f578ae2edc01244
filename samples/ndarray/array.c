/*
 * Life cycle of arrays: owners, views and borrowers come into being here, and go when their last
 * reference is given back. Also every query that only reads the structure.
 *
 * A view is the small structure alone, with a reference to its base:
 *
 *   name -> view (3 x 2) --base--> owner (10 x 6) --buffer--> 60 items
 *
 * so giving back the owner's own name frees nothing while the view lives.
 */
#include <string.h>

#include "internal.h"

enum nda_status nda_borrower_new(struct nda_dtype dtype, int ndim, const int64_t *shape,
                                 void *items, struct nda **ret_array)
{
    size_t itemsize = 0;
    enum nda_status status = nda_dtype_itemsize(dtype, &itemsize);
    if (status != NDA_OK) {
        return status;
    }
    size_t bytes = 0;
    status = nda_layout_bytes(itemsize, ndim, shape, &bytes);
    if (status != NDA_OK) {
        return status;
    }
    struct nda *array = nda_memory_new(NDA_BLOCK_OTHER, sizeof *array, true);
    if (array == NULL) {
        return NDA_NO_MEMORY;
    }
    array->refcount = 1;
    array->data = items;
    array->dtype = dtype;
    array->itemsize = itemsize;
    array->ndim = ndim;
    if (ndim > 0) {
        memcpy(array->shape, shape, (size_t)ndim * sizeof *shape);
    }
    nda_layout_pack(itemsize, ndim, shape, NULL, array->strides);
    *ret_array = array;
    return NDA_OK;
}

enum nda_status nda_new(struct nda_dtype dtype, int ndim, const int64_t *shape, const int *order,
                        bool is_zero, struct nda **ret_array)
{
    struct nda *array = NULL;
    enum nda_status status = nda_borrower_new(dtype, ndim, shape, NULL, &array);
    if (status != NDA_OK) {
        return status;
    }
    size_t bytes = (size_t)nda_size(array) * array->itemsize;
    array->buffer_bytes = bytes == 0 ? 1 : bytes; // NumPy's, too, has an address of its own
    array->buffer = nda_memory_new(NDA_BLOCK_BUFFER, array->buffer_bytes, is_zero);
    if (array->buffer == NULL) {
        nda_decref(array);
        return NDA_NO_MEMORY;
    }
    array->data = array->buffer;
    if (bytes == 0) {
        memset(array->strides, 0, sizeof array->strides);
    } else {
        nda_layout_pack(array->itemsize, ndim, shape, order, array->strides);
    }
    *ret_array = array;
    return NDA_OK;
}

enum nda_status nda_view_new(struct nda *array, struct nda **ret_array)
{
    struct nda *view = nda_memory_new(NDA_BLOCK_OTHER, sizeof *view, false);
    if (view == NULL) {
        return NDA_NO_MEMORY;
    }
    *view = *array;
    view->refcount = 1;
    view->base = nda_incref(array->base != NULL ? array->base : array);
    view->buffer = NULL;
    view->buffer_bytes = 0;
    *ret_array = view;
    return NDA_OK;
}

struct nda *nda_incref(struct nda *array)
{
    array->refcount++;
    return array;
}

void nda_decref(struct nda *array)
{
    if (array == NULL || --array->refcount > 0) {
        return;
    }
    struct nda *base = array->base;
    nda_memory_free(NDA_BLOCK_BUFFER, array->buffer, array->buffer_bytes);
    nda_memory_free(NDA_BLOCK_OTHER, array, sizeof *array);
    nda_decref(base); // which has no base itself
}

void nda_rebind(struct nda **name, struct nda *array)
{
    struct nda *old = *name;
    *name = array;
    nda_decref(old);
}

size_t nda_refcount(const struct nda *array)
{
    return array->refcount;
}

struct nda *nda_base(const struct nda *array)
{
    return array->base;
}

bool nda_owns_data(const struct nda *array)
{
    return array->buffer != NULL;
}

int nda_ndim(const struct nda *array)
{
    return array->ndim;
}

const int64_t *nda_shape(const struct nda *array)
{
    return array->shape;
}

const int64_t *nda_strides(const struct nda *array)
{
    return array->strides;
}

int64_t nda_size(const struct nda *array)
{
    int64_t size = 1;
    for (int i = 0; i < array->ndim; i++) {
        // once 0 it stays so: a product of the other sizes cannot overflow
        size *= array->shape[i];
    }
    return size;
}

struct nda_dtype nda_dtype(const struct nda *array)
{
    return array->dtype;
}

size_t nda_itemsize(const struct nda *array)
{
    return array->itemsize;
}

void *nda_data(const struct nda *array)
{
    return array->data;
}
