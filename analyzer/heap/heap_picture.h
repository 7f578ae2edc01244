/*
 * One heap picture in memory: its block graph, and what is known of each block and region.
 */
#ifndef ANALYZER_HEAP_PICTURE_H
#define ANALYZER_HEAP_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "heap_graph.h"
#include "picture.h"

struct heap_block {
    uint64_t address; /* ascending; 0 of a block that the picture lacks */
    uint32_t site;    /* 0: born before fork, or lacking */
    uint32_t age;     /* ticks; the most there can be if it does not fit */
};

struct heap_region {
    uint64_t number;
    uint64_t kind; /* enum trace_region */
    uint64_t start;
    uint64_t bytes;
    uint64_t base;
    uint64_t thread;
    uint32_t module;
    const char *name; /* empty if it has none */
};

/* A part of a thread's stack that is one function's. */
struct heap_frame {
    uint64_t thread;
    uint64_t pc; /* in the call that it has made, or in what it does next, plus 1 */
    uint64_t sp; /* where the part begins */
    uint64_t bp;
    uint64_t end; /* the function's canonical frame address; sp if it is not known */
    uint32_t module;
};

struct heap_picture {
    struct picture_head head;
    struct picture_end end;
    bool is_complete; /* it has an end, and all blocks that it says it has */
    struct heap_graph graph;
    struct heap_block *blocks; /* by number */
    struct heap_region *regions;
    size_t region_count;
    struct heap_frame *frames; /* by sp */
    size_t frame_count;
    struct picture_tls *tls; /* by distance */
    size_t tls_count;
    size_t tls_capacity;
    uint64_t lacking; /* blocks that were lost with a chunk */
    size_t block_capacity;
    size_t region_capacity;
    size_t frame_capacity;
    struct arena arena; /* names */
};

/*
 * Load a picture.
 * @which: from 0, below picture_count().
 * @ret_picture: heap_picture_fini() when done.
 * Errors: those of picture_read(); a picture that is cut short is none.
 */
enum trace_status heap_picture_load(struct reader *reader, size_t which,
                                    struct heap_picture *ret_picture,
                                    struct trace_error *error) TRACE_CHECKED;
void heap_picture_fini(struct heap_picture *picture);

/* Return: the block that @address is in; HEAP_NONE if there is none. */
uint32_t heap_picture_find(const struct heap_picture *picture, uint64_t address);

/*
 * Return: the module whose static thread-local variables a word so far below a thread pointer is
 * among, if it is any's; NULL if it is not known.
 */
const struct picture_tls *heap_picture_tls(const struct heap_picture *picture, uint64_t distance);

/* Return: the frame that a word of a stack is in; NULL if it is not known. */
const struct heap_frame *heap_picture_frame(const struct heap_picture *picture, uint64_t address);

#endif
