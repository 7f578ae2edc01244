/*
 * The mappings of this process, from /proc/self/maps, and which of their pages were ever touched,
 * from /proc/self/pagemap: what a heap picture may read.
 *
 * For a process that nobody changes meanwhile: the copy that makes a heap picture. Context:
 * async-signal-safe; memory is mapped, never given back.
 */
#ifndef PRELOAD_MAPPINGS_H
#define PRELOAD_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

enum mapping_flag {
    MAPPING_READ = 1,
    MAPPING_WRITE = 2,
    MAPPING_EXECUTE = 4,
    MAPPING_SHARED = 8,
};

struct mapping {
    uintptr_t start;
    uintptr_t end;
    uint64_t device;  /* as stat() gives it */
    uint64_t inode;   /* 0: of no file */
    const char *name; /* path, or what the kernel calls it; "" */
    uint8_t flags;    /* enum mapping_flag */
};

struct mappings {
    struct mapping *list; /* by address */
    size_t count;
};

/* Neighbours that are alike, and of no file, are one. Return: false without memory or /proc. */
bool mappings_read(struct mappings *mappings);

/* Return: the mapping of an address, or NULL. */
const struct mapping *mappings_find(const struct mappings *mappings, uintptr_t address);

/* Answers about pages, some of which are kept. */
struct touched_pages {
    int fd;
    uintptr_t start; /* address of the first page that pages[] tells about */
    size_t count;
    uint8_t pages[MEMORY_PAGES_MAX]; /* enum memory_page */
};

void touched_pages_open(struct touched_pages *pages);

/*
 * Was a page of a private mapping ever touched? One that was not holds zeros, or what stands in a
 * file, and reading it would cost memory.
 */
bool touched_pages_has(struct touched_pages *pages, uintptr_t address);

#endif
