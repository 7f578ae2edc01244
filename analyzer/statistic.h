/* Groups to the lines of a table: sorted as tracemalloc sorts, cut to the first few. */
#ifndef ANALYZER_STATISTIC_H
#define ANALYZER_STATISTIC_H

#include <stddef.h>
#include <stdint.h>

#include "group.h"

enum statistic_sort {
    STATISTIC_BY_SIZE,
    STATISTIC_BY_COUNT,
    STATISTIC_BY_AVERAGE,
};

struct statistic_rest {
    uint64_t groups; /* that are not shown, and what is in them */
    uint64_t size;
    uint64_t count;
};

/*
 * Sort groups, largest first: by the key asked for, then size, count and traceback.
 * @top: how many are to be shown; 0 for all.
 * @ret_rest: the sum of the others.
 * Return: how many are shown.
 */
size_t statistic_sort(struct group *groups, size_t count, enum statistic_sort sort, size_t top,
                      struct statistic_rest *ret_rest);

#endif
