/*
 * The words in which the kernel keeps CLOCK_MONOTONIC_COARSE for the vDSO's functions.
 *
 * Where they are is no interface, so they are looked for by what they say, in the readable pages
 * before the vDSO. Where they are not found (another layout, valgrind, gVisor, a time namespace
 * whose clock is shifted) there is nothing to look at, and the vDSO's function has to be called.
 */
#ifndef PRELOAD_CLOCK_PAGE_H
#define PRELOAD_CLOCK_PAGE_H

#include <stdint.h>
#include <time.h>

/*
 * Source: struct vdso_timestamp in include/vdso/datapage.h of Linux. They change under our eyes;
 * they are not volatile, because each event looks at them once, in operands of its instructions.
 */
struct clock_words {
    int64_t second;
    int64_t nanosecond;
};

/* Words that no reading has. */
extern const struct clock_words clock_no_words;

/*
 * Find the words by their values.
 * @gettime: the function that they are to stand for.
 * Return: the words, which are valid until the process enters another time namespace; or
 * &clock_no_words. Context: makes system calls, is not async-signal-safe.
 */
const struct clock_words *clock_page_find(int (*gettime)(clockid_t, struct timespec *));

#endif
