/* The order is total: two groups never have equal keys, so no sort algorithm can change it. */
#include "statistic.h"

#include <stdlib.h>

static int compare_numbers(uint64_t left, uint64_t right)
{
    return left < right ? -1 : left > right;
}

static int compare_by_size(const void *left, const void *right)
{
    const struct group *a = right; // the larger one comes first
    const struct group *b = left;
    int order = compare_numbers(a->size, b->size);
    order = order != 0 ? order : compare_numbers(a->count, b->count);
    return order != 0 ? order : group_compare_keys(a, b);
}

static int compare_by_count(const void *left, const void *right)
{
    const struct group *a = right;
    const struct group *b = left;
    int order = compare_numbers(a->count, b->count);
    return order != 0 ? order : compare_by_size(left, right);
}

/* Compare size / count without rounding: the products of 64 bits fit into 128. */
static int compare_by_average(const void *left, const void *right)
{
    const struct group *a = right;
    const struct group *b = left;
    __extension__ typedef unsigned __int128 product;
    product first = (product)a->size * (b->count > 0 ? b->count : 1);
    product other = (product)b->size * (a->count > 0 ? a->count : 1);
    if (first != other) {
        return first < other ? -1 : 1;
    }
    return compare_by_size(left, right);
}

size_t statistic_sort(struct group *groups, size_t count, enum statistic_sort sort, size_t top,
                      struct statistic_rest *ret_rest)
{
    static int (*const orders[])(const void *, const void *) = {
        [STATISTIC_BY_SIZE] = compare_by_size,
        [STATISTIC_BY_COUNT] = compare_by_count,
        [STATISTIC_BY_AVERAGE] = compare_by_average,
    };
    if (count > 0) {
        qsort(groups, count, sizeof *groups, orders[sort]);
    }
    size_t shown = top == 0 || top > count ? count : top;
    struct statistic_rest rest = {.groups = count - shown};
    for (size_t i = shown; i < count; i++) {
        rest.size += groups[i].size;
        rest.count += groups[i].count;
    }
    *ret_rest = rest;
    return shown;
}
