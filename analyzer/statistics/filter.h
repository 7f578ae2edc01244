/*
 * Which blocks are counted: --filter and --exclude, with tracemalloc's meaning. A block stays if
 * some --filter matches it, or there is none, and no --exclude does. What is matched is the frame
 * that the block belongs to; with --all-frames, any frame of its stack.
 */
#ifndef ANALYZER_FILTER_H
#define ANALYZER_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute.h"

/*
 * @stack: prepared, whole if @is_all_frames.
 * @domain: of the blocks.
 */
bool filter_keeps(const struct attribution *attribution, uint32_t stack, uint32_t domain,
                  bool is_all_frames);

/*
 * @stack: prepared, whole if there are suppressions.
 * Return: whether a suppression matches any frame of it.
 */
bool filter_suppresses(const struct attribution *attribution, uint32_t stack);

#endif
