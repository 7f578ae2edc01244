/* How much memory the process has in RAM, as the kernel counts it. */
#ifndef PRELOAD_RESIDENT_H
#define PRELOAD_RESIDENT_H

#include <stdint.h>

/*
 * Read the resident set size: microseconds, and a descriptor for as long.
 * Return: bytes; 0 if it cannot be known: without /proc, or with no descriptor free.
 * Context: any thread, async-signal-safe; signals had better be blocked, for a handler that does
 * not return would leave the descriptor open.
 */
uint64_t resident_bytes(void);

#endif
