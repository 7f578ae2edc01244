/* safe_text.c: every character that Unicode has, and no other sequence of bytes. */
#include "safe_text.h"

#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "unit.h"

/* Return: bytes of @code in UTF-8, as RFC 3629, 3 has it. */
static size_t encode(uint32_t code, char *text)
{
    unsigned char *to = (unsigned char *)text;
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, code >>= 6) {
        to[i] = (unsigned char)(0x80 | (code & 0x3f));
    }
    to[0] = (unsigned char)(leads[length] | code);
    text[length] = '\0';
    return length;
}

START_TEST(safe_text_knows_every_character)
{
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        char text[8];
        size_t length = encode(code, text);
        bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
        if (safe_text_character(text) != (is_surrogate ? 0 : length)) { // an assertion is slow
            ck_abort_msg("%x", code);
        }
    }
}
END_TEST

/* iconv is asked the same: of every three bytes, whether a character begins with them. */
START_TEST(safe_text_agrees_with_iconv)
{
    iconv_t converter = iconv_open("UTF-32LE", "UTF-8");
    ck_assert(converter != (iconv_t)-1); // NOLINT(performance-no-int-to-ptr)
    for (uint32_t first = 0x80; first < 0x100; first++) {
        for (uint32_t rest = 0; rest < 0x10000; rest += 3) {
            char text[] = {(char)first, (char)(rest >> 8), (char)rest, (char)0xbf, '\0'};
            size_t length = safe_text_character(text);
            char *from = text;
            size_t left = length > 0 ? length : strlen(text);
            uint32_t code[8];
            char *to = (char *)code;
            size_t room = sizeof code[0];
            (void)iconv(converter, NULL, NULL, NULL, NULL);
            (void)iconv(converter, &from, &left, &to, &room);
            if ((from - text > 0) != (length > 0) || (length > 0 && left > 0)) {
                ck_abort_msg("%02x %04x", first, rest);
            }
        }
    }
    (void)iconv_close(converter);
}
END_TEST

START_TEST(safe_text_is_never_read_beyond_its_end)
{
    static const char *const cut[] = {"\xc3", "\xe2",     "\xe2\x82",
                                      "\xf0", "\xf0\x9f", "\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        char *exact = strdup(cut[i]); // for a sanitizer to watch
        ck_assert_uint_eq(safe_text_character(exact), 0);
        free(exact);
    }
    ck_assert_uint_eq(safe_text_character(""), 0);
}
END_TEST

START_TEST(safe_text_prints_nothing_that_a_terminal_obeys)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    for (uint32_t code = 1; code < 0x100; code++) {
        char character[8];
        (void)encode(code, character);
        safe_text_print(out, character);
        character[0] = (char)code;
        character[1] = '\0';
        safe_text_print(out, character);
    }
    (void)fclose(out);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool is_c1 = byte == 0xc2 && (unsigned char)text[i + 1] < 0xa0;
        ck_assert(byte >= 0x20 && byte != 0x7f && !is_c1);
    }
    free(text);
}
END_TEST

START_TEST(safe_text_prints_a_part)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    safe_text_print_part(out, "ab\ncd", 3);
    safe_text_print_part(out, "ab", 0);
    safe_text_print_part(out, "\0x", 2); // a zero is a byte as any
    (void)fclose(out);
    ck_assert_str_eq(text, "ab\\n\\x00x");
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("safe_text");
    tcase_add_test(tests, safe_text_knows_every_character);
    tcase_add_test(tests, safe_text_agrees_with_iconv);
    tcase_add_test(tests, safe_text_is_never_read_beyond_its_end);
    tcase_add_test(tests, safe_text_prints_nothing_that_a_terminal_obeys);
    tcase_add_test(tests, safe_text_prints_a_part);
    return unit_run("safe_text", tests);
}
