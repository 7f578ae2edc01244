/*
 * Heap pictures: which blocks are live, and what points to them, as a copy of the process sees it
 * while the process goes on. Start reading here.
 *
 *     picture_take: threads stand still (picture_threads) -> copy of the process -> they go on
 *     in the copy:  mappings -> block directory -> words of blocks -> roots, each into the writer
 *
 * The copy is made by the bare system call, sends no signal when it ends, and is seen by no wait()
 * of the program. It calls no allocator, takes no lock, and closes the descriptors that it has
 * inherited. Whatever goes wrong, the program goes on, and the rest of the trace is whole.
 */
#ifndef PRELOAD_PICTURE_H
#define PRELOAD_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

/* Notice how the process was when the tracer started, @filters: proc_filters() then. May allocate:
 * where the tracer starts. */
void picture_prepare(uint32_t filters);

/* This is a child after fork: what the parent was doing is not its business. */
void picture_forget(void);

/*
 * Take a picture now. The copy goes on in the background.
 * @name: cut at TRACE_NAME_BYTES; NULL is "".
 * @waits: if one is being taken, or its copy is still at work, wait for it; else give up.
 * Return: false if none was taken, which is counted, and logged where the user can do something.
 * Context: any thread, async-signal-safe; the gate is open.
 */
bool picture_take(const char *name, bool waits);

/*
 * The process is about to end: wait, for a minute at most, until what was begun is written.
 * @takes_last: take one more before.
 */
void picture_end(bool takes_last);

#endif
