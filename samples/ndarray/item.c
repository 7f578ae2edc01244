/* Reading and writing single items, by index. */
#include <string.h>

#include "internal.h"

/* The address of an item. Errors: NDA_INDEX. */
static enum nda_status locate(const struct nda *array, const int64_t *index,
                              unsigned char **ret_item)
{
    unsigned char *item = array->data;
    for (int i = 0; i < array->ndim; i++) {
        int64_t at = 0;
        enum nda_status status = nda_layout_index(index[i], array->shape[i], "index", &at);
        if (status != NDA_OK) {
            return status;
        }
        item += at * array->strides[i];
    }
    *ret_item = item;
    return NDA_OK;
}

struct nda_value nda_item_number(struct nda_dtype dtype, const unsigned char *item)
{
    struct nda_value value = {.kind = dtype.kind};
    if (dtype.kind == NDA_INT64) {
        memcpy(&value.as.int64, item, sizeof value.as.int64);
    } else {
        memcpy(&value.as.float64, item, sizeof value.as.float64);
    }
    return value;
}

enum nda_status nda_item_write(struct nda_dtype dtype, unsigned char *item, struct nda_value value)
{
    if (dtype.kind == NDA_FLOAT64 && value.kind == NDA_INT64) {
        value = NDA_OF_FLOAT64((double)value.as.int64);
    }
    if (dtype.kind != value.kind) {
        return nda_fail(NDA_TYPE, "a value of kind %d for an item of kind %d", (int)value.kind,
                        (int)dtype.kind);
    }
    if (dtype.kind == NDA_INT64) {
        memcpy(item, &value.as.int64, sizeof value.as.int64);
    } else if (dtype.kind == NDA_FLOAT64) {
        memcpy(item, &value.as.float64, sizeof value.as.float64);
    } else {
        size_t unused = 0;
        enum nda_status status = nda_text_width(value.as.text, &unused);
        if (status != NDA_OK) {
            return status;
        }
        nda_text_encode(value.as.text, dtype.width, item);
    }
    return NDA_OK;
}

enum nda_status nda_get(const struct nda *array, const int64_t *index, struct nda_value *ret_value)
{
    if (array->dtype.kind == NDA_TEXT) {
        return nda_fail(NDA_TYPE, "nda_get of text");
    }
    unsigned char *item = NULL;
    enum nda_status status = locate(array, index, &item);
    if (status == NDA_OK) {
        *ret_value = nda_item_number(array->dtype, item);
    }
    return status;
}

enum nda_status nda_get_text(const struct nda *array, const int64_t *index, size_t room,
                             char *ret_text)
{
    if (array->dtype.kind != NDA_TEXT) {
        return nda_fail(NDA_TYPE, "nda_get_text of a number");
    }
    unsigned char *item = NULL;
    enum nda_status status = locate(array, index, &item);
    if (status == NDA_OK) {
        status = nda_text_decode(item, array->dtype.width, room, ret_text);
    }
    return status;
}

enum nda_status nda_set(struct nda *array, const int64_t *index, struct nda_value value)
{
    unsigned char *item = NULL;
    enum nda_status status = locate(array, index, &item);
    if (status == NDA_OK) {
        status = nda_item_write(array->dtype, item, value);
    }
    return status;
}
