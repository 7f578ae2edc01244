/* Groups to the lines of a table: sorted as tracemalloc sorts, cut to the first few. */
#ifndef ANALYZER_STATISTIC_H
#define ANALYZER_STATISTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"

enum statistic_sort {
    STATISTIC_BY_SIZE,
    STATISTIC_BY_COUNT,
    STATISTIC_BY_AVERAGE,
    STATISTIC_BY_GROWTH, /* those that grow first, the steepest before all others */
};

/* What is in several groups. */
struct statistic_sum {
    uint64_t groups;
    uint64_t size;
    uint64_t count;
    uint64_t old_size;
    uint64_t old_count;
};

/*
 * Sort groups, largest first: by the key asked for, then size, count and traceback.
 * @top: how many are to be shown; 0 for all.
 * @is_compared: the largest difference first, as tracemalloc's compare_to() has it: by the size of
 * the difference, whatever its sign, then size, difference of the count, count and traceback.
 * @ret_rest: the sum of the others.
 * Return: how many are shown.
 */
size_t statistic_sort(struct group *groups, size_t count, enum statistic_sort sort,
                      bool is_compared, size_t top, struct statistic_sum *ret_rest);

/* Return: the sum of the groups from @from up to, not including, @to. */
struct statistic_sum statistic_add(const struct group *groups, size_t from, size_t to);

/* Return: how far two numbers are from each other. */
uint64_t statistic_distance(uint64_t left, uint64_t right);

#endif
