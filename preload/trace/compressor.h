/*
 * zstd contexts in memory of our own, shared by all threads: one is taken for the time of one
 * compression. There are never more of them than threads that compressed at the same moment.
 */
#ifndef PRELOAD_COMPRESSOR_H
#define PRELOAD_COMPRESSOR_H

#include <stddef.h>
#include <stdint.h>

#include "trace_format.h"

struct compressor;

/*
 * Return: a compressor that nobody else uses, or NULL without memory.
 * Context: any thread; with signals blocked, or a signal handler finds it taken and makes another.
 */
struct compressor *compressor_take(void);
void compressor_give_back(struct compressor *compressor);

/*
 * Make a segment of a window.
 * @window: its header and records; not changed.
 * @ret_bytes: size of the segment.
 * Return: the segment, in the compressor's own memory. Compressed where that makes it smaller.
 */
const void *compressor_seal(struct compressor *compressor, const struct trace_chunk *window,
                            size_t *ret_bytes);

#endif
