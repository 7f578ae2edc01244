/*
 * A list of values: numbers, texts of its own, references to arrays and to other lists.
 *
 * Freeing a tree of lists does not recurse, however deep it is: a list that dies inside another is
 * chained to those that are still to be emptied.
 */
#include <string.h>

#include "internal.h"

static size_t room_bytes(int64_t room)
{
    return (size_t)room * sizeof(struct nda_value);
}

/* Make room for at least @room items. */
static enum nda_status reserve(struct nda_list *list, int64_t room)
{
    size_t bytes = 0;
    enum nda_status status =
        nda_layout_bytes(sizeof(struct nda_value), 1, (const int64_t[]){room}, &bytes);
    if (status != NDA_OK || room <= list->room) {
        return status;
    }
    struct nda_value *items = nda_memory_resize(list->items, room_bytes(list->room), bytes);
    if (items == NULL) {
        return NDA_NO_MEMORY;
    }
    list->items = items;
    list->room = room;
    return NDA_OK;
}

enum nda_status nda_list_new(int64_t room, struct nda_list **ret_list)
{
    struct nda_list *list = nda_memory_new(NDA_BLOCK_OTHER, sizeof *list, true);
    if (list == NULL) {
        return NDA_NO_MEMORY;
    }
    list->refcount = 1;
    enum nda_status status = reserve(list, room);
    if (status != NDA_OK) {
        nda_list_decref(list);
        return status;
    }
    *ret_list = list;
    return NDA_OK;
}

struct nda_list *nda_list_incref(struct nda_list *list)
{
    list->refcount++;
    return list;
}

/* Give back what a value holds; lists that die of it are put before @dead. Return: the chain. */
static struct nda_list *drop(struct nda_value value, struct nda_list *dead)
{
    if (value.kind == NDA_ARRAY) {
        nda_decref(value.as.array);
    } else if (value.kind == NDA_TEXT) {
        char *text = (char *)(uintptr_t)value.as.text; // the list's own copy
        nda_memory_free(NDA_BLOCK_OTHER, text, strlen(text) + 1);
    } else if (value.kind == NDA_LIST && --value.as.list->refcount == 0) {
        value.as.list->next_dead = dead;
        return value.as.list;
    }
    return dead;
}

/* Free lists without references, and those that die with them. */
static void bury(struct nda_list *dead)
{
    while (dead != NULL) {
        struct nda_list *list = dead;
        dead = list->next_dead;
        for (int64_t i = 0; i < list->count; i++) {
            dead = drop(list->items[i], dead);
        }
        nda_memory_free(NDA_BLOCK_OTHER, list->items, room_bytes(list->room));
        nda_memory_free(NDA_BLOCK_OTHER, list, sizeof *list);
    }
}

void nda_list_decref(struct nda_list *list)
{
    if (list != NULL && --list->refcount == 0) {
        list->next_dead = NULL;
        bury(list);
    }
}

size_t nda_list_refcount(const struct nda_list *list)
{
    return list->refcount;
}

int64_t nda_list_count(const struct nda_list *list)
{
    return list->count;
}

enum nda_status nda_list_take_over(struct nda_list *list, struct nda_value value)
{
    enum nda_status status = NDA_OK;
    if (list->count == list->room) {
        status = reserve(list, list->room < 4 ? 4 : list->room + list->room / 2);
    }
    if (status != NDA_OK) {
        bury(drop(value, NULL));
        return status;
    }
    list->items[list->count++] = value;
    return NDA_OK;
}

enum nda_status nda_list_append(struct nda_list *list, struct nda_value value)
{
    switch (value.kind) {
    case NDA_INT64:
    case NDA_FLOAT64:
        break;
    case NDA_TEXT: {
        size_t bytes = strlen(value.as.text) + 1;
        char *text = nda_memory_new(NDA_BLOCK_OTHER, bytes, false);
        if (text == NULL) {
            return NDA_NO_MEMORY;
        }
        value.as.text = memcpy(text, value.as.text, bytes);
        break;
    }
    case NDA_ARRAY:
        nda_incref(value.as.array);
        break;
    case NDA_LIST:
        nda_list_incref(value.as.list);
        break;
    default:
        return nda_fail(NDA_TYPE, "a value of kind %d", (int)value.kind);
    }
    return nda_list_take_over(list, value);
}

enum nda_status nda_list_get(const struct nda_list *list, int64_t index,
                             struct nda_value *ret_value)
{
    int64_t at = 0;
    enum nda_status status = nda_layout_index(index, list->count, "index", &at);
    if (status == NDA_OK) {
        *ret_value = list->items[at];
    }
    return status;
}

enum nda_status nda_list_delete(struct nda_list *list, int64_t index)
{
    int64_t at = 0;
    enum nda_status status = nda_layout_index(index, list->count, "index", &at);
    if (status != NDA_OK) {
        return status;
    }
    struct nda_value value = list->items[at];
    memmove(&list->items[at], &list->items[at + 1], room_bytes(list->count - at - 1));
    list->count--;
    bury(drop(value, NULL));
    return NDA_OK;
}

enum nda_status nda_list_slice(const struct nda_list *list, int64_t start, int64_t stop,
                               int64_t step, struct nda_list **ret_list)
{
    const struct nda_key key = NDA_SLICE(start, stop, step);
    int64_t at = 0;
    int64_t count = 0;
    enum nda_status status = nda_layout_slice(list->count, &key, &at, &count);
    if (status != NDA_OK) {
        return status;
    }
    struct nda_list *slice = NULL;
    status = nda_list_new(count, &slice);
    for (int64_t i = 0; i < count && status == NDA_OK; i++) {
        status = nda_list_append(slice, list->items[at + i * (step == NDA_NONE ? 1 : step)]);
    }
    if (status != NDA_OK) {
        nda_list_decref(slice);
        return status;
    }
    *ret_list = slice;
    return NDA_OK;
}
