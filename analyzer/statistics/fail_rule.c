/* Rules are read with strtod(), so that 1.5MiB can be said; what is not exact is rounded down. */
#include "fail_rule.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum fail_quantity quantity;
} quantities[] = {
    {"live", FAIL_LIVE},     {"count", FAIL_COUNT}, {"peak", FAIL_PEAK},
    {"growth", FAIL_GROWTH}, {"lost", FAIL_LOST},   {"possible", FAIL_POSSIBLE},
};

/* Return: what a unit stands for; 0 if it is none. */
static double unit_bytes(const char *unit)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {
        {"", 1}, {"B", 1}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].name, unit) == 0) {
            return units[i].bytes;
        }
    }
    return 0;
}

const char *fail_rule_parse(const char *text, struct fail_rule *ret_rule)
{
    const size_t count = sizeof quantities / sizeof quantities[0];
    struct fail_rule rule = {.text = text};
    size_t length = strcspn(text, "<>=");
    size_t at = 0;
    while (at < count && (strlen(quantities[at].name) != length ||
                          strncmp(quantities[at].name, text, length) != 0)) {
        at++;
    }
    if (at == count) {
        return "begins with none of live, count, peak, growth, lost, possible";
    }
    rule.quantity = quantities[at].quantity;
    if (text[length] != '>') {
        return "has neither > nor >= after the name";
    }
    rule.is_inclusive = text[length + 1] == '=';
    const char *number = text + length + (rule.is_inclusive ? 2 : 1);
    if (strchr("0123456789.", number[0]) == NULL || number[0] == '\0' || number[1] == 'x' ||
        number[1] == 'X') {
        return "has no number at the end";
    }
    char *unit = NULL;
    double limit = strtod(number, &unit);
    if (unit == number) {
        return "has no number at the end";
    }
    if (rule.quantity == FAIL_COUNT && unit[0] != '\0') {
        return "counts, and a count has no unit";
    }
    limit *= unit_bytes(unit);
    if (unit_bytes(unit) == 0) {
        return "has a unit that is none of B, KiB, MiB, GiB, TiB";
    }
    if (!(limit < 0x1p63)) {
        return "has a number that is too large";
    }
    rule.limit = (uint64_t)limit;
    if (rule.quantity == FAIL_GROWTH && unit[0] != '\0') {
        rule.quantity = FAIL_GROWTH_RATE;
    }
    *ret_rule = rule;
    return NULL;
}

/* Return: bytes or blocks of a report's largest table; of the whole trace if it has no tables. */
static uint64_t live_of(const struct report *report, bool is_count)
{
    const struct report_totals *totals = &report->totals;
    uint64_t most = 0;
    if (report->kind != REPORT_TABLES) {
        return is_count ? totals->live_blocks : totals->live_bytes;
    }
    for (size_t i = 0; i < report->table_count; i++) {
        uint64_t value = is_count ? report->tables[i].count : report->tables[i].size;
        most = value > most ? value : most;
    }
    return most;
}

/* The largest of a report's tables. */
static uint64_t growth_of(const struct report *report, bool is_rate)
{
    uint64_t most = 0;
    for (size_t i = 0; i < report->table_count; i++) {
        const struct report_growth *growth = &report->tables[i].growth;
        uint64_t value = is_rate ? (uint64_t)ceil(growth->bytes_per_s) : growth->groups;
        most = value > most ? value : most;
    }
    return most;
}

const char *fail_rule_unit(const struct fail_rule *rule)
{
    static const char *const units[] = {
        [FAIL_LIVE] = " bytes",
        [FAIL_COUNT] = "",
        [FAIL_PEAK] = " bytes",
        [FAIL_GROWTH] = "",
        [FAIL_GROWTH_RATE] = " bytes a second",
    };
    return units[rule->quantity];
}

bool fail_rule_holds(const struct fail_rule *rule, const struct report *report, uint64_t *ret_value)
{
    uint64_t value = 0;
    switch (rule->quantity) {
    case FAIL_LIVE:
    case FAIL_COUNT:
        value = live_of(report, rule->quantity == FAIL_COUNT);
        break;
    case FAIL_PEAK:
        value = report->totals.peak_bytes;
        break;
    case FAIL_GROWTH:
    case FAIL_GROWTH_RATE:
        value = growth_of(report, rule->quantity == FAIL_GROWTH_RATE);
        break;
    case FAIL_LOST:
        value =
            report->heap->classes[HEAP_DEFINITE].bytes + report->heap->classes[HEAP_INDIRECT].bytes;
        break;
    case FAIL_POSSIBLE:
        value = report->heap->classes[HEAP_POSSIBLE].bytes;
        break;
    }
    *ret_value = value;
    return value > rule->limit || (rule->is_inclusive && value == rule->limit);
}
