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
static int compare_averages(const struct group *a, const struct group *b)
{
    __extension__ typedef unsigned __int128 product;
    product first = (product)a->size * (b->count > 0 ? b->count : 1);
    product other = (product)b->size * (a->count > 0 ? a->count : 1);
    return first < other ? -1 : first > other;
}

static int compare_by_average(const void *left, const void *right)
{
    int order = compare_averages(right, left);
    return order != 0 ? order : compare_by_size(left, right);
}

static int compare_by_growth(const void *left, const void *right)
{
    const struct group *a = right;
    const struct group *b = left;
    const double slopes[] = {a->growth.bytes_per_s, b->growth.bytes_per_s};
    int order = (int)a->growth.is_growing - (int)b->growth.is_growing;
    order = order != 0 ? order : (slopes[0] > slopes[1]) - (slopes[0] < slopes[1]);
    return order != 0 ? order : compare_by_size(left, right);
}

uint64_t statistic_distance(uint64_t left, uint64_t right)
{
    return left > right ? left - right : right - left;
}

static int compare_size_differences(const struct group *a, const struct group *b)
{
    int order = compare_numbers(statistic_distance(a->size, a->old_size),
                                statistic_distance(b->size, b->old_size));
    return order != 0 ? order : compare_numbers(a->size, b->size);
}

static int compare_count_differences(const struct group *a, const struct group *b)
{
    int order = compare_numbers(statistic_distance(a->count, a->old_count),
                                statistic_distance(b->count, b->old_count));
    return order != 0 ? order : compare_numbers(a->count, b->count);
}

static int compare_by_size_difference(const void *left, const void *right)
{
    const struct group *a = right;
    const struct group *b = left;
    int order = compare_size_differences(a, b);
    order = order != 0 ? order : compare_count_differences(a, b);
    return order != 0 ? order : group_compare_keys(a, b);
}

static int compare_by_count_difference(const void *left, const void *right)
{
    int order = compare_count_differences(right, left);
    return order != 0 ? order : compare_by_size_difference(left, right);
}

static int compare_by_average_difference(const void *left, const void *right)
{
    int order = compare_averages(right, left);
    return order != 0 ? order : compare_by_size_difference(left, right);
}

struct statistic_sum statistic_add(const struct group *groups, size_t from, size_t to)
{
    struct statistic_sum sum = {.groups = to - from};
    for (size_t i = from; i < to; i++) {
        sum.size += groups[i].size;
        sum.count += groups[i].count;
        sum.old_size += groups[i].old_size;
        sum.old_count += groups[i].old_count;
    }
    return sum;
}

size_t statistic_sort(struct group *groups, size_t count, enum statistic_sort sort,
                      bool is_compared, size_t top, struct statistic_sum *ret_rest)
{
    static int (*const orders[][2])(const void *, const void *) = {
        [STATISTIC_BY_SIZE] = {compare_by_size, compare_by_size_difference},
        [STATISTIC_BY_COUNT] = {compare_by_count, compare_by_count_difference},
        [STATISTIC_BY_AVERAGE] = {compare_by_average, compare_by_average_difference},
        [STATISTIC_BY_GROWTH] = {compare_by_growth, compare_by_growth},
    };
    if (count > 0) {
        qsort(groups, count, sizeof *groups, orders[sort][is_compared ? 1 : 0]);
    }
    size_t shown = top == 0 || top > count ? count : top;
    *ret_rest = statistic_add(groups, shown, count);
    return shown;
}
