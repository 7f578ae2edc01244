/*
 * --fail-if: what makes trace-report end with an exit code of its own, for automatic tests.
 *
 *   live>1MiB    bytes that are live at the moment of the report, with filters and suppressions
 *   count>=100   blocks of these
 *   peak>1.5GiB  the most bytes live at once in the whole trace
 *   growth>0     groups that grow (--growth)
 *   growth>1KiB  bytes a second that they grow by together
 *   lost>0       bytes that are lost, definitely or indirectly, with --leaks
 *   possible>0   bytes that are possibly lost
 */
#ifndef ANALYZER_FAIL_RULE_H
#define ANALYZER_FAIL_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "report.h"

enum fail_quantity {
    FAIL_LIVE,
    FAIL_COUNT,
    FAIL_PEAK,
    FAIL_GROWTH,
    FAIL_GROWTH_RATE,
    FAIL_LOST, /* this and what follows need a heap picture */
    FAIL_POSSIBLE,
};

struct fail_rule {
    const char *text; /* as given */
    enum fail_quantity quantity;
    bool is_inclusive; /* ">=" */
    uint64_t limit;
};

/* Return: whether a rule is about what --leaks finds. */
static inline bool fail_rule_is_heap(const struct fail_rule *rule)
{
    return rule->quantity >= FAIL_LOST;
}

/*
 * @text: must outlive @ret_rule.
 * Return: NULL, or what is wrong with it.
 */
const char *fail_rule_parse(const char *text, struct fail_rule *ret_rule);

/* Return: what a rule's numbers are: " bytes", say; nothing for what is counted. */
const char *fail_rule_unit(const struct fail_rule *rule);

/*
 * @ret_value: the quantity in @report; the largest of its tables.
 * Return: whether the rule holds.
 */
bool fail_rule_holds(const struct fail_rule *rule, const struct report *report,
                     uint64_t *ret_value);

#endif
