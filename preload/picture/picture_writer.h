/*
 * The records of a heap picture (docs/format.md, 7), into chunks of its own that are compressed and
 * appended to the trace file. Used by the copy of the process that makes the picture, and by it
 * alone: no window is shared with the traced process.
 *
 * Once the file cannot take a chunk nothing more is written, and picture_writer_finish() says so.
 */
#ifndef PRELOAD_PICTURE_WRITER_H
#define PRELOAD_PICTURE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "trace_format.h"

#define PICTURE_BATCH 128 /* pointers of one record */

/* What a picture is called, and when it is taken. */
struct picture_title {
    uint32_t number; /* from 1 */
    uint32_t tick;
    uint64_t epoch;
    uint64_t flags; /* enum trace_picture_flag */
    uint32_t threads;
    uint32_t young_ticks;
    char name[TRACE_NAME_BYTES + 1];
};

struct picture_pointer {
    uint64_t target; /* number of a block */
    uint64_t where;  /* format.md, 7.5 */
    uint64_t slot;   /* of a pointer in a region: words from its start */
};

/* Pointers that were found in one block or region, and are not written yet. */
struct picture_batch {
    uint64_t source;
    bool is_root; /* the source is a region */
    unsigned count;
    struct picture_pointer pointers[PICTURE_BATCH];
};

struct picture_region {
    enum trace_region kind;
    uintptr_t start;
    size_t bytes;
    uintptr_t base;
    uint32_t module;
    uint32_t thread;
    const char *name;
    size_t name_bytes;
};

/* A frame of a thread's call stack. */
struct picture_frame {
    uintptr_t pc; /* one more than an address in the call that it is in, or in what it does next */
    uintptr_t sp;
    uintptr_t bp;
    uint32_t module;
};

struct picture_end {
    uint64_t blocks;
    uint64_t bytes;
    uint64_t unreadable_words;
    uint64_t time_ms;
    uint64_t pause_us;
    uint64_t blocks_left_out;
};

struct picture_writer {
    struct file *file;
    struct compressor *compressor;
    struct trace_chunk *chunk; /* TRACE_WINDOW_BYTES */
    uint8_t *next;
    const struct picture_title *title;
    uint32_t sequence;
    uint32_t regions; /* written so far */
    long result;      /* 0, or why nothing is written any more */
    uint64_t blocks;  /* written so far, and the sum of their sizes */
    uint64_t block_bytes;
    /* bases */
    bool has_count;
    uint64_t address;
    uint64_t source;
    uint64_t target;
};

/* @title: lives as long as the writer. Return: false without memory. */
bool picture_writer_init(struct picture_writer *writer, struct file *file,
                         const struct picture_title *title);

/* A block, above all before. @site: 0: a block of @size bytes from before fork. */
void picture_write_block(struct picture_writer *writer, uintptr_t address, uint32_t site,
                         uint64_t size, uint32_t age);

/* How many blocks there were. */
void picture_write_count(struct picture_writer *writer);

/* Return: the region's number. */
uint32_t picture_write_region(struct picture_writer *writer, const struct picture_region *region);

/* A thread's call stack, innermost frame first. @count: at most TRACE_PIC_FRAMES_MAX. */
void picture_write_frames(struct picture_writer *writer, uint32_t thread,
                          const struct picture_frame *frames, size_t count);

/* How far below the thread pointer a module's static thread-local variables begin. */
void picture_write_tls(struct picture_writer *writer, uint32_t module, uint64_t offset);

/* Write what is in the batch, and empty it. */
void picture_write_batch(struct picture_writer *writer, struct picture_batch *batch);

void picture_write_end(struct picture_writer *writer, const struct picture_end *end);

/* Append what is left. Return: 0, or -errno of the first failure. */
long picture_writer_finish(struct picture_writer *writer);

#endif
