/*
 * A small n-dimensional array for C with NumPy's rules of views and copies: strided, up to 8 axes,
 * reference-counted; items are int64, float64 or text of a fixed width.
 *
 * Model. An array is a small structure (struct nda) and a buffer of items. An *owner* has its
 * buffer alone, in one block of exactly size * item bytes (1 byte when there are no items). A
 * *view* has none: it points into the buffer of its *base* and holds a reference to it, so the
 * whole buffer lives as long as the smallest view of it. A view of a view has the owner as its
 * base. A *borrower* (nda_from_buffer) points into memory of the caller's. Views, O(1):  nda_view,
 * nda_transpose, nda_reshape Copies, O(n): nda_copy, nda_take, nda_mask, nda_delete, nda_append,
 * nda_concatenate, nda_sort_by_column, nda_astype, nda_tolist
 *
 * Ownership. Every ret_array and ret_list is a new reference, which the caller gives back with
 * nda_decref or nda_list_decref. Arguments stay the caller's.
 * Errors. Functions never abort. On failure they return a status, nda_error() tells the details,
 * results are not written and nothing is leaked. NDA_NO_MEMORY is possible wherever a new array,
 * list or text is made; the other errors are listed. Pointers are not NULL unless said.
 * Threads. References are counted without locks: two threads may use unrelated arrays at once, but
 * not an array and its base. Nothing here is safe in a signal handler.
 * Sizes are int64_t and never negative in a shape. An axis may be negative: -1 is the last one.
 * "size" is the number of items of the array, the product of its shape.
 */
#ifndef NDARRAY_H
#define NDARRAY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define NDA_MAX_DIMS 8
#define NDA_NONE INT64_MIN /* of a slice: the bound is left out, as in a[::2] */
#define NDA_FLAT INT_MIN   /* as an axis: the items of all axes, in C order, as one axis */
#define NDA_CHECKED __attribute__((warn_unused_result))

/* ---- Status ---- */

enum nda_status {
    NDA_OK = 0,
    NDA_NO_MEMORY = 1, /* malloc failed */
    NDA_OVERFLOW = 2,  /* a size does not fit into ptrdiff_t, or a number into int64 */
    NDA_SHAPE = 3,     /* shapes do not fit each other or the operation, too many axes */
    NDA_INDEX = 4,     /* an index or axis out of range */
    NDA_TYPE = 5,      /* the operation is not defined for this type of item */
    NDA_VALUE = 6,     /* text that is no number or not UTF-8, a step of zero */
    NDA_STRIDES = 7,   /* no view can have this shape: nda_copy() first */
};

/* Return: what a status means, static text. Complexity: O(1). */
const char *nda_status_text(enum nda_status status);

/* Return: the last failure in this thread, with its numbers; "" before the first. Complexity: O(1).
 * Valid until the next failure in this thread; success leaves it as it is. */
const char *nda_error(void);

/* ---- Types and values ---- */

enum nda_kind {
    NDA_INT64 = 0,
    NDA_FLOAT64 = 1,
    NDA_TEXT = 2,  /* UTF-32, 4 bytes a character, filled up with zeros */
    NDA_ARRAY = 3, /* in struct nda_value only */
    NDA_LIST = 4,  /* in struct nda_value only */
};

struct nda;
struct nda_list;

/* The type of every item of an array. */
struct nda_dtype {
    enum nda_kind kind;
    uint32_t width; /* NDA_TEXT: characters, at least 1; otherwise 0 */
};

/* One item of an array or list. */
struct nda_value {
    enum nda_kind kind;
    union {
        int64_t int64;
        double float64;
        const char *text; /* UTF-8 */
        struct nda *array;
        struct nda_list *list;
    } as;
};

#define NDA_DTYPE_INT64 ((struct nda_dtype){NDA_INT64, 0})
#define NDA_DTYPE_FLOAT64 ((struct nda_dtype){NDA_FLOAT64, 0})
#define NDA_DTYPE_TEXT(width) ((struct nda_dtype){NDA_TEXT, (width)})

#define NDA_OF_INT64(number) ((struct nda_value){NDA_INT64, {.int64 = (number)}})
#define NDA_OF_FLOAT64(number) ((struct nda_value){NDA_FLOAT64, {.float64 = (number)}})
#define NDA_OF_TEXT(utf8) ((struct nda_value){NDA_TEXT, {.text = (utf8)}})
#define NDA_OF_ARRAY(reference) ((struct nda_value){NDA_ARRAY, {.array = (reference)}})
#define NDA_OF_LIST(reference) ((struct nda_value){NDA_LIST, {.list = (reference)}})

/* ---- Create: every result is an owner in C order, except nda_from_buffer's ---- */

/*
 * All items zero, or empty text.
 * @shape: @ndim sizes, copied; may be NULL when @ndim is 0 (an array of one item).
 * Errors: NDA_SHAPE (axes, a negative size), NDA_OVERFLOW, NDA_TYPE (no such type, width 0).
 * Complexity: O(size), left to calloc.
 */
NDA_CHECKED enum nda_status nda_zeros(struct nda_dtype dtype, int ndim, const int64_t *shape,
                                      struct nda **ret_array);

/*
 * All items @value, which also gives the type; text is as wide as @value, at least 1.
 * Errors: as nda_zeros; NDA_TYPE (not a number or text), NDA_VALUE (not UTF-8).
 * Complexity: O(size).
 */
NDA_CHECKED enum nda_status nda_full(int ndim, const int64_t *shape, struct nda_value value,
                                     struct nda **ret_array);

/*
 * The int64 numbers @start, @start + @step, ... before @stop; none when @stop is behind @start.
 * Shape: 1 axis. Errors: NDA_VALUE (step 0), NDA_OVERFLOW. Complexity: O(size).
 */
NDA_CHECKED enum nda_status nda_arange(int64_t start, int64_t stop, int64_t step,
                                       struct nda **ret_array);

/*
 * A borrower: the array reads and writes @items, which must outlive it and all its views.
 * @items: in C order, text as UTF-32 of this machine's byte order; aligned for the type.
 * Errors: as nda_zeros. Complexity: O(1).
 */
NDA_CHECKED enum nda_status nda_from_buffer(struct nda_dtype dtype, int ndim, const int64_t *shape,
                                            void *items, struct nda **ret_array);

/*
 * A table of text, as wide as the longest cell, at least 1.
 * @cells: @rows * @columns strings in UTF-8, row after row; copied.
 * Shape: (rows, columns). Errors: as nda_zeros; NDA_VALUE (not UTF-8). Complexity: O(size).
 */
NDA_CHECKED enum nda_status nda_from_rows(const char *const *cells, int64_t rows, int64_t columns,
                                          struct nda **ret_array);

/*
 * float64 numbers of the standard normal distribution; the same @seed gives the same numbers.
 * Errors: as nda_zeros. Complexity: O(size).
 */
NDA_CHECKED enum nda_status nda_randn(int ndim, const int64_t *shape, uint64_t seed,
                                      struct nda **ret_array);

/*
 * The plain values of a list, or of a list of lists as an array of 2 axes, and so on.
 * Type: int64; float64 if any number is; text of the longest width; an empty list gives float64.
 * Errors: NDA_SHAPE (ragged, too deep), NDA_TYPE (numbers and text mixed, or an array in it),
 * NDA_VALUE (not UTF-8). Complexity: O(size).
 */
NDA_CHECKED enum nda_status nda_from_list(const struct nda_list *list, struct nda **ret_array);

/* ---- References and queries: all O(1) but nda_shares_memory; none can fail ---- */

/* Take one more reference. Return: @array. */
struct nda *nda_incref(struct nda *array);

/* Give one back; the last one frees the array, and with it a view's reference to its base.
 * @array: may be NULL. Complexity: O(1) calls of free. */
void nda_decref(struct nda *array);

/* Let a name mean another array: give back what *@name held, and put @array (whose reference is
 * taken over) there. @array: may be NULL, which is Python's del. */
void nda_rebind(struct nda **name, struct nda *array);

size_t nda_refcount(const struct nda *array);

/* Return: the array whose buffer a view uses, borrowed; NULL for owners and borrowers. */
struct nda *nda_base(const struct nda *array);

/* Return: false for views and borrowers. */
bool nda_owns_data(const struct nda *array);

/* Return: true if a byte of an item of @a is one of @b's. Exact, like numpy.shares_memory.
 * Complexity: O(1) as a rule; exponential in the number of axes for contrived strides. */
bool nda_shares_memory(const struct nda *a, const struct nda *b);

int nda_ndim(const struct nda *array);
/* Return: nda_ndim() sizes, valid as long as the array. */
const int64_t *nda_shape(const struct nda *array);
/* Return: nda_ndim() distances in bytes between neighbours, valid as long as the array. They are
 * NumPy's: 0 on new axes and on all axes of an owner without items. */
const int64_t *nda_strides(const struct nda *array);
int64_t nda_size(const struct nda *array);
struct nda_dtype nda_dtype(const struct nda *array);
size_t nda_itemsize(const struct nda *array);
/* Return: the first item; never NULL for an owner. */
void *nda_data(const struct nda *array);

/* What the library has allocated and not yet freed, in the whole process. */
struct nda_usage {
    size_t buffer_bytes; /* of the buffers of owners alone */
    size_t buffers;
    size_t bytes; /* of everything: buffers, arrays, lists, texts of lists */
    size_t blocks;
};

/* Return: the usage now. Context: any thread. */
struct nda_usage nda_usage(void);

/* ---- Items ---- */

/*
 * Read a number. @index: one for each axis, negative ones count from the end.
 * Errors: NDA_INDEX, NDA_TYPE (text). Complexity: O(1).
 */
NDA_CHECKED enum nda_status nda_get(const struct nda *array, const int64_t *index,
                                    struct nda_value *ret_value);

/*
 * Read text as UTF-8. @room: bytes at @ret_text, 4 * width + 1 are always enough.
 * Errors: NDA_INDEX, NDA_TYPE (numbers), NDA_OVERFLOW (room), NDA_VALUE (no Unicode character).
 * Complexity: O(width).
 */
NDA_CHECKED enum nda_status nda_get_text(const struct nda *array, const int64_t *index, size_t room,
                                         char *ret_text);

/*
 * Write an item, seen by every array that shares it. An int64 may go into float64; text that is too
 * long is cut, as in NumPy.
 * Errors: NDA_INDEX, NDA_TYPE (any other conversion), NDA_VALUE (not UTF-8). Complexity: O(1).
 */
NDA_CHECKED enum nda_status nda_set(struct nda *array, const int64_t *index,
                                    struct nda_value value);

/* ---- Views: share the buffer, hold a reference to the base, O(1) ---- */

enum nda_key_kind { NDA_KEY_SLICE = 0, NDA_KEY_AT = 1, NDA_KEY_NEWAXIS = 2 };

/* What stands between the brackets of a[...]. */
struct nda_key {
    enum nda_key_kind kind;
    int64_t start; /* NDA_KEY_AT: the index */
    int64_t stop;
    int64_t step;
};

#define NDA_SLICE(start, stop, step) ((struct nda_key){NDA_KEY_SLICE, (start), (stop), (step)})
#define NDA_ALL NDA_SLICE(NDA_NONE, NDA_NONE, 1)
#define NDA_TO(stop) NDA_SLICE(NDA_NONE, (stop), 1)
#define NDA_FROM(start) NDA_SLICE((start), NDA_NONE, 1)
#define NDA_AT(index) ((struct nda_key){NDA_KEY_AT, (index), 0, 0})
#define NDA_NEWAXIS ((struct nda_key){NDA_KEY_NEWAXIS, 0, 0, 0})
/* The two arguments of nda_view: nda_view(a, NDA_KEYS(NDA_TO(10), NDA_AT(-1)), &view). */
#define NDA_KEYS(...)                                                                              \
    (int)(sizeof((struct nda_key[]){__VA_ARGS__}) / sizeof(struct nda_key)),                       \
        (const struct nda_key[])                                                                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/*
 * a[keys]: a slice keeps an axis, an index drops it, a new axis has size 1. Axes without a key are
 * kept whole. Slices are cut to the axis as in Python; a negative step walks backwards.
 * @keys: @count of them; may be NULL when @count is 0.
 * Shape: that of NumPy's basic indexing; all indices give 0 axes, never a plain value.
 * Errors: NDA_INDEX (an index, too many keys), NDA_VALUE (step 0), NDA_SHAPE (too many axes).
 */
NDA_CHECKED enum nda_status nda_view(struct nda *array, int count, const struct nda_key *keys,
                                     struct nda **ret_array);

/*
 * The same items with the axes in another order. @axes: axis i of the result is axes[i] of @array,
 * each one once; NULL turns the order around.
 * Errors: NDA_INDEX (no such axis), NDA_SHAPE (an axis twice).
 */
NDA_CHECKED enum nda_status nda_transpose(struct nda *array, const int *axes,
                                          struct nda **ret_array);

/*
 * The same items, in C order, in another shape. @shape: one size may be -1: whatever fits.
 * Errors: NDA_SHAPE (another size), NDA_STRIDES (where NumPy would copy), NDA_OVERFLOW.
 */
NDA_CHECKED enum nda_status nda_reshape(struct nda *array, int ndim, const int64_t *shape,
                                        struct nda **ret_array);

/* ---- Copies: every result is an owner, in C order unless said; O(size of the result) ---- */

/* Shape: the same. */
NDA_CHECKED enum nda_status nda_copy(const struct nda *array, struct nda **ret_array);

/*
 * The items at @indices along @axis, in that order, repeated if asked: a[[1, 2]].
 * @indices: @count of them, negative ones count from the end. @axis: may be NDA_FLAT.
 * Shape: @array's with @count at @axis. Errors: NDA_INDEX, NDA_SHAPE (@count), NDA_OVERFLOW.
 */
NDA_CHECKED enum nda_status nda_take(const struct nda *array, const int64_t *indices, int64_t count,
                                     int axis, struct nda **ret_array);

/*
 * The items along @axis where @mask is true. @mask: @count of them, exactly as many as the axis
 * has items. @axis: may be NDA_FLAT, which is a[mask] with a mask of @array's shape.
 * Shape: @array's with the number of true ones at @axis. Errors: NDA_SHAPE (count), NDA_INDEX.
 */
NDA_CHECKED enum nda_status nda_mask(const struct nda *array, const bool *mask, int64_t count,
                                     int axis, struct nda **ret_array);

/*
 * All items along @axis but the one at @index, which may be negative. The original is unchanged.
 * @axis: may be NDA_FLAT. Shape: @array's with one less at @axis; Fortran order stays.
 * Errors: NDA_INDEX.
 */
NDA_CHECKED enum nda_status nda_delete(const struct nda *array, int64_t index, int axis,
                                       struct nda **ret_array);

/*
 * The arrays one after the other along @axis. @arrays: @count of them, at least 1.
 * Type: as for nda_from_list. Shape: the first's, with the sum at @axis. The axes are laid out in
 * the order that the arrays' own strides have, as in NumPy.
 * Errors: NDA_SHAPE (other axes differ, 0 axes, no arrays), NDA_INDEX, NDA_TYPE (numbers and text).
 */
NDA_CHECKED enum nda_status nda_concatenate(const struct nda *const *arrays, int count, int axis,
                                            struct nda **ret_array);

/* nda_concatenate of two. @axis: NDA_FLAT flattens both first: Shape: (size of both). */
NDA_CHECKED enum nda_status nda_append(const struct nda *array, const struct nda *more, int axis,
                                       struct nda **ret_array);

/*
 * The rows of a table in the order of one column, equal ones in their old order; NaN comes last,
 * text is ordered by code points. @column: may be negative. Shape: the same.
 * Errors: NDA_SHAPE (not 2 axes), NDA_INDEX. Complexity: O(size + rows * log(rows)).
 */
NDA_CHECKED enum nda_status nda_sort_by_column(const struct nda *array, int64_t column,
                                               struct nda **ret_array);

/*
 * The same values as another type. float64 to int64 cuts the fraction off; numbers become text as
 * in Python (1, 0.1, 1e+16), which is cut to the width. Width 0 stands for the text's natural
 * width: 21 for int64, 32 for float64. Text is read in the C locale's form.
 * Shape: the same; the order of the axes in memory stays.
 * Errors: NDA_VALUE (text is no number), NDA_OVERFLOW (no such int64: also NaN), NDA_TYPE.
 */
NDA_CHECKED enum nda_status nda_astype(const struct nda *array, struct nda_dtype dtype,
                                       struct nda **ret_array);

/*
 * Plain values: a list of numbers or texts, for 2 axes a list of such lists, and so on.
 * Errors: NDA_SHAPE (0 axes), NDA_VALUE (text with a code that is no Unicode character).
 */
NDA_CHECKED enum nda_status nda_tolist(const struct nda *array, struct nda_list **ret_list);

/* ---- Lists: hold numbers, copies of texts, references to arrays and to lists ---- */

/* An empty list with room for @room items. Errors: NDA_OVERFLOW. Complexity: O(1). */
NDA_CHECKED enum nda_status nda_list_new(int64_t room, struct nda_list **ret_list);

/* Take one more reference. Return: @list. */
struct nda_list *nda_list_incref(struct nda_list *list);

/* Give one back; the last one frees the list and gives back what it holds. @list: may be NULL. A
 * list that holds itself is never freed. Complexity: O(count), for the lists in it too. */
void nda_list_decref(struct nda_list *list);

size_t nda_list_refcount(const struct nda_list *list);
int64_t nda_list_count(const struct nda_list *list);

/* Add at the end: text is copied, arrays and lists get one more reference.
 * Errors: NDA_TYPE (no such kind). Complexity: O(1) amortised. */
NDA_CHECKED enum nda_status nda_list_append(struct nda_list *list, struct nda_value value);

/* Read. @index: may be negative. @ret_value: borrowed from the list.
 * Errors: NDA_INDEX. Complexity: O(1). */
NDA_CHECKED enum nda_status nda_list_get(const struct nda_list *list, int64_t index,
                                         struct nda_value *ret_value);

/* Remove one item and give back what it held; nothing is copied. @index: may be negative.
 * Errors: NDA_INDEX. Complexity: O(count). */
NDA_CHECKED enum nda_status nda_list_delete(struct nda_list *list, int64_t index);

/* list[start:stop:step]: a new list of the same items, with references of its own; @list's own
 * count of references stays. Errors: NDA_VALUE (step 0). Complexity: O(items of the result). */
NDA_CHECKED enum nda_status nda_list_slice(const struct nda_list *list, int64_t start, int64_t stop,
                                           int64_t step, struct nda_list **ret_list);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
