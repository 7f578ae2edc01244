/*
 * libunwind without system calls.
 *
 * libunwind blocks all signals around each use of its pools of memory, with four system calls for a
 * frame: more than all the rest that it does for one. Where it works for the tracer, they are
 * blocked already (own_stack.h), so there its calls of sigprocmask() can be left out.
 */
#ifndef PRELOAD_LIBUNWIND_SIGNALS_H
#define PRELOAD_LIBUNWIND_SIGNALS_H

#include <stdbool.h>

/*
 * Let the library's calls of sigprocmask() do nothing while the calling thread is on the tracer's
 * own stack. Those that it makes for the program are what they were.
 * @library: what dlopen() returned with RTLD_NOW.
 * Return: false if its linkage table is not as expected: all calls are made then.
 * Context: once, at the start; before the library is used.
 */
bool libunwind_spare_signals(void *library);

#endif
