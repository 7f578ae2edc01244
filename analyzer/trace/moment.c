/* Text to moments, and moments to ticks. */
#include "moment.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trace_format.h"

/* Return: whether all of @text up to @unit is a number, which is then in @ret_value. */
static bool read_number(const char *text, char unit, double *ret_value)
{
    size_t length = strlen(text);
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (length < 2 || text[length - 1] != unit || strchr("0123456789.", digits[0]) == NULL) {
        return false;
    }
    char *end = NULL;
    *ret_value = strtod(text, &end);
    return end == text + length - 1 && isfinite(*ret_value);
}

bool moment_parse(const char *text, struct moment *ret_moment)
{
    struct moment moment = {.kind = MOMENT_NAME, .text = text};
    if (strcmp(text, "end") == 0) {
        moment.kind = MOMENT_END;
    } else if (strcmp(text, "peak") == 0) {
        moment.kind = MOMENT_PEAK;
    } else if (read_number(text, 's', &moment.value)) {
        moment.kind = MOMENT_TIME;
        if (moment.value < 0) {
            return false;
        }
    } else if (read_number(text, '%', &moment.value)) {
        moment.kind = MOMENT_SHARE;
        if (moment.value < 0 || moment.value > 100) {
            return false;
        }
        moment.value /= 100;
    } else if (text[0] == '#') {
        char *end = NULL;
        errno = 0;
        moment.kind = MOMENT_NUMBER;
        moment.number = strtoull(text + 1, &end, 10);
        if (text[1] < '0' || text[1] > '9' || *end != '\0' || errno != 0 || moment.number == 0) {
            return false;
        }
    } else if (text[0] == '\0') {
        return false;
    }
    *ret_moment = moment;
    return true;
}

uint32_t moment_tick(const struct moment *moment, uint32_t last_tick)
{
    double tick = moment->kind == MOMENT_SHARE ? moment->value * last_tick
                                               : moment->value * TRACE_TICKS_PER_SECOND;
    tick += 1e-3; // 1.001 s is tick 1001, though the product of the doubles is a little less
    return tick < UINT32_MAX ? (uint32_t)tick : UINT32_MAX;
}
