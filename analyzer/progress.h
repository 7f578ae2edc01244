/* A bar on stderr, for work that takes longer than a second and has a terminal to show it on. */
#ifndef ANALYZER_PROGRESS_H
#define ANALYZER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
    bool is_terminal;
    bool is_shown;
    const char *label;
    uint64_t done;
    uint64_t total;
    struct timespec start;
    struct timespec drawn; /* last */
};

/* Say what is being done, and of how much. */
void progress_start(struct progress *progress, const char *label, uint64_t total);

/* So much more is done; cheap enough to be called for every chunk. */
void progress_add(struct progress *progress, uint64_t amount);

/* Take the bar away. */
void progress_finish(struct progress *progress);

#endif
