/*
 * Looks at memory word by word, and writes down the pointers to live blocks that it finds: in
 * blocks, and in the regions that hold roots.
 *
 * What looks like an object's inner part is judged here, by memcheck's rules, because only here is
 * the memory to be seen (docs/format.md, 7.5). Pages that were never touched are passed over.
 *
 * For a process that nobody changes meanwhile. Context: async-signal-safe.
 */
#ifndef PRELOAD_PICTURE_SCAN_H
#define PRELOAD_PICTURE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block_directory.h"
#include "mappings.h"
#include "picture_writer.h"

struct picture_scan {
    const struct block_directory *directory;
    const struct mappings *mappings;
    struct picture_writer *writer;
    struct touched_pages pages;
    int memory_fd;                /* of /proc/self/mem */
    const struct mapping *source; /* of the last block that was looked at */
    const struct mapping *target; /* of the last block that was pointed into */
    const struct mapping *table;  /* of the last table of virtual functions, and of its code */
    const struct mapping *code;
    struct picture_batch batch;
    struct picture_end totals;
};

void picture_scan_init(struct picture_scan *scan, const struct block_directory *directory,
                       const struct mappings *mappings, struct picture_writer *writer);

/* The pointers in a block. @context: the scan. */
void picture_scan_block(void *context, const struct block *block);

/*
 * The pointers in a region, which is written down if there are any.
 * @mapping: what the region lies in; NULL: it is memory of our own.
 * @bytes_at: where the region's words are to be read; usually its start.
 */
void picture_scan_region(struct picture_scan *scan, const struct picture_region *region,
                         const struct mapping *mapping, uintptr_t bytes_at);

#endif
