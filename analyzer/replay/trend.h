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
 * Return: the trend. It is steady if its lowest slope is above 0; if it went up in four steps or
 * more, for a few tables that are made are no growth; and if it goes on in the second half, for a
 * cache that is full by then is none either. That is: the last quarter is mostly above what there
 * was in the first half; or, since an array that doubles stands still for as long as it took
 * before, it never falls and rises once more. A single peak, and what is freed at the very end,
 * when a program tidies up, does not matter. Slopes of what is not steady are 0.
 */
struct trend trend_of(const int64_t *levels, size_t count);

#endif
