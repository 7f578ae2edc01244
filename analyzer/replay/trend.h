/*
 * Whether a series of levels goes up steadily: Theil and Sen's slope, the median of the slopes
 * between all pairs of samples, which single peaks and drops do not move.
 *
 * Sources: Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968);
 * the interval is his, with the normal approximation to the distribution of Kendall's tau.
 */
#ifndef ANALYZER_TREND_H
#define ANALYZER_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TREND_SAMPLES_MAX = 64 };

struct trend {
    double slope;  /* from one sample to the next */
    double lowest; /* that the slope is with 97.5 percent confidence */
    size_t rises;  /* steps that went up */
    bool is_steady;
};

/*
 * @levels: at equal distances.
 * @count: at most TREND_SAMPLES_MAX.
 * Return: the trend. It is steady if its lowest slope is above 0, and it goes on to rise to the
 * end: with twelve rises or more, no quarter of the time after the first gains less than half of
 * what those before it did on average, but for noise, and the last one is mostly above what there
 * was in the first half; or, with four or more, it never falls and jumps by a factor in each of the
 * last three octaves of time, as an array that doubles does. So set-up phases that fade, caches
 * that are full, and tables that are made once a phase are no growth. A single peak, and what is
 * freed at the very end, when a program tidies up, does not matter. Slopes of what is not steady
 * are 0.
 */
struct trend trend_of(const int64_t *levels, size_t count);

#endif
