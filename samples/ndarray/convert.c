/*
 * One item of one type as an item of another. Items are read and written with memcpy, since those
 * of a borrower need not be aligned.
 */
#include <string.h>

#include "internal.h"

#define TEXT_ROOM 512 /* bytes; a longer text is no number */

/* Without its fraction. Errors: NDA_OVERFLOW. */
static enum nda_status float64_to_int64(double number, int64_t *ret_number)
{
    // -2^63 and 2^63 are exact as doubles, and NaN fails both comparisons
    if (!(number >= -0x1p63 && number < 0x1p63)) {
        return nda_fail(NDA_OVERFLOW, "%g does not fit into int64", number);
    }
    *ret_number = (int64_t)number;
    return NDA_OK;
}

static enum nda_status number_to_text(uint32_t width, unsigned char *to, struct nda_value number)
{
    char text[NDA_NUMBER_ROOM];
    if (number.kind == NDA_INT64) {
        nda_number_from_int64(number.as.int64, text);
    } else {
        nda_number_from_float64(number.as.float64, text);
    }
    nda_text_encode(text, width, to);
    return NDA_OK;
}

static enum nda_status number_to_number(enum nda_kind kind, unsigned char *to,
                                        struct nda_value number)
{
    enum nda_status status = NDA_OK;
    if (kind == NDA_INT64) {
        int64_t value = number.as.int64;
        if (number.kind == NDA_FLOAT64) {
            status = float64_to_int64(number.as.float64, &value);
        }
        memcpy(to, &value, sizeof value);
    } else {
        double value = number.kind == NDA_INT64 ? (double)number.as.int64 : number.as.float64;
        memcpy(to, &value, sizeof value);
    }
    return status;
}

static enum nda_status text_to_number(enum nda_kind kind, unsigned char *to, uint32_t width,
                                      const unsigned char *from)
{
    char text[TEXT_ROOM];
    if (nda_text_decode(from, width, sizeof text, text) != NDA_OK) {
        return nda_fail(NDA_VALUE, "text of %u characters is no number", width);
    }
    int64_t int64 = 0;
    double float64 = 0;
    enum nda_status status = NDA_OK;
    if (kind == NDA_INT64) {
        status = nda_number_to_int64(text, &int64);
        memcpy(to, &int64, sizeof int64);
    } else {
        status = nda_number_to_float64(text, &float64);
        memcpy(to, &float64, sizeof float64);
    }
    return status;
}

static void text_to_text(uint32_t to_width, unsigned char *to, uint32_t from_width,
                         const unsigned char *from)
{
    size_t to_bytes = (size_t)to_width * sizeof(uint32_t);
    size_t bytes = (size_t)(from_width < to_width ? from_width : to_width) * sizeof(uint32_t);
    memcpy(to, from, bytes);
    memset(to + bytes, 0, to_bytes - bytes);
}

enum nda_status nda_convert_item(struct nda_dtype to_dtype, unsigned char *to,
                                 struct nda_dtype from_dtype, const unsigned char *from)
{
    if (from_dtype.kind != NDA_TEXT) {
        struct nda_value number = nda_item_number(from_dtype, from);
        return to_dtype.kind == NDA_TEXT ? number_to_text(to_dtype.width, to, number)
                                         : number_to_number(to_dtype.kind, to, number);
    }
    if (to_dtype.kind != NDA_TEXT) {
        return text_to_number(to_dtype.kind, to, from_dtype.width, from);
    }
    text_to_text(to_dtype.width, to, from_dtype.width, from);
    return NDA_OK;
}
