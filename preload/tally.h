/*
 * What the process has allocated and holds, in bytes, added up from the records of its threads.
 *
 * Nobody counts while events happen: the numbers are in the windows already. They are added up a
 * piece at a time when a thread has filled another 4096 bytes or the clock's tick has moved, and
 * when somebody asks. Only once somebody has asked, too: before, there is nothing to add up.
 *
 * Each record is counted once, by its thread or by one that asks: whoever moves the thread's
 * position over it. A window that is emptied and filled anew has new positions.
 *
 * Exact for one thread. The pieces of several are put together one after another, so a maximum
 * that several threads reached together within a piece may be missed.
 *
 * Context: any thread, async-signal-safe, lock-free.
 */
#ifndef PRELOAD_TALLY_H
#define PRELOAD_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "site_table.h"
#include "window.h"

struct tally {
    _Atomic bool is_on;
    _Atomic int64_t live;        /* bytes */
    _Atomic int64_t peak;        /* the most since the start, or since it was set back */
    _Atomic uint64_t allocated;  /* bytes, whether freed since or not */
    _Atomic uint32_t first_site; /* lower ones do not count: cleared, or born before fork */
};

/*
 * How far a window of events has been added up:
 *
 *     bit  63 ... 48        47 ... 32   31 ... 0
 *          times emptied    bytes       site of the last allocation before
 */
typedef _Atomic uint64_t tally_position;

/* Add up what a window has had since the last time. */
void tally_window(struct tally *tally, tally_position *position, const struct window *window,
                  const struct site_directory *sites);

/* Let what a window has had count as added up. */
void tally_skip(tally_position *position, const struct window *window);

/* The window is empty again. Only by its thread. */
void tally_restart_window(tally_position *position);

/* Begin at @live bytes, with no peak above. */
void tally_begin(struct tally *tally, int64_t live);

#endif
