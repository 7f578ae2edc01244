/*
 * The roots of a heap picture: every writable mapping, but for what the allocator and the tracer
 * use, and what lies below a stack pointer. See docs/design.md, "Heap pictures".
 *
 * For the copy of the process that makes the picture. Context: async-signal-safe.
 */
#ifndef PRELOAD_PICTURE_ROOTS_H
#define PRELOAD_PICTURE_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "glibc_heap.h"
#include "mappings.h"
#include "picture_scan.h"
#include "unwind_libunwind.h"

/* The traced process has registers of this many bytes: general ones, and vectors. */
#define PICTURE_REGISTER_BYTES 4096

/* A thread as it was when memory was frozen. */
struct picture_thread {
    int id;
    int signal;             /* that it is to be given when it goes on; 0: none */
    bool is_still;          /* it stood still: what follows is known */
    uintptr_t stack;        /* stack pointer; without is_still an address in its stack, or 0 */
    uintptr_t caller;       /* stack pointer of the function that called us; 0: as above */
    uintptr_t base;         /* thread pointer; 0: not known */
    uintptr_t hook;         /* stack pointer of the caller of the hook that it was last in */
    uintptr_t hook_returns; /* where that hook returns to */
    struct range moving;    /* the block that it was reallocating last; empty: none */
    struct registers start; /* of its call stack; pc 0: those below, if they are known */
    size_t register_bytes;
    uint64_t registers[PICTURE_REGISTER_BYTES / sizeof(uint64_t)];
};

struct picture_threads {
    struct picture_thread *list;
    size_t count;
    size_t bytes;    /* mapped for the list */
    bool is_stopped; /* by picture_stop() */
    bool has_more;   /* that are not in the list */
};

struct picture_roots {
    const struct mappings *mappings;
    const struct picture_threads *threads;
    const struct file *file; /* the trace, whose windows are no roots */
    bool is_glibc;           /* the allocator is glibc's, and this is in it */
    uintptr_t allocator;
    size_t thread_bytes;    /* of libc's descriptor of a thread, which its base points to */
    size_t tls_bytes;       /* of that and the static variables before it */
    struct range *excluded; /* where no roots are */
    size_t count;
    size_t room;
    size_t last_heap; /* of the excluded ranges, the last that is the allocator's, plus 1 */
};

/* Prepare. Return: false without memory. */
bool picture_roots_init(struct picture_roots *roots);

/* A live block: the memory around it is the allocator's. Blocks come by address. */
void picture_roots_exclude(struct picture_roots *roots, const struct block *block,
                           const struct mapping *mapping);

/* Return: the address range of the object that @address is in; empty if it is in none. */
struct range picture_object_of(const void *address);

/* Look at all roots. */
void picture_roots_scan(struct picture_roots *roots, struct picture_scan *scan);

#endif
