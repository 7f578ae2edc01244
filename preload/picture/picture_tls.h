/*
 * Where modules have their thread-local variables, for a heap picture: a word of those is then some
 * module's.
 */
#ifndef PRELOAD_PICTURE_TLS_H
#define PRELOAD_PICTURE_TLS_H

#include "picture_writer.h"

/* Learn how to ask libc. May allocate: where the tracer starts. */
void picture_tls_prepare(void);

/*
 * Write how far below the thread pointer each module's static thread-local variables begin.
 * Context: in the copy of the process; async-signal-safe.
 */
void picture_tls_write(struct picture_writer *writer);

#endif
