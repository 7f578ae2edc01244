/* What /proc tells of a process. */
#ifndef PRELOAD_PROC_STAT_H
#define PRELOAD_PROC_STAT_H

#include <stdint.h>

/*
 * When a process started, which together with its id names it for ever.
 * Return: clock ticks since boot; 0 when unknown. Context: async-signal-safe.
 * Source: proc(5), /proc/PID/stat, field 22.
 */
uint64_t proc_start_time(uint32_t pid);

#endif
