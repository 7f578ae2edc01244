/* Of a series that may be steady, all slopes are sorted: 2016 of them for 64 samples. */
#include "trend.h"

#include <math.h>
#include <stdlib.h>

enum {
    PAIRS_MAX = TREND_SAMPLES_MAX * (TREND_SAMPLES_MAX - 1) / 2,
    RISES_LEAST = 4,
    FALLS_MOST = 1,
};

/* Two-sided 95 percent of the normal distribution. */
static const double quantile = 1.959964;

static int compare_slopes(const void *left, const void *right)
{
    const double *a = left;
    const double *b = right;
    return (*a > *b) - (*a < *b);
}

static int compare_levels(const void *left, const void *right)
{
    const int64_t *a = left;
    const int64_t *b = right;
    return (*a > *b) - (*a < *b);
}

/* Return: which of the sorted slopes is the lower end of the interval; 0 if there is none. */
static size_t lowest_at(size_t samples, size_t pairs)
{
    double n = (double)samples;
    double deviation = sqrt(n * (n - 1) * (2 * n + 5) / 18);
    double rank = ((double)pairs - quantile * deviation) / 2;
    return rank > 0 ? (size_t)rank : 0;
}

static int64_t median_level(const int64_t *levels, size_t count)
{
    int64_t sorted[TREND_SAMPLES_MAX];
    for (size_t i = 0; i < count; i++) {
        sorted[i] = levels[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_levels);
    return sorted[count / 2];
}

/* Return: the highest level; @ret_second: the highest of the others. */
static int64_t highest_level(const int64_t *levels, size_t count, int64_t *ret_second)
{
    int64_t highest = INT64_MIN;
    *ret_second = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        if (levels[i] > highest) {
            *ret_second = highest;
            highest = levels[i];
        } else if (levels[i] > *ret_second) {
            *ret_second = levels[i];
        }
    }
    return highest;
}

/* Return: whether it still goes up in the second half. */
static bool goes_on(const int64_t *levels, size_t count, size_t falls)
{
    const size_t half = count / 2;
    const size_t quarter = count - count / 4;
    int64_t second = 0;
    const int64_t highest = highest_level(levels, half, &second);
    if (median_level(levels + quarter, count - quarter) > second) {
        return true;
    }
    int64_t ignored = 0;
    return falls <= FALLS_MOST && highest_level(levels + half, count - half, &ignored) > highest;
}

/* Fill in the slope and its lowest value. Return: whether that is above 0. */
static bool find_slope(const int64_t *levels, size_t count, struct trend *trend)
{
    double slopes[PAIRS_MAX];
    const size_t pairs = count * (count - 1) / 2;
    const size_t lowest = lowest_at(count, pairs);
    size_t used = 0;
    size_t not_up = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++) {
            slopes[used++] = (double)(levels[k] - levels[i]) / (double)(k - i);
            not_up += levels[k] <= levels[i] ? 1 : 0;
        }
    }
    if (not_up > lowest) {
        return false;
    }
    qsort(slopes, pairs, sizeof *slopes, compare_slopes);
    trend->slope = (slopes[(pairs - 1) / 2] + slopes[pairs / 2]) / 2;
    trend->lowest = slopes[lowest];
    return true;
}

struct trend trend_of(const int64_t *levels, size_t count)
{
    struct trend trend = {0};
    size_t falls = 0;
    for (size_t i = 1; i < count; i++) {
        trend.rises += levels[i] > levels[i - 1] ? 1 : 0;
        falls += levels[i] < levels[i - 1] ? 1 : 0;
    }
    // What is quick to find out comes first: few groups of many are sorted.
    trend.is_steady = trend.rises >= RISES_LEAST && goes_on(levels, count, falls) &&
                      find_slope(levels, count, &trend);
    return trend;
}
