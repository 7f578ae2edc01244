/*
 * What the stories share: stop at errors, take a snapshot, say what is alive.
 *
 * A story allocates nothing but through the array library and frees what it does not mean to keep,
 * so what it says of itself can be held against a report of its trace.
 */
#ifndef STORY_H
#define STORY_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "libtrace.h"
#include "ndarray.h"

/* Stop the program if the library could not do what it was asked to. */
static inline void must(enum nda_status status)
{
    if (status != NDA_OK) {
        (void)fprintf(stderr, "%s: %s\n", nda_status_text(status), nda_error());
        exit(1);
    }
}

/* Give stdout a buffer of its own, which it would otherwise allocate. */
static inline void story_begin(void)
{
    static char buffer[BUFSIZ];
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

/* Say what the library has allocated and not freed. */
static inline void story_alive(const char *moment)
{
    struct nda_usage usage = nda_usage();
    printf("%s: %zu bytes in %zu buffers, %zu bytes in %zu blocks in all\n", moment,
           usage.buffer_bytes, usage.buffers, usage.bytes, usage.blocks);
}

/* Take a snapshot and say what is alive in it. */
static inline void story_snapshot(const char *name)
{
    (void)libtrace_snapshot(name); // -1 says only that nobody is tracing
    story_alive(name);
}

/* Print an array of one axis as NumPy does: [10 2 3]. */
static inline void story_print(const char *name, const struct nda *array)
{
    printf("%s [", name);
    for (int64_t i = 0; i < nda_size(array); i++) {
        struct nda_value item;
        must(nda_get(array, &i, &item));
        printf(i == 0 ? "%" PRId64 : " %" PRId64, item.as.int64);
    }
    printf("]\n");
}

/* Argument @at as a size from 1 to @most, or @otherwise if there are not so many. */
static inline int64_t story_size(int argc, char **argv, int at, int64_t otherwise, int64_t most)
{
    if (at >= argc) {
        return otherwise < most ? otherwise : most;
    }
    char *end = argv[at];
    long long size = strtoll(argv[at], &end, 10);
    if (*end != '\0' || size < 1 || size > most) {
        (void)fprintf(stderr, "%s: argument %d must be a number from 1 to %" PRId64 "\n", argv[0],
                      at, most);
        exit(2);
    }
    return size;
}

/* A number from 0 to @limit - 1; the same sequence in every run. Source: Knuth's MMIX. */
static inline int64_t story_random(int64_t limit)
{
    static uint64_t state = 20201005;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)limit);
}

#endif
