/*
 * Text: UTF-8 strings outside, items of UTF-32 filled up with zeros inside.
 *
 *   "caf\xc3\xa9" as width 6:   63 00 00 00 | 61 .. | 66 .. | e9 00 00 00 | 00 .. | 00 ..
 *
 * Source: RFC 3629; longer forms than needed, surrogates and codes past U+10FFFF are refused.
 */
#include <string.h>

#include "internal.h"

#define CODE_MAX 0x10ffffu
#define SURROGATE_FIRST 0xd800u
#define SURROGATE_LAST 0xdfffu

static bool is_character(uint32_t code)
{
    return code <= CODE_MAX && (code < SURROGATE_FIRST || code > SURROGATE_LAST);
}

/* Read one character and move on. Return: false if it is not UTF-8. */
static bool next_character(const unsigned char **utf8, uint32_t *ret_code)
{
    static const struct {
        unsigned char mask;
        unsigned char lead;
        uint32_t least; /* the smallest code that needs so many bytes */
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    const unsigned char *at = *utf8;
    for (size_t more = 0; more < sizeof forms / sizeof *forms; more++) {
        if ((at[0] & forms[more].mask) != forms[more].lead) {
            continue;
        }
        uint32_t code = at[0] & (unsigned char)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((at[i] & 0xc0) != 0x80) {
                return false; // also at the string's end, so nothing behind it is read
            }
            code = code << 6 | (at[i] & 0x3f);
        }
        *utf8 = at + more + 1;
        *ret_code = code;
        return code >= forms[more].least && is_character(code);
    }
    return false;
}

enum nda_status nda_text_width(const char *utf8, size_t *ret_width)
{
    const unsigned char *at = (const unsigned char *)utf8;
    size_t width = 0;
    while (*at != '\0') {
        uint32_t code = 0;
        if (!next_character(&at, &code)) {
            return nda_fail(NDA_VALUE, "text that is not UTF-8, at character %zu", width);
        }
        width++;
    }
    *ret_width = width;
    return NDA_OK;
}

enum nda_status nda_text_item_width(const char *utf8, uint32_t *ret_width)
{
    size_t width = 0;
    enum nda_status status = nda_text_width(utf8, &width);
    if (status != NDA_OK) {
        return status;
    }
    if (width > NDA_TEXT_WIDTH_MAX) {
        return nda_fail(NDA_OVERFLOW, "text of %zu characters", width);
    }
    *ret_width = width == 0 ? 1 : (uint32_t)width;
    return NDA_OK;
}

void nda_text_encode(const char *utf8, uint32_t width, unsigned char *ret_item)
{
    const unsigned char *at = (const unsigned char *)utf8;
    uint32_t code = 0;
    uint32_t written = 0;
    while (written < width && *at != '\0' && next_character(&at, &code)) {
        memcpy(ret_item + (size_t)written * sizeof code, &code, sizeof code);
        written++;
    }
    size_t done = (size_t)written * sizeof code;
    memset(ret_item + done, 0, (size_t)width * sizeof code - done);
}

/* Return: bytes written at @to, at most 4. */
static size_t encode_character(uint32_t code, char *to)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t more = 1;
    more += code >= 0x800;
    more += code >= 0x10000;
    for (size_t i = more; i > 0; i--) {
        to[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    static const unsigned char leads[] = {0x00, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(leads[more] | code);
    return more + 1;
}

enum nda_status nda_text_decode(const unsigned char *item, uint32_t width, size_t room,
                                char *ret_utf8)
{
    size_t used = 0;
    bool is_over = false;
    for (uint32_t i = 0; i < width; i++) {
        uint32_t code = 0;
        memcpy(&code, item + (size_t)i * sizeof code, sizeof code);
        if (code == 0) {
            is_over = true;
            continue;
        }
        if (is_over || !is_character(code)) {
            return nda_fail(NDA_VALUE, "code %#x in text, at character %u", code, i);
        }
        char bytes[4];
        size_t count = encode_character(code, bytes);
        if (used + count >= room) {
            return nda_fail(NDA_OVERFLOW, "%zu bytes are too few for the text", room);
        }
        memcpy(ret_utf8 + used, bytes, count);
        used += count;
    }
    if (room == 0) {
        return nda_fail(NDA_OVERFLOW, "no room for text");
    }
    ret_utf8[used] = '\0';
    return NDA_OK;
}
