/*
 * Talk to libtrace.so from inside a traced program. Header only, C and C++: the program links
 * nothing, and runs unchanged when libtrace.so is not preloaded (every function is then a test of
 * a null pointer). Modelled on Python's tracemalloc; each function says where it differs.
 *
 * Sizes are bytes as the program requested them, without what the allocator adds. They are those
 * of this process: a forked child begins at nothing.
 *
 * Context: any thread; all functions are async-signal-safe and leave errno alone.
 */
#ifndef LIBTRACE_H
#define LIBTRACE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The functions as libtrace.so exports them. Weak: null when it is not loaded, or older than the
 * function. Called through the global offset table (noplt), so that a program linked at a fixed
 * address asks at run time too; clang has no such attribute, so with it the program must be
 * position-independent (the default).
 */
#ifdef __clang__
#define LIBTRACE_WEAK __attribute__((weak, visibility("default")))
#else
#define LIBTRACE_WEAK __attribute__((weak, noplt, visibility("default")))
#endif
/* An address is only looked up: compilers need not warn that what it points to was never set. */
#if defined(__GNUC__) && __GNUC__ >= 11
#define LIBTRACE_LOOKED_UP(parameter) __attribute__((access(none, parameter)))
#else
#define LIBTRACE_LOOKED_UP(parameter)
#endif

LIBTRACE_WEAK int libtrace_api_is_tracing(void);
LIBTRACE_WEAK int libtrace_api_start(void);
LIBTRACE_WEAK void libtrace_api_stop(void);
LIBTRACE_WEAK int libtrace_api_snapshot(const char *name);
LIBTRACE_WEAK void libtrace_api_clear_traces(void);
LIBTRACE_WEAK void libtrace_api_get_traced_memory(size_t *current, size_t *peak);
LIBTRACE_WEAK void libtrace_api_reset_peak(void);
LIBTRACE_WEAK LIBTRACE_LOOKED_UP(1) int libtrace_api_get_object_traceback(const void *block,
                                                                          void **frames, int max);
LIBTRACE_WEAK size_t libtrace_api_get_tracer_memory(void);
LIBTRACE_WEAK int libtrace_api_heap_picture(const char *name);
LIBTRACE_WEAK LIBTRACE_LOOKED_UP(2) int libtrace_api_track(unsigned int domain, const void *pointer,
                                                           size_t size);
LIBTRACE_WEAK LIBTRACE_LOOKED_UP(2) int libtrace_api_untrack(unsigned int domain,
                                                             const void *pointer);
#undef LIBTRACE_WEAK

/* --- recording --- */

/* Return: 1 while allocations are being recorded, otherwise 0. */
static inline int libtrace_is_tracing(void)
{
    return libtrace_api_is_tracing ? libtrace_api_is_tracing() : 0;
}

/*
 * Begin to record, in a process started with LIBTRACE_START=0 or after libtrace_stop(): with
 * nothing, as after libtrace_clear_traces(). Does nothing while recording.
 * Return: 0, or -1 when libtrace.so is not loaded or has given up.
 */
static inline int libtrace_start(void)
{
    return libtrace_api_start ? libtrace_api_start() : -1;
}

/*
 * Stop recording. The functions below then know of nothing, as in tracemalloc. The trace keeps what
 * it has, and what becomes of its blocks: their frees remain recorded until libtrace_start() begins
 * anew, so that a report at the end shows what was left behind.
 */
static inline void libtrace_stop(void)
{
    if (libtrace_api_stop) {
        libtrace_api_stop();
    }
}

/*
 * Let the blocks recorded so far count no more, as if recording had begun now: neither for the
 * functions below, nor for trace-report about any later moment. About earlier ones it still has
 * everything. Does nothing while not recording.
 */
static inline void libtrace_clear_traces(void)
{
    if (libtrace_api_clear_traces) {
        libtrace_api_clear_traces();
    }
}

/*
 * Mark this moment: `trace-report --at NAME` counts the blocks that are live now.
 * @name: at most 255 bytes are kept; NULL is "".
 * Return: 0, or -1 when nothing is being recorded.
 */
static inline int libtrace_snapshot(const char *name)
{
    return libtrace_api_snapshot ? libtrace_api_snapshot(name) : -1;
}

/* --- questions --- */

/*
 * How much memory is traced.
 * @current: gets the bytes of all blocks that are live and were recorded. Other threads' blocks are
 * counted as of some moment during the call.
 * @peak: gets the most that this was since libtrace_start(), libtrace_clear_traces() or
 * libtrace_reset_peak(); if none of them was called, since the first call of this function, because
 * nothing is added up for programs that never ask (the peak of the whole run is in the report:
 * `--at peak`). Exact if one thread allocates. Of several threads, what they record is put together
 * in pieces (4096 bytes of records, or one tick of the kernel's clock): a peak that they reach
 * together within a piece may be missed, by what they have freed again at the piece's end.
 * Either may be NULL. Both are 0 while not recording.
 * Cost: the first call looks at a table of all blocks, about a millisecond for each 50 MiB of heap;
 * other threads had better not allocate meanwhile, or blocks of theirs may be counted wrongly.
 * Later calls take microseconds, and from then on every event costs about a nanosecond more.
 */
static inline void libtrace_get_traced_memory(size_t *current, size_t *peak)
{
    if (libtrace_api_get_traced_memory) {
        libtrace_api_get_traced_memory(current, peak);
        return;
    }
    if (current != NULL) {
        *current = 0;
    }
    if (peak != NULL) {
        *peak = 0;
    }
}

/* Let the peak be what is traced now. See libtrace_get_traced_memory(), also for the cost. */
static inline void libtrace_reset_peak(void)
{
    if (libtrace_api_reset_peak) {
        libtrace_api_reset_peak();
    }
}

/*
 * Where a block was allocated, or last reallocated.
 * @block: as malloc() and its like returned it, and live. Any other address is unknown, or is taken
 * for the block that begins in the same 32 bytes.
 * @frames: gets the return addresses of the call stack, the most recent call first, as backtrace(3)
 * gives them, but for a function that a signal interrupted: where it goes on, plus 1, so that one
 * byte before each address is what ran. At most @max. Not touched if @max is 0.
 * Return: how many frames were stored; with @max 0, how many there are; -1 if the block is not
 * known: allocated before recording began, or cleared, or nothing is being recorded.
 */
LIBTRACE_LOOKED_UP(1)
static inline int libtrace_get_object_traceback(const void *block, void **frames, int max)
{
    return libtrace_api_get_object_traceback ? libtrace_api_get_object_traceback(block, frames, max)
                                             : -1;
}

/*
 * Return: bytes of memory that the tracer itself takes: pages that it has touched, its windows of
 * the trace file apart. 0 while not recording.
 */
static inline size_t libtrace_get_tracer_memory(void)
{
    return libtrace_api_get_tracer_memory ? libtrace_api_get_tracer_memory() : 0;
}

/* --- pools and arenas --- */

/*
 * Tell of an object that the program's own allocator hands out: from now on it is traced like a
 * block of malloc(), with its size and the call stack of this call, in a domain of its own. An
 * object that is tracked already gets the new size and call stack, as if it had been reallocated.
 * Reports and the questions above count all domains together, as tracemalloc does, so a pool's
 * objects come on top of the blocks that it got from malloc(): `trace-report --domain N` and
 * `--exclude @N` choose.
 * @domain: any number for each allocator, the same in all of the program; at most 4095 different
 * ones. 0 is malloc()'s: there it is as if malloc() had returned the block, so a block of malloc()
 * changes its size and call stack, free() untracks it, and two objects must not lie in the same 32
 * bytes.
 * @pointer: where the object begins, at any distance from others; never read. Below 2 to the 52.
 * @size: bytes.
 * Return: 0; -1 when the event was lost, and counted in the trace: without memory, with too many
 * domains or too large an address; -2 when nothing is being recorded. As PyTraceMalloc_Track().
 * Context: any thread, as long as no other one tracks or untracks the same object at the same time.
 * Takes no lock, so a process may fork at any time: in the child, objects from before are known,
 * but not counted, like all blocks.
 */
LIBTRACE_LOOKED_UP(2)
static inline int libtrace_track(unsigned int domain, const void *pointer, size_t size)
{
    return libtrace_api_track ? libtrace_api_track(domain, pointer, size) : -2;
}

/*
 * Tell that an object is gone, before its memory is handed out again. Nothing happens if it is not
 * tracked in this domain.
 * Return: 0; -2 when nothing is being recorded: like free(), it then still ends an object from
 * before libtrace_stop(). As PyTraceMalloc_Untrack().
 * Context: as libtrace_track().
 */
LIBTRACE_LOOKED_UP(2)
static inline int libtrace_untrack(unsigned int domain, const void *pointer)
{
    return libtrace_api_untrack ? libtrace_api_untrack(domain, pointer) : -2;
}

#undef LIBTRACE_LOOKED_UP

/*
 * Take a heap picture: a copy of the process, made as by fork(), writes down which blocks are live
 * and what points to them, while the program goes on. Waits for the copy of the last one.
 * @name: at most 255 bytes are kept; NULL is "".
 * Return: 0, or -1 when libtrace.so is not loaded, or the process cannot be copied.
 */
static inline int libtrace_heap_picture(const char *name)
{
    return libtrace_api_heap_picture ? libtrace_api_heap_picture(name) : -1;
}

#ifdef __cplusplus
}
#endif

#endif
