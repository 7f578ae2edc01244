/*
 * The piece of the trace file that one thread is filling: plain stores into a shared mapping, so
 * that what was written survives the process, whatever ends it.
 *
 * The write position (`used`) is in the window itself and is moved after the record is complete: a
 * killed process leaves whole records only. A full window is sealed: compressed, appended to the
 * file as a segment, then emptied. The limit moves up 4096 bytes at a time, so that something can
 * be done now and then (the epoch is raised) without a count of events.
 *
 * Context: one thread at a time for each window. window_seal() and window_open() need 20 KiB of
 * stack.
 */
#ifndef PRELOAD_WINDOW_H
#define PRELOAD_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "trace_format.h"

#define WINDOW_STEP_BYTES 4096
#define WINDOW_USUAL_BYTES 64

struct window {
    struct trace_chunk *chunk; /* mapped; NULL before window_open() */
    uint8_t *next;             /* where the next record goes: what `used` in the chunk stands for */
    const uint8_t *limit;      /* records may reach to here before window_advance() is due */
    const uint8_t *full;       /* up to here there is room for one of WINDOW_USUAL_BYTES */
};

/*
 * Map a window of a stream and start it with sequence number 0.
 * @window: one that was open before keeps its address, but not its place: a child's own file after
 * fork. Return: 0 or -errno.
 */
long window_open(struct window *window, struct file *file, enum trace_content content,
                 uint32_t stream);

/*
 * Compress what is in the window, if anything, append it to the file, and empty the window.
 * @tick, @epoch: what holds from now on.
 * Return: 0, or -errno: the window is as it was then.
 */
long window_seal(struct window *window, struct file *file, uint32_t tick, uint64_t epoch);

/* Give a sealed, empty window to another stream. */
void window_restart(struct window *window, uint32_t stream);

/* Allow the next WINDOW_STEP_BYTES to be filled. Return: false if the window is full. */
bool window_advance(struct window *window, size_t room);

static inline bool window_has_room(const struct window *window, size_t room)
{
    return window->next + room <= window->limit;
}

/* Return: where to write at most @room bytes, or NULL if window_advance() is due. */
static inline uint8_t *window_reserve(const struct window *window, size_t room)
{
    return __builtin_expect(window_has_room(window, room), 1) ? window->next : NULL;
}

/* The record that ends before @end is complete. */
static inline void window_commit(struct window *window, uint8_t *end)
{
    /* should a signal handler never return in between, window_take_back() is called */
    window->next = end;
    /* not before the bytes: a kill between the two must not leave half a record */
    __atomic_store_n(&window->chunk->used, (uint32_t)(end - (uint8_t *)(window->chunk + 1)),
                     __ATOMIC_RELEASE);
}

/* Take back a record that a signal handler has left between the two stores of its end: what the
 * next record's deltas start from may not have been noted yet. */
static inline void window_take_back(struct window *window)
{
    window->next = (uint8_t *)(window->chunk + 1) + window->chunk->used;
}

#endif
