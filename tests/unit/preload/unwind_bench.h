/*
 * What tests of unwind.c share: a thread's unwinder, whose every capture is compared with glibc's
 * backtrace(), which reads the same unwind tables by other code, and functions with frames of every
 * shape to capture from. Ids are given out as the tracer does it, so a frame that wrongly counts as
 * reused shows as a wrong id.
 */
#ifndef TESTS_UNWIND_BENCH_H
#define TESTS_UNWIND_BENCH_H

#include "stack_table.h"
#include "unwind.h"

#define UNWIND_BENCH_FRAMES 1200
#define UNWIND_SHAPES 10

/* What one thread has, and what it saw last. */
struct unwind_bench {
    struct unwinder *unwinder;
    struct unwind_stack stack;
    uint32_t id;     /* of that stack */
    uint64_t random; /* state of its random numbers */
    unsigned captures;
    unsigned known;      /* of these, by segments */
    unsigned expected;   /* and of these, by the one that was expected */
    void (*yield)(void); /* called in between by unwind_bench_wander(); may be NULL */
    void *frames[UNWIND_BENCH_FRAMES];
};

/* What a process has. */
struct unwind_common {
    struct unwind_shared shared;
    struct stack_table stacks;
    uint64_t checks;
    uint64_t corrections; /* more than 0 at the end of a test: it fails */
    uint64_t full_walks;
};

extern struct unwind_common common;
extern __thread struct unwind_bench *bench; /* this thread's */

/* Fixtures of each test. */
void unwind_bench_set_up(void);
void unwind_bench_tear_down(void);

/* For another thread. @seed: of its random numbers. */
struct unwind_bench *unwind_bench_new(uint64_t seed);

/* Capture the stack of the caller, and compare it. */
void unwind_bench_capture(void);

/* For where backtrace() finds less: no comparison but of the leaf, which must be the caller. */
void unwind_bench_capture_only(void);

/* Make @bytes of @size something that the compiler must keep. */
void unwind_bench_touch(volatile unsigned char *bytes, size_t size);

/* Functions that call unwind_bench_wander(), with frames of different shapes. */
extern void (*const unwind_shapes[UNWIND_SHAPES])(unsigned depth);

/* Two captures from one frame, sometimes, and calls of shapes at random between them. */
void unwind_bench_wander(unsigned depth);

/* Call shapes until @captures more stacks were captured; fewer where each takes its time. */
void unwind_bench_wander_for(unsigned captures, unsigned depth);

/* The barrier after a call keeps it from becoming a jump. */
#define BARRIER() __asm__ volatile("" ::: "memory")

#endif
