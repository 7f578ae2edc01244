/*
 * The call stacks of threads, for a heap picture: they say which function a word on a stack is of.
 */
#ifndef PRELOAD_PICTURE_FRAMES_H
#define PRELOAD_PICTURE_FRAMES_H

#include "picture_roots.h"
#include "picture_writer.h"

/*
 * Write a thread's call stack, as far as it can be walked; nothing if its registers are not known.
 * Context: in the copy of the process; nobody may have been inside libunwind when it was made.
 */
void picture_frames_write(struct picture_writer *writer, const struct picture_thread *thread);

/*
 * Find where the part of a thread's stack begins that is not ours, and the registers there: what
 * our own functions have left on it is no root. Nothing is changed if that cannot be found.
 * @thread: its call stack begins in our code.
 * Context: as above.
 */
void picture_frames_leave(struct picture_thread *thread);

#endif
