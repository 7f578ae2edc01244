/*
 * Heap pictures: which blocks were live at one moment, which pointers to them were found in them,
 * and which in the roots (format.md, 7). Records are handed out one at a time, so that memory
 * follows what the caller keeps.
 *
 * The file is untrusted: numbers of blocks are below the highest that was seen, everything else is
 * as it stands there. Nothing promises that an offset is inside its block.
 */
#ifndef ANALYZER_PICTURE_H
#define ANALYZER_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader.h"
#include "trace_format.h"

struct picture_head {
    char name[TRACE_NAME_BYTES + 1];
    uint32_t number;      /* of the picture, from 1 */
    uint64_t tick;        /* when it was taken */
    uint64_t flags;       /* enum trace_picture_flag */
    uint64_t threads;     /* of the process */
    uint64_t young_ticks; /* a block of fewer ticks is young */
};

struct picture_block {
    uint64_t number; /* its position in the picture, from 0; some may be missing */
    uint64_t address;
    uint64_t size; /* of a block without a site; else 0: the site has it */
    uint64_t age;  /* ticks */
    uint32_t site; /* 0: born before fork */
};

struct picture_region {
    uint64_t number;
    uint64_t kind; /* enum trace_region, or a newer one */
    uint64_t start;
    uint64_t bytes;
    uint64_t base; /* load bias of a module; thread pointer of thread-local variables */
    uint64_t thread;
    uint32_t module; /* 0: not defined in this trace */
    const uint8_t *name;
    size_t name_bytes;
};

struct picture_frame {
    uint64_t thread; /* whose call stack it is in; frames of one come together, innermost first */
    uint64_t pc;     /* in the call that it has made, or in what it does next, plus 1 */
    uint64_t sp;
    uint64_t bp;
    uint32_t module; /* 0: not defined in this trace */
};

/* How far below every thread pointer a module's static thread-local variables begin. */
struct picture_tls {
    uint64_t distance;
    uint32_t module;
};

struct picture_pointer {
    bool is_root;
    uint64_t source; /* a block's number; with is_root a region's */
    uint64_t slot;   /* with is_root: words from the start of the region */
    uint64_t target; /* a block's number */
    uint64_t offset; /* in the target; 0: its start */
    uint64_t looks;  /* enum trace_inside, or a newer one; 0 with offset 0 */
};

struct picture_end {
    uint64_t blocks_scanned;
    uint64_t bytes_scanned;
    uint64_t unreadable_words;
    uint64_t time_ms;
    uint64_t pause_us;
    uint64_t blocks_left_out;
};

/*
 * Who gets the records. What is handed out is only valid during the call. A function that returns
 * false has no memory; NULL: not interested.
 */
struct picture_visitor {
    void *context;
    bool (*head)(void *context, const struct picture_head *head);
    bool (*count)(void *context, uint64_t blocks, uint64_t bytes); /* so far */
    bool (*block)(void *context, const struct picture_block *block);
    bool (*region)(void *context, const struct picture_region *region);
    bool (*frame)(void *context, const struct picture_frame *frame);
    bool (*tls)(void *context, const struct picture_tls *tls);
    bool (*pointer)(void *context, const struct picture_pointer *pointer);
    bool (*end)(void *context, const struct picture_end *end);
};

/* Return: how many pictures a trace has. */
size_t picture_count(const struct reader *reader);

/*
 * Read one picture.
 * @which: 0 for the first, up to picture_count() - 1, in the order in which they were taken.
 * @reader: what is damaged is added to its damage.
 * Errors: TRACE_NOT_FOUND (no such picture), TRACE_TRUNCATED (it has no end; what there is has been
 * handed out; @error is left alone), TRACE_IO, TRACE_NOMEM.
 */
enum trace_status picture_read(struct reader *reader, size_t which,
                               const struct picture_visitor *visitor,
                               struct trace_error *error) TRACE_CHECKED;

/*
 * Read the head of a picture only; nothing is counted as damage.
 * Errors: as picture_read(); TRACE_TRUNCATED: it has no head.
 */
enum trace_status picture_read_head(struct reader *reader, size_t which,
                                    struct picture_head *ret_head,
                                    struct trace_error *error) TRACE_CHECKED;

/*
 * Read the end of a picture only, which costs one chunk; nothing is counted as damage.
 * Errors: as picture_read(); TRACE_TRUNCATED: it has no end.
 */
enum trace_status picture_read_end(const struct reader *reader, size_t which,
                                   struct picture_end *ret_end,
                                   struct trace_error *error) TRACE_CHECKED;

#endif
