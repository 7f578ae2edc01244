/*
 * What the programs of this directory share. say() prints without stdio, which allocates. Blocks of
 * MARKED bytes are counted by the program itself; the line "marked N" tells run.py how many of them
 * the traces must have, "live N" how many of them must be left.
 */
#ifndef SEEN_H
#define SEEN_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MARKED 1237

static atomic_long marked_count;

static inline __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || write(STDOUT_FILENO, line, (size_t)length) != length) {
        _exit(99);
    }
}

/* Allocate a block that counts, or end the program. */
static inline void *marked(void)
{
    void *block = malloc(MARKED);
    if (block == NULL) {
        _exit(98);
    }
    atomic_fetch_add(&marked_count, 1);
    return block;
}

/* Allocate and free blocks that count. */
static inline void marked_churn(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        free(marked());
    }
}

static inline void say_marked(void)
{
    say("marked %ld\n", atomic_load(&marked_count));
}

/* Give the tracer so much to write that it needs new space: of so many sites, in no order. */
static inline void fill_windows(size_t sites)
{
    static _Thread_local uint64_t state = 1;
    for (size_t i = 0; i < sites; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        free(malloc(2000 + (state >> 33) % sites));
    }
}

/* A program that cannot go on says so and ends. */
static inline void need(int is_fine, const char *what)
{
    if (!is_fine) {
        perror(what);
        _exit(97);
    }
}

#endif
