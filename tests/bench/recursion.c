/*
 * Random recursion: a tree of calls is walked in which each of the innermost levels calls the next
 * one twice, each time from one of four places drawn at random. Every stack differs from the one
 * before near its leaf, as in parsers, compilers and interpreters. 4 ** VARIED stacks in all.
 *
 *   recursion COUNT DEPTH
 */
#include "bench.h"

enum { VARIED = 6 };

static uint64_t state = RANDOM_SEED;

static void visit(uint64_t levels);

// NOLINTBEGIN(misc-no-recursion): it is about recursion

static __attribute__((noinline)) void visit_from_somewhere(uint64_t levels)
{
    switch (draw(&state) >> 32 & 3) {
    case 0:
        visit(levels);
        break;
    case 1:
        visit(levels);
        keep_frame();
        break;
    case 2:
        visit(levels);
        __asm__ volatile("nop");
        break;
    default:
        visit(levels);
        __asm__ volatile("nop; nop");
    }
    keep_frame();
}

static __attribute__((noinline)) void visit(uint64_t levels)
{
    if (levels == 0) {
        free(use(malloc(64)));
        return;
    }
    if (levels > VARIED) {
        visit(levels - 1);
    }
    uint64_t calls = levels > VARIED ? 0 : 2;
    __asm__ volatile("" : "+r"(calls)); /* unknown, so that both calls are from one place */
    while (calls-- > 0) {
        visit_from_somewhere(levels - 1);
    }
    keep_frame();
}

// NOLINTEND(misc-no-recursion)

int main(int argc, char **argv)
{
    uint64_t count = number_argument(argc, argv, 1) >> VARIED;
    uint64_t depth = number_argument(argc, argv, 2);
    while (count-- > 0) {
        /* of the innermost levels each takes two frames */
        visit(depth - VARIED);
    }
    return EXIT_SUCCESS;
}
