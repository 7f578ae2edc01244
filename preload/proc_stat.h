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

/*
 * How many seccomp filters this process is under.
 * Return: 0 if none; 1 also where the kernel tells only that there are some, or nothing.
 * Context: async-signal-safe. Source: proc(5), /proc/PID/status.
 */
uint32_t proc_filters(void);

#endif
