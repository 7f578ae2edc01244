/* See period.h. */
#include "period.h"

#include <stddef.h>
#include <string.h>

#include "log.h"
#include "trace_format.h"

#define WHOLE_MAX 1000000000

/*
 * A number with at most three decimals. Return: what follows it, and the number in thousandths;
 * NULL when there is none, or it is above 10^9.
 */
static const char *parse_decimal(const char *text, uint64_t *ret_thousandths)
{
    const char *first = text;
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9' && value < WHOLE_MAX; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
    }
    bool is_number = text > first && value <= WHOLE_MAX;
    unsigned decimals = 0;
    if (is_number && *text == '.' && text[1] >= '0' && text[1] <= '9') {
        for (text++; *text >= '0' && *text <= '9' && decimals < 3; text++, decimals++) {
            value = value * 10 + (uint64_t)(*text - '0');
        }
    }
    for (; decimals < 3; decimals++) {
        value *= 10;
    }
    *ret_thousandths = value;
    return is_number ? text : NULL;
}

bool period_parse(const char *text, struct period *ret_period)
{
    static const struct {
        const char *name;
        uint64_t length; /* ticks or bytes */
        bool is_time;
    } units[] = {
        {"s", TRACE_TICKS_PER_SECOND, true},
        {"KiB", UINT64_C(1) << 10, false},
        {"MiB", UINT64_C(1) << 20, false},
        {"GiB", UINT64_C(1) << 30, false},
    };
    uint64_t thousandths = 0;
    const char *unit = parse_decimal(text, &thousandths);
    for (size_t i = 0; unit != NULL && i < sizeof units / sizeof units[0]; i++) {
        uint64_t length =
            thousandths / 1000 * units[i].length + thousandths % 1000 * units[i].length / 1000;
        if (strcmp(unit, units[i].name) == 0 && length > 0) {
            *ret_period = (struct period){length, units[i].is_time, thousandths, units[i].name};
            return true;
        }
    }
    return false;
}

void period_name(const struct period *period, uint64_t progress, char *name)
{
    uint64_t thousandths = progress / period->length * period->thousandths;
    memcpy(name, "after ", sizeof "after ");
    (void)log_number(thousandths / 1000, name + strlen(name));
    if (thousandths % 1000 != 0) {
        char digits[24];
        (void)log_number(1000 + thousandths % 1000, digits);
        digits[0] = '.';
        for (size_t last = strlen(digits) - 1; digits[last] == '0'; last--) {
            digits[last] = '\0';
        }
        memcpy(name + strlen(name), digits, strlen(digits) + 1);
    }
    size_t used = strlen(name);
    name[used] = ' ';
    memcpy(name + used + 1, period->unit, strlen(period->unit) + 1);
}
