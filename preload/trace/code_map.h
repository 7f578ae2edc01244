/*
 * What compilers that work while the program runs (JITs) say of their code: /tmp/perf-PID.map, text
 * that perf has made a convention. It is copied into the trace, piece by piece.
 * Source: linux, tools/perf/Documentation/jit-interface.txt
 */
#ifndef PRELOAD_CODE_MAP_H
#define PRELOAD_CODE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A larger one is cut. */
#define CODE_MAP_BYTES_MAX ((uint64_t)64 << 20)

/*
 * Open this process's map, if there is one, and it is a file of our own: anybody may write to /tmp.
 * Return: a descriptor to be closed, or -1. Context: any thread, async-signal-safe.
 */
int code_map_open(void);

/* Read the next piece. Return: its length; 0 at the end, or when it cannot be read. */
size_t code_map_read(int fd, uint64_t offset, uint8_t *to, size_t room);

#endif
