/* Drawn at most ten times a second, and not before a second has gone by. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR_WIDTH = 40 };

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

void progress_start(struct progress *progress, const char *label, uint64_t total)
{
    *progress = (struct progress){.label = label, .total = total > 0 ? total : 1};
    progress->is_terminal = isatty(STDERR_FILENO) == 1;
    (void)clock_gettime(CLOCK_MONOTONIC, &progress->start);
}

static void draw(const struct progress *progress)
{
    char bar[BAR_WIDTH + 1];
    uint64_t done = progress->done < progress->total ? progress->done : progress->total;
    double share = (double)done / (double)progress->total;
    int filled = (int)(share * BAR_WIDTH);
    for (int i = 0; i < BAR_WIDTH; i++) {
        bar[i] = '.';
        if (i < filled) {
            bar[i] = '#';
        }
    }
    bar[BAR_WIDTH] = '\0';
    (void)fprintf(stderr, "\r%s [%s] %3.0f %%", progress->label, bar, share * 100);
    (void)fflush(stderr);
}

void progress_add(struct progress *progress, uint64_t amount)
{
    progress->done += amount;
    if (!progress->is_terminal) {
        return;
    }
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    bool is_due = progress->is_shown ? seconds_between(&progress->drawn, &now) >= 0.1
                                     : seconds_between(&progress->start, &now) >= 1.0;
    if (is_due) {
        progress->is_shown = true;
        progress->drawn = now;
        draw(progress);
    }
}

void progress_finish(struct progress *progress)
{
    if (progress->is_shown) {
        (void)fputs("\r\033[K", stderr);
        progress->is_shown = false;
    }
}
