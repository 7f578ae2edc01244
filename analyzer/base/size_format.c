/*
 * tracemalloc's rule: walk up from bytes until the number is small enough for the unit. Below 100
 * there is one decimal, except for bytes; below 10 * 1024, or with no unit left, there is none.
 * The decision is made before rounding, so "100.0 KiB" and "10240 KiB" exist.
 */
#include "size_format.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

const char *size_format(char *text, double bytes, bool is_signed)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    const size_t last = sizeof units / sizeof units[0] - 1;
    size_t unit = 0;
    while (unit < last && !(fabs(bytes) < 100 && unit > 0) && !(fabs(bytes) < 10.0 * 1024)) {
        bytes /= 1024;
        unit++;
    }
    int decimals = fabs(bytes) < 100 && unit > 0 ? 1 : 0;
    if (is_signed) {
        (void)snprintf(text, SIZE_FORMAT_BYTES, "%+.*f %s", decimals, bytes, units[unit]);
    } else {
        (void)snprintf(text, SIZE_FORMAT_BYTES, "%.*f %s", decimals, bytes, units[unit]);
    }
    return text;
}
