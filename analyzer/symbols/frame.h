/*
 * A source position as reports show it, and what the user's rules say about it. Frames belong to
 * the frame table, which makes each of them once; two frames of the same place are shown alike.
 */
#ifndef ANALYZER_FRAME_H
#define ANALYZER_FRAME_H

#include <stdbool.h>
#include <stdint.h>

struct frame {
    /* What is printed: "dir/file.c" with a line; else "libfoo.so.1!function+0x1c", line 0. */
    const char *place;
    uint32_t line;
    bool has_line;
    /* What is known; NULL when it is not. Interned: equal names are equal pointers. */
    const char *function;
    const char *file;     /* relative to the working directory when below it */
    const char *path;     /* of the file, as the compiler recorded it */
    const char *module;   /* path */
    const char *build_id; /* of the module, in hexadecimal */
    uint64_t address;     /* as in the module's file, inside the call */
    bool is_inlined;
    /* What the rules say. */
    bool is_tracer;     /* our own code: never shown */
    bool is_plumbing;   /* allocates on behalf of its caller */
    bool is_skipped;    /* --skip */
    bool is_own;        /* --own */
    bool is_included;   /* --filter, and so is every frame if there is none */
    bool is_excluded;   /* --exclude */
    bool is_annotated;  /* --annotate: its file */
    bool is_suppressed; /* --suppressions */
};

#endif
