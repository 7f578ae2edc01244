/* Types of items: how many bytes they take, and which one holds two of them. */
#include "internal.h"

enum nda_status nda_dtype_itemsize(struct nda_dtype dtype, size_t *ret_bytes)
{
    switch (dtype.kind) {
    case NDA_INT64:
    case NDA_FLOAT64:
        *ret_bytes = sizeof(int64_t);
        return NDA_OK;
    case NDA_TEXT:
        if (dtype.width == 0) {
            return nda_fail(NDA_TYPE, "text of width 0");
        }
        if (dtype.width > NDA_TEXT_WIDTH_MAX) {
            return nda_fail(NDA_OVERFLOW, "text of %u characters", dtype.width);
        }
        *ret_bytes = (size_t)dtype.width * sizeof(uint32_t);
        return NDA_OK;
    default:
        return nda_fail(NDA_TYPE, "items of kind %d", (int)dtype.kind);
    }
}

bool nda_dtype_is_equal(struct nda_dtype a, struct nda_dtype b)
{
    return a.kind == b.kind && (a.kind != NDA_TEXT || a.width == b.width);
}

enum nda_status nda_dtype_common(struct nda_dtype a, struct nda_dtype b,
                                 struct nda_dtype *ret_dtype)
{
    if ((a.kind == NDA_TEXT) != (b.kind == NDA_TEXT)) {
        return nda_fail(NDA_TYPE, "numbers and text cannot be mixed");
    }
    if (a.kind == NDA_TEXT) {
        *ret_dtype = a.width > b.width ? a : b;
    } else {
        *ret_dtype = a.kind == NDA_FLOAT64 ? a : b;
    }
    return NDA_OK;
}
