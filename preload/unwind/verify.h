/*
 * For libtrace-verify.so only, which tests preload in place of libtrace.so: every captured stack is
 * compared, frame by frame, with what unw_backtrace() gives at the same spot.
 */
#ifndef PRELOAD_VERIFY_H
#define PRELOAD_VERIFY_H

#include <stdint.h>

/*
 * @id: of the stack in the stack table. A difference is counted, and the first few are printed. At
 * exit a line on stderr gives the number of stacks compared and of differences: "libtrace: verified
 * N stacks, M differences".
 */
void verify_stack(uint32_t id);

#endif
