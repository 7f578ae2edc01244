/*
 * Arrays to nested lists of plain values and back. Recursion is as deep as the array has axes, at
 * most NDA_MAX_DIMS.
 */
#include <string.h>

#include "internal.h"

/* One plain value in the memory that a list takes over. */
static enum nda_status plain_value(const struct nda *array, const unsigned char *item,
                                   struct nda_value *ret_value)
{
    if (array->dtype.kind != NDA_TEXT) {
        *ret_value = nda_item_number(array->dtype, item);
        return NDA_OK;
    }
    // a list frees strlen + 1 bytes, so text is made in a block for the worst case and then cut
    size_t room = array->itemsize + 1;
    char *text = nda_memory_new(NDA_BLOCK_OTHER, room, false);
    if (text == NULL) {
        return NDA_NO_MEMORY;
    }
    enum nda_status status = nda_text_decode(item, array->dtype.width, room, text);
    char *cut = NULL;
    if (status == NDA_OK) {
        cut = nda_memory_resize(text, room, strlen(text) + 1);
        status = cut == NULL ? NDA_NO_MEMORY : NDA_OK;
    }
    if (status != NDA_OK) {
        nda_memory_free(NDA_BLOCK_OTHER, text, room);
        return status;
    }
    *ret_value = NDA_OF_TEXT(cut);
    return NDA_OK;
}

/* The items from @start on, of the axes from @axis on. */
static enum nda_status list_of_axis(const struct nda *array, int axis, const unsigned char *start,
                                    struct nda_list **ret_list)
{
    struct nda_list *list = NULL;
    enum nda_status status = nda_list_new(array->shape[axis], &list);
    for (int64_t i = 0; status == NDA_OK && i < array->shape[axis]; i++) {
        const unsigned char *item = start + i * array->strides[axis];
        struct nda_value value = {.kind = NDA_LIST};
        if (axis + 1 < array->ndim) {
            status = list_of_axis(array, axis + 1, item, &value.as.list);
        } else {
            status = plain_value(array, item, &value);
        }
        if (status == NDA_OK) {
            status = nda_list_take_over(list, value);
        }
    }
    if (status != NDA_OK) {
        nda_list_decref(list);
        return status;
    }
    *ret_list = list;
    return NDA_OK;
}

enum nda_status nda_tolist(const struct nda *array, struct nda_list **ret_list)
{
    if (array->ndim == 0) {
        return nda_fail(NDA_SHAPE, "an array of 0 axes is a value, not a list");
    }
    return list_of_axis(array, 0, array->data, ret_list);
}

/* What is known of the array that a list gives, while its values are seen in order. */
struct survey {
    int ndim;
    int64_t shape[NDA_MAX_DIMS];
    struct nda_dtype dtype;
    bool has_values; /* otherwise dtype is not known yet */
};

static enum nda_status survey_value(struct survey *survey, struct nda_value value)
{
    struct nda_dtype dtype = {value.kind, 0};
    if (value.kind == NDA_ARRAY) {
        return nda_fail(NDA_TYPE, "an array in a list of plain values");
    }
    if (value.kind == NDA_TEXT) {
        enum nda_status status = nda_text_item_width(value.as.text, &dtype.width);
        if (status != NDA_OK) {
            return status;
        }
    }
    if (!survey->has_values) {
        survey->has_values = true;
        survey->dtype = dtype;
        return NDA_OK;
    }
    return nda_dtype_common(survey->dtype, dtype, &survey->dtype);
}

/* The axes are those that the first items, the first items of these, and so on, give. */
static enum nda_status survey_axes(struct survey *survey, const struct nda_list *list)
{
    while (list != NULL) {
        if (survey->ndim == NDA_MAX_DIMS) {
            return nda_fail(NDA_SHAPE, "lists nested more than %d deep", NDA_MAX_DIMS);
        }
        survey->shape[survey->ndim++] = list->count;
        bool is_nested = list->count > 0 && list->items[0].kind == NDA_LIST;
        list = is_nested ? list->items[0].as.list : NULL;
    }
    return NDA_OK;
}

/* Everything must have the axes of the survey. */
static enum nda_status survey_items(struct survey *survey, const struct nda_list *list, int axis)
{
    if (list->count != survey->shape[axis]) {
        return nda_fail(NDA_SHAPE, "lists of %lld and of %lld items side by side",
                        (long long)survey->shape[axis], (long long)list->count);
    }
    bool is_last = axis + 1 == survey->ndim;
    enum nda_status status = NDA_OK;
    for (int64_t i = 0; i < list->count && status == NDA_OK; i++) {
        struct nda_value value = list->items[i];
        if ((value.kind == NDA_LIST) == is_last) {
            return nda_fail(NDA_SHAPE, "values and lists side by side");
        }
        status =
            is_last ? survey_value(survey, value) : survey_items(survey, value.as.list, axis + 1);
    }
    return status;
}

static enum nda_status fill(const struct nda *array, int axis, unsigned char *start,
                            const struct nda_list *list)
{
    enum nda_status status = NDA_OK;
    for (int64_t i = 0; i < list->count && status == NDA_OK; i++) {
        unsigned char *item = start + i * array->strides[axis];
        if (axis + 1 < array->ndim) {
            status = fill(array, axis + 1, item, list->items[i].as.list);
        } else {
            status = nda_item_write(array->dtype, item, list->items[i]);
        }
    }
    return status;
}

enum nda_status nda_from_list(const struct nda_list *list, struct nda **ret_array)
{
    struct survey survey = {.dtype = NDA_DTYPE_FLOAT64};
    enum nda_status status = survey_axes(&survey, list);
    if (status == NDA_OK) {
        status = survey_items(&survey, list, 0);
    }
    struct nda *array = NULL;
    if (status == NDA_OK) {
        status = nda_new(survey.dtype, survey.ndim, survey.shape, NULL, false, &array);
    }
    if (status == NDA_OK) {
        status = fill(array, 0, array->data, list);
    }
    if (status != NDA_OK) {
        nda_decref(array);
        return status;
    }
    *ret_array = array;
    return NDA_OK;
}
