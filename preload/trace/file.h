/*
 * The trace file of one process: reserving space, mapping windows, appending segments.
 *
 * No descriptor is kept: the program, or its tests, would see it, and one that closes every
 * descriptor and opens its own would have its file under our number. The file is opened by path
 * whenever it is needed, once in 64 KiB of records, and compared (device and inode). Only a process
 * that is about to change its root or its user keeps one, at a high number, compared before each
 * use.
 *
 * Space is reserved on the disk before it is touched through a mapping, since a full disk would
 * otherwise be a SIGBUS in the program.
 *
 * Where free space begins is kept in the mapped header: a copy of the process that writes a heap
 * picture appends to the same file.
 *
 * Context: file_create() once a process; everything else any thread, async-signal-safe, lock-free.
 */
#ifndef PRELOAD_FILE_H
#define PRELOAD_FILE_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_format.h"

struct file {
    char path[TRACE_PATH_BYTES]; /* absolute */
    _Atomic int fd;              /* -1: none is kept */
    uint64_t device;
    uint64_t inode;
    struct trace_file_header *header; /* mapped; NULL before file_create() */
};

/*
 * Create the file, 0600, never through a symbolic link and never over an existing file: a number is
 * put into the name until it is new.
 * @pattern: %e program, %p process id, %n number, %h host, %t start time in seconds, %% a per cent
 * sign; relative to the working directory. A directory stands for the default name in it.
 * @program: for %e.
 * @header: written at the start. Mapped at the same address as before when the file is created
 * anew. Return: 0, or -errno; the path is filled in as far as it was known.
 */
long file_create(struct file *file, const char *pattern, const char *program,
                 const struct trace_file_header *header);

/* Keep a descriptor from now on: the path may soon lead nowhere. */
void file_hold(struct file *file);

/* Keep none: after file_create(), which leaves one open for the first windows. */
void file_release(struct file *file);

/*
 * Map a new window of TRACE_WINDOW_BYTES.
 * @address: where to map it, replacing what is there, or NULL.
 * Return: 0 and the window, zeroed; or -errno.
 */
long file_map_window(struct file *file, void *address, struct trace_chunk **ret_window);

/* Is an error such that the next attempt may succeed? The program has no descriptor free. */
static inline bool file_may_grow_later(long result)
{
    return result == -EMFILE || result == -ENFILE;
}

/* Append a segment: a chunk header and what belongs to it. Return: 0, or -errno. */
long file_append(struct file *file, const void *segment, size_t bytes);

#endif
