/* UTF-8 by the table in Unicode 15.0, 3.9 (table 3-7): no overlong forms, no surrogates. */
#include "safe_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t safe_text_character(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    unsigned char first = byte[0];
    if (first < 0x80) {
        return first != 0 ? 1 : 0;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return is_tail(byte[1]) ? 2 : 0;
    }
    if (first >= 0xe0 && first <= 0xef) {
        bool is_overlong = first == 0xe0 && byte[1] < 0xa0;
        bool is_surrogate = first == 0xed && byte[1] > 0x9f;
        return is_tail(byte[1]) && !is_overlong && !is_surrogate && is_tail(byte[2]) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        bool is_overlong = first == 0xf0 && byte[1] < 0x90;
        bool is_too_large = first == 0xf4 && byte[1] > 0x8f;
        return is_tail(byte[1]) && !is_overlong && !is_too_large && is_tail(byte[2]) &&
                       is_tail(byte[3])
                   ? 4
                   : 0;
    }
    return 0;
}

/*
 * Return: whether a character of three bytes orders what follows from right to left or ends a line:
 * one file could be shown as another. U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069.
 * Source: Unicode Standard Annex #9, 2.
 */
static bool is_direction(const unsigned char *byte)
{
    return byte[0] == 0xe2 && ((byte[1] == 0x80 && (byte[2] == 0x8e || byte[2] == 0x8f ||
                                                    (byte[2] >= 0xa8 && byte[2] <= 0xae))) ||
                               (byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9));
}

/* Return: whether a character of @length bytes may move a terminal's cursor, or worse. */
static bool is_control(const unsigned char *byte, size_t length)
{
    if (length == 1) {
        return byte[0] < 0x20 || byte[0] == 0x7f;
    }
    return length == 2 ? byte[0] == 0xc2 && byte[1] < 0xa0 : length == 3 && is_direction(byte);
}

void safe_text_print(FILE *out, const char *text)
{
    safe_text_print_part(out, text, strlen(text));
}

void safe_text_print_part(FILE *out, const char *text, size_t bytes)
{
    const unsigned char *byte = (const unsigned char *)text;
    const unsigned char *end = byte + bytes;
    while (byte < end) {
        size_t length = safe_text_character((const char *)byte);
        if (length > 0 && !is_control(byte, length)) {
            (void)fwrite(byte, 1, length, out);
            byte += length;
            continue;
        }
        size_t bad = length > 0 ? length : 1;
        for (size_t i = 0; i < bad; i++, byte++) {
            if (*byte == '\n') {
                (void)fputs("\\n", out);
            } else if (*byte == '\t') {
                (void)fputs("\\t", out);
            } else {
                (void)fprintf(out, "\\x%02x", *byte);
            }
        }
    }
}

char *safe_text_utf8(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *valid = malloc(strlen(text) * (sizeof replacement - 1) + 1);
    if (valid == NULL) {
        return NULL;
    }
    char *to = valid;
    while (*text != '\0') {
        size_t length = safe_text_character(text);
        const char *from = length > 0 ? text : replacement;
        size_t copied = length > 0 ? length : sizeof replacement - 1;
        memcpy(to, from, copied);
        to += copied;
        text += length > 0 ? length : 1;
    }
    *to = '\0';
    return valid;
}
