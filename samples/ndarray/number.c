/*
 * Numbers to text and back, in the form that Python and NumPy use. The conversions are the libc's,
 * so the program must be in the C locale, or in one with a decimal point.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define DIGITS_MAX 17     /* any double reads back unchanged from so many */
#define EXPONENT_MIN (-4) /* smaller numbers are written as 1e-05 */
#define EXPONENT_LIMIT 16 /* larger ones, from this on, as 1e+16 */
#define NUMBER_TEXT_ROOM 512
#define BLANKS " \t\n\v\f\r"

void nda_number_from_int64(int64_t number, char *ret_text)
{
    (void)snprintf(ret_text, NDA_NUMBER_ROOM, "%" PRId64, number);
}

/* Make the last digit of 1.23e+45 one more. Return: false for 9.99e+45. */
static bool round_up(char *text)
{
    for (char *digit = text + strcspn(text, "e") - 1; digit >= text; digit--) {
        if (*digit >= '0' && *digit < '9') {
            *digit = (char)(*digit + 1);
            return true;
        }
        if (*digit == '9') {
            *digit = '0';
        }
    }
    return false;
}

/* Write @number with so many digits. Return: whether that is read as the same number. */
static bool write_digits(double number, int digits, char *ret_text)
{
    (void)snprintf(ret_text, NDA_NUMBER_ROOM, "%.*e", digits - 1, number);
    // The numbers above a power of two are twice as far away as those below: the nearest text may
    // be too far below, while the next one is near enough above.
    return strtod(ret_text, NULL) == number ||
           (round_up(ret_text) && strtod(ret_text, NULL) == number);
}

void nda_number_from_float64(double number, char *ret_text)
{
    if (!isfinite(number)) {
        const char *infinite = number < 0 ? "-inf" : "inf";
        (void)snprintf(ret_text, NDA_NUMBER_ROOM, "%s", isnan(number) ? "nan" : infinite);
        return;
    }
    int digits = 1;
    while (!write_digits(number, digits, ret_text) && digits < DIGITS_MAX) {
        digits++;
    }
    const char *exponent_text = strchr(ret_text, 'e');
    int exponent = exponent_text == NULL ? 0 : (int)strtol(exponent_text + 1, NULL, 10);
    if (exponent < EXPONENT_MIN || exponent >= EXPONENT_LIMIT) {
        return;
    }
    int decimals = digits - 1 - exponent;
    (void)snprintf(ret_text, NDA_NUMBER_ROOM, "%.*f", decimals > 0 ? decimals : 1, number);
}

/* @text without the blanks around it, if all of its characters are in @alphabet. */
static enum nda_status trim(const char *text, const char *alphabet, char *ret_number)
{
    const char *start = text + strspn(text, BLANKS);
    size_t length = strspn(start, alphabet);
    const char *rest = start + length;
    if (length == 0 || length >= NUMBER_TEXT_ROOM || rest[strspn(rest, BLANKS)] != '\0') {
        return nda_fail(NDA_VALUE, "\"%.40s\" is no number", text);
    }
    memcpy(ret_number, start, length);
    ret_number[length] = '\0';
    return NDA_OK;
}

enum nda_status nda_number_to_int64(const char *text, int64_t *ret_number)
{
    char number[NUMBER_TEXT_ROOM];
    enum nda_status status = trim(text, "+-0123456789", number);
    if (status != NDA_OK) {
        return status;
    }
    char *end = NULL;
    errno = 0;
    long long value = strtoll(number, &end, 10);
    if (*end != '\0') {
        return nda_fail(NDA_VALUE, "\"%.40s\" is no number", text);
    }
    if (errno == ERANGE) {
        return nda_fail(NDA_OVERFLOW, "\"%.40s\" does not fit into int64", text);
    }
    *ret_number = value;
    return NDA_OK;
}

enum nda_status nda_number_to_float64(const char *text, double *ret_number)
{
    // letters of e, inf, infinity and nan; there are none of hexadecimal numbers, which strtod
    // knows
    char number[NUMBER_TEXT_ROOM];
    enum nda_status status = trim(text, "+-.0123456789eEinfatyINFATY", number);
    if (status != NDA_OK) {
        return status;
    }
    char *end = NULL;
    double value = strtod(number, &end);
    if (*end != '\0') {
        return nda_fail(NDA_VALUE, "\"%.40s\" is no number", text);
    }
    *ret_number = value;
    return NDA_OK;
}
