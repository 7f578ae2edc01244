/*
 * Growth that goes on keeps its pace. A set-up phase loses it, a cache stops, a program that works
 * in phases jumps; all of them can have a slope. So before slopes are looked at, the new highs of
 * the series must be spread over the run, in one of two ways: evenly, or by doubling.
 *
 * New highs are those of the running median of five samples, which two peaks in a row do not move,
 * and which what is freed at the very end leaves alone.
 *
 * All slopes of a series that may be steady are sorted: 2016 of them for 64 samples.
 */
#include "trend.h"

#include <math.h>
#include <stdlib.h>

enum {
    PAIRS_MAX = TREND_SAMPLES_MAX * (TREND_SAMPLES_MAX - 1) / 2,
    MEDIAN_REACH = 2, /* samples before and after one in its running median */
    QUARTERS = 4,
    /*
     * Of rises that come by chance, four expected in a quarter are none with a probability of
     * exp(-4), 1.8 percent; with fewer it is not known whether growth has stopped. The first
     * quarter may be a set-up phase and says nothing.
     */
    RISES_LEAST = 4 * (QUARTERS - 1),
    DOUBLINGS = 3, /* two are found in any program that makes a few tables */
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

/* @levels: at most TREND_SAMPLES_MAX. Return: 0 for none. */
static int64_t median_level(const int64_t *levels, size_t count)
{
    int64_t sorted[TREND_SAMPLES_MAX] = {0};
    for (size_t i = 0; i < count; i++) {
        sorted[i] = levels[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_levels);
    return sorted[count / 2];
}

/* Return: the highest level but one, which a single peak is not. */
static int64_t second_highest(const int64_t *levels, size_t count)
{
    int64_t highest = INT64_MIN;
    int64_t second = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        const int64_t lower = levels[i] < highest ? levels[i] : highest;
        highest = levels[i] > highest ? levels[i] : highest;
        second = lower > second ? lower : second;
    }
    return second;
}

/* Fill in the highest running median so far, for each sample. */
static void find_highs(const int64_t *levels, size_t count, int64_t *highs)
{
    for (size_t i = 0; i < count; i++) {
        const size_t first = i > MEDIAN_REACH ? i - MEDIAN_REACH : 0;
        const size_t last = i + MEDIAN_REACH < count ? i + MEDIAN_REACH : count - 1;
        const int64_t median = median_level(levels + first, last - first + 1);
        highs[i] = i > 0 && highs[i - 1] > median ? highs[i - 1] : median;
    }
}

/*
 * Return: how far a quarter's gain is off by chance, if steps up and down are independent. What the
 * second half does counts: noise of a set-up phase excuses nothing later.
 */
static double gain_noise(const int64_t *levels, size_t count)
{
    int64_t steps[TREND_SAMPLES_MAX] = {0};
    size_t moves = 0;
    for (size_t i = count / 2; i < count; i++) {
        if (levels[i] != levels[i - 1]) {
            steps[moves++] = llabs(levels[i] - levels[i - 1]);
        }
    }
    // The median: a few large steps are what is looked for, not noise.
    return quantile * (double)median_level(steps, moves) * sqrt((double)moves / 2);
}

/*
 * Return: whether no quarter gained less than half of what those before it did on average, but for
 * noise. Growth that becomes faster and faster is growth all the more.
 */
static bool keeps_pace(const int64_t *levels, const int64_t *highs, size_t count)
{
    const size_t quarter = count / QUARTERS;
    const double noise = gain_noise(levels, count);
    for (size_t i = 2; i < QUARTERS; i++) {
        const size_t begin = quarter * i;
        const size_t end = i + 1 < QUARTERS ? begin + quarter : count - 1;
        const double before = (double)(highs[begin] - highs[quarter]) / (double)(i - 1);
        if ((double)(highs[end] - highs[begin]) < before / 2 - noise) {
            return false;
        }
    }
    // What goes up and down comes as high again, but does not stay above.
    const size_t last = count - quarter;
    return median_level(levels + last, quarter) > second_highest(levels, count / 2);
}

/*
 * Return: whether the level jumps by a factor, again and again in the same multiples of time, as
 * that of an array does which is made larger by a factor whenever it is full.
 */
static bool is_doubling(const int64_t *highs, size_t count)
{
    for (size_t i = count / 8; i < count; i++) {
        if (i > 0 && highs[i] > highs[i - 1] && (double)highs[i] < M_SQRT2 * (double)highs[i - 1]) {
            return false;
        }
    }
    size_t end = count;
    for (size_t i = 0; i < DOUBLINGS; i++) {
        const size_t before = end * 3 / 7; // a little less than half: moments do not meet jumps
        if (before == 0 || highs[end - 1] <= highs[before - 1]) {
            return false;
        }
        end = before;
    }
    return true;
}

/* Return: whether the series goes on to rise to the end. */
static bool goes_on(const int64_t *levels, size_t count, size_t rises, size_t falls)
{
    int64_t highs[TREND_SAMPLES_MAX] = {0};
    if (rises <= DOUBLINGS || count <= rises) {
        return false;
    }
    find_highs(levels, count, highs);
    return (rises >= RISES_LEAST && keeps_pace(levels, highs, count)) ||
           (falls <= FALLS_MOST && is_doubling(highs, count));
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
    trend.is_steady =
        goes_on(levels, count, trend.rises, falls) && find_slope(levels, count, &trend);
    return trend;
}
