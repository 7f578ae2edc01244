/*
 * The traced process's half: what the hooks call. Start reading in tracer.c.
 *
 * Nothing here changes errno, allocates, or holds a lock when it returns; every function may be
 * called by any thread and in signal handlers, before the tracer has started and after it has
 * stopped.
 */
#ifndef PRELOAD_TRACER_H
#define PRELOAD_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live_map.h"
#include "trace_format.h"
#include "unwind_libunwind.h"

/* In an exported function: its caller's stack pointer, after the return. */
#define CALLER_SP() ((uintptr_t)__builtin_frame_address(0) + 2 * sizeof(uintptr_t))

/*
 * In an exported function: the registers that its caller has after the return. Asking for the frame
 * address makes the compiler keep a frame pointer: the caller's is saved where it points to, with
 * the return address above it.
 */
#define CALLER()                                                                                   \
    (&(const struct frame){                                                                        \
        .pc = (uintptr_t)__builtin_return_address(0),                                              \
        .sp = CALLER_SP(),                                                                         \
        .bp = *(const uintptr_t *)__builtin_frame_address(0),                                      \
    })

/* --- for hooks.c --- */

/*
 * Called when no real allocator is known yet. Return: true if there is one now; false: it is too
 * early, and bootstrap.c must serve.
 */
bool tracer_find_allocator(void);

/* Return: true once and for all if a trace is being written: which allocator it is is known then.
 */
bool tracer_has_started(void);

/* Smallest size to ask the real allocator for, so that no two blocks share an entry of the live
 * map. */
size_t tracer_least_size(void);

/*
 * A block has come into being.
 * @block: not NULL.
 * @size: as requested.
 * @caller: the hook's caller, after the hook returns.
 */
void tracer_allocated(void *block, size_t size, const struct frame *caller);

/*
 * The same, for functions that return the block: short where the stack, the size and the time are
 * those of the last event, and then without a call, so that malloc() need save no registers.
 * Return: @block.
 */
void *tracer_hand_out(void *block, size_t size, struct frame caller);

/* A block is about to be freed. @block: may be NULL. */
void tracer_freeing(void *block, const struct frame *caller);

/*
 * The same, for free(), where that is short. @block: anything that free() is given.
 * Return: false if nothing has been done: tracer_freeing() must be called, if the block is the real
 * allocator's at all.
 */
bool tracer_take_back(void *block, uintptr_t sp);

/* A block is about to be reallocated. Return: what tracer_reallocated() needs to know of it. */
live_entry tracer_reallocating(void *block, uintptr_t sp);

/*
 * A block has been reallocated, or not.
 * @old_block: not NULL. @entry: from tracer_reallocating().
 * @block: what realloc returned; NULL with @size 0 is a free, else a failure.
 */
void tracer_reallocated(void *old_block, live_entry entry, void *block, size_t size,
                        const struct frame *caller);

/* A library may have been unloaded. */
void tracer_code_unloaded(void);

/* This is the child, and fork() has just returned in it. */
void tracer_forked(void);

/* The process is about to forbid itself system calls that the tracer makes, on pain of death. */
void tracer_sandboxed(void);

/* Return: true if it has: what it starts would be killed by the tracer. No system call. */
bool tracer_is_confined(void);

/* The process is about to change its root, its user or its namespaces. */
void tracer_moving(void);

/* The same, and its clock may be set to another time. */
void tracer_entering_namespace(void);

/*
 * The process is about to end, or to be replaced; with TRACE_END_NONE it was not, after all.
 * Does nothing in a vfork child, whose memory is its parent's.
 */
void tracer_ending(enum trace_end how);

/* --- for api.c --- */

bool tracer_is_recording(void);

/* Start or stop recording allocations. Return: false if the tracer is not there or has given up. */
bool tracer_set_recording(bool is_on);

/* Take a snapshot whenever a signal arrives, unless the program installs a handler of its own. */
void tracer_snapshot_at(int signal);

/* Take a heap picture whenever a signal arrives, likewise. */
void tracer_picture_at(int signal);

/*
 * Take a heap picture now. @name: may be NULL. @waits: for one that is not finished yet.
 * Return: false if none could be taken. In a vfork child none is.
 */
bool tracer_heap_picture(const char *name, bool waits);

/* Mark this moment. @name: cut at TRACE_NAME_BYTES. Return: false if nothing is being recorded. */
bool tracer_snapshot(const char *name, uintptr_t sp);

/* Let nothing that was recorded so far count any more. Return: false if no trace can be written. */
bool tracer_clear(uintptr_t sp);

struct traced_memory {
    size_t current; /* bytes */
    size_t peak;
};

/* @is_peak_reset: the peak is the current one from now on. Return: zeros while not recording. */
struct traced_memory tracer_traced_memory(bool is_peak_reset);

/*
 * Find the call stack of a live block.
 * @frames: gets at most @max return addresses, innermost first; unless @max is 0.
 * Return: how many; of all of them with @max 0; -1 if the block is not known.
 */
int tracer_traceback(uintptr_t block, void **frames, int max);

enum tracer_track {
    TRACER_TRACKED = 0,
    TRACER_TRACK_LOST = -1, /* and counted */
    TRACER_TRACK_OFF = -2,  /* nothing is being recorded */
};

/* An object of @domain begins, or is another from now on. @address: of anything. */
enum tracer_track tracer_track(uint32_t domain, void *address, size_t size,
                               const struct frame *caller);

/* An object of @domain is about to end. Nothing happens if it is not known. */
enum tracer_track tracer_untrack(uint32_t domain, void *address, const struct frame *caller);

/* --- for tracked.c --- */

struct thread_state;

/* Record that a block ends; and that @caller ends it, if that is wanted. */
void tracer_record_end(struct thread_state *state, live_entry entry, const struct frame *caller);

/* --- for marks.c and process.c --- */

/* Write a sample of the resident set, if anything is being recorded. @sp: of the caller's caller.
 */
void tracer_sample(uintptr_t sp);

/*
 * Write a record after such a sample, and after raising the epoch.
 * @encode: given @room bytes. @sp: of the caller's caller.
 * Return: false if there is no trace, or no room in it.
 */
bool tracer_write_mark(uint8_t *(*encode)(uint8_t *to, const void *context), const void *context,
                       size_t room, uintptr_t sp);

#endif
