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
    /* bytes of records: */
    uint32_t limit; /* there may be so many before window_advance() is due */
    uint64_t full;  /* up to here there is room for one of WINDOW_USUAL_BYTES */
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

/* Where the next record of @chunk goes, after @used bytes. */
static inline uint8_t *window_place_in(struct trace_chunk *chunk, uint64_t used)
{
    return (uint8_t *)(chunk + 1) + used;
}

static inline uint8_t *window_place(const struct window *window)
{
    return window_place_in(window->chunk, window->chunk->used);
}

static inline bool window_has_room(const struct window *window, size_t room)
{
    return window->chunk->used + room <= window->limit;
}

/* Return: where to write at most @room bytes, or NULL if window_advance() is due. */
static inline uint8_t *window_reserve(const struct window *window, size_t room)
{
    return __builtin_expect(window_has_room(window, room), 1) ? window_place(window) : NULL;
}

/* The record that ends after @used bytes of @chunk is complete. */
static inline void window_commit_in(struct trace_chunk *chunk, uint32_t used)
{
    /* not before the bytes: a kill between the two must not leave half a record */
    __atomic_store_n(&chunk->used, used, __ATOMIC_RELEASE);
}

/* The record that ends before @end is complete. */
static inline void window_commit(const struct window *window, const uint8_t *end)
{
    window_commit_in(window->chunk, (uint32_t)(end - window_place_in(window->chunk, 0)));
}

#endif
