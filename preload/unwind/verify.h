/*
 * For libtrace-verify.so only, which tests preload in place of libtrace.so: every captured stack is
 * compared, frame by frame, with what unw_backtrace() gives at the same spot.
 */
#ifndef PRELOAD_VERIFY_H
#define PRELOAD_VERIFY_H

#include <stddef.h>

#include "unwind.h"

/*
 * @frames: root first. A difference is counted, and the first few are printed. At exit a line on
 * stderr gives the number of stacks compared and of differences: "libtrace: verified N stacks, M
 * differences".
 */
void verify_stack(const struct unwind_memo_frame *frames, size_t count);

#endif
