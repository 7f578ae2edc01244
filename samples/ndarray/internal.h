/*
 * What the files of the array library share. Each section names the file that implements it.
 *
 * Invariants of struct nda:
 *   an owner has a buffer, and no base; data lies in its buffer
 *   a view has a base, which is an owner or a borrower, and no buffer
 *   a borrower has neither
 *   the product of the sizes that are not 0, times itemsize, fits into ptrdiff_t
 */
#ifndef NDARRAY_INTERNAL_H
#define NDARRAY_INTERNAL_H

#include "ndarray.h"

#define NDA_TEXT_WIDTH_MAX (INT32_MAX / 4) /* NumPy's limit of an item's bytes is an int's */
#define NDA_INT64_WIDTH 21                 /* characters of any int64 as text, as in NumPy */
#define NDA_FLOAT64_WIDTH 32

struct nda {
    size_t refcount;
    struct nda *base;    /* reference held; NULL for owners and borrowers */
    void *buffer;        /* owned; NULL for views and borrowers */
    size_t buffer_bytes; /* of the block, at least 1 */
    unsigned char *data; /* the first item */
    struct nda_dtype dtype;
    size_t itemsize; /* bytes */
    int ndim;
    int64_t shape[NDA_MAX_DIMS];
    int64_t strides[NDA_MAX_DIMS]; /* bytes */
};

struct nda_list {
    size_t refcount;
    int64_t count;
    int64_t room;
    struct nda_value *items;
    struct nda_list *next_dead; /* while a tree of lists is being freed */
};

/* ---- memory.c: the only calls of malloc and free, counted for nda_usage ---- */

enum nda_block { NDA_BLOCK_BUFFER, NDA_BLOCK_OTHER };

/* Return: @bytes (at least 1), zeroed if @is_zero, or NULL with the error set. */
void *nda_memory_new(enum nda_block block, size_t bytes, bool is_zero);
/* @memory: of @bytes; may be NULL. Unchanged when NULL (with the error set) is returned. */
void *nda_memory_resize(void *memory, size_t bytes, size_t new_bytes);
void nda_memory_free(enum nda_block block, void *memory, size_t bytes);

/* ---- error.c ---- */

/* Remember the message. Return: @status. */
enum nda_status nda_fail(enum nda_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- dtype.c ---- */

/* Errors: NDA_TYPE, NDA_OVERFLOW. */
enum nda_status nda_dtype_itemsize(struct nda_dtype dtype, size_t *ret_bytes);
bool nda_dtype_is_equal(struct nda_dtype a, struct nda_dtype b);
/* The type that holds the items of both. Errors: NDA_TYPE (numbers and text). */
enum nda_status nda_dtype_common(struct nda_dtype a, struct nda_dtype b,
                                 struct nda_dtype *ret_dtype);

/* ---- layout.c: shapes, strides, axes ---- */

/* Bytes of the items of an array, 0 if it has none. Errors: NDA_SHAPE, NDA_OVERFLOW. */
enum nda_status nda_layout_bytes(size_t itemsize, int ndim, const int64_t *shape,
                                 size_t *ret_bytes);
/* Strides of a packed array whose axis order[0] is the slowest; NULL is C order. */
void nda_layout_pack(size_t itemsize, int ndim, const int64_t *shape, const int *order,
                     int64_t *ret_strides);
/* The order of axes that a copy with NumPy's "K" order has. */
void nda_layout_keep(const struct nda *array, int *ret_order);
/* The order of axes that NumPy gives the concatenation of these arrays. */
void nda_layout_merge(const struct nda *const *arrays, int count, int *ret_order);
bool nda_layout_is_c(const struct nda *array);
bool nda_layout_is_fortran(const struct nda *array);
/* Count a negative @index from the end. Errors: NDA_INDEX; @what names it in the message. */
enum nda_status nda_layout_index(int64_t index, int64_t size, const char *what, int64_t *ret_index);
/* Cut a slice to an axis, as Python does. @ret_start: of no use if nothing is left.
 * Errors: NDA_VALUE (step 0). */
enum nda_status nda_layout_slice(int64_t size, const struct nda_key *slice, int64_t *ret_start,
                                 int64_t *ret_count);

/* ---- array.c: life cycle ---- */

/* A new owner; its axes lie in memory in the given @order (NULL: C). Items are zero if asked. */
enum nda_status nda_new(struct nda_dtype dtype, int ndim, const int64_t *shape, const int *order,
                        bool is_zero, struct nda **ret_array);
/* A new view of all of @array, with a reference to the base. */
enum nda_status nda_view_new(struct nda *array, struct nda **ret_array);
/* A new array that uses @items, without a base. */
enum nda_status nda_borrower_new(struct nda_dtype dtype, int ndim, const int64_t *shape,
                                 void *items, struct nda **ret_array);

/* ---- copy.c ---- */

/* Where items are, without a reference: a part of an array. */
struct nda_part {
    unsigned char *data;
    struct nda_dtype dtype;
    size_t itemsize;
    int64_t strides[NDA_MAX_DIMS];
};

struct nda_part nda_part_of(const struct nda *array);
/* Copy the items of @from to @to, converting them if the types differ; they do not overlap.
 * Errors: of nda_convert_item. */
enum nda_status nda_part_assign(const struct nda_part *to, const struct nda_part *from, int ndim,
                                const int64_t *shape);
/* A new reference to @array's items in C order on one axis: a view of @array or of a copy. */
enum nda_status nda_flatten(const struct nda *array, struct nda **ret_array);

/* ---- convert.c: one item ---- */

/* Errors: NDA_VALUE (text is no number), NDA_OVERFLOW (does not fit int64). */
enum nda_status nda_convert_item(struct nda_dtype to_dtype, unsigned char *to,
                                 struct nda_dtype from_dtype, const unsigned char *from);

/* ---- number.c: numbers as text, in ASCII ---- */

#define NDA_NUMBER_ROOM 40 /* bytes that hold any number as text */

void nda_number_from_int64(int64_t number, char *ret_text);
/* The shortest text that reads back as the same number, in Python's form. */
void nda_number_from_float64(double number, char *ret_text);
/* Errors: NDA_VALUE, NDA_OVERFLOW. */
enum nda_status nda_number_to_int64(const char *text, int64_t *ret_number);
enum nda_status nda_number_to_float64(const char *text, double *ret_number);

/* ---- text.c: UTF-8 outside, UTF-32 inside ---- */

/* Characters of UTF-8. Errors: NDA_VALUE. */
enum nda_status nda_text_width(const char *utf8, size_t *ret_width);
/* Width of an item that holds this text: at least 1. Errors: NDA_VALUE, NDA_OVERFLOW. */
enum nda_status nda_text_item_width(const char *utf8, uint32_t *ret_width);
/* Write at most @width characters of valid UTF-8, and zeros after them. */
void nda_text_encode(const char *utf8, uint32_t width, unsigned char *ret_item);
/* Write UTF-8 and a zero, without the zeros at the item's end. Errors: NDA_OVERFLOW (room),
 * NDA_VALUE. */
enum nda_status nda_text_decode(const unsigned char *item, uint32_t width, size_t room,
                                char *ret_utf8);

/* ---- item.c ---- */

/* Write @value as an item. Errors: as nda_set. */
enum nda_status nda_item_write(struct nda_dtype dtype, unsigned char *item, struct nda_value value);
/* Read a number. */
struct nda_value nda_item_number(struct nda_dtype dtype, const unsigned char *item);

/* ---- list.c ---- */

/* Append a list, array or text whose reference or memory is taken over, even on failure. */
enum nda_status nda_list_take_over(struct nda_list *list, struct nda_value value);

#endif
