/*
 * Pairs of malloc() and free() from one stack: what a loop that allocates does. The stack is the
 * same each time, so that this is the price of an event whose stack is known.
 *
 *   pairs COUNT DEPTH
 */
#include "bench.h"

static __attribute__((noinline)) void allocate(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        free(use(malloc(64)));
    }
}

// NOLINTNEXTLINE(misc-no-recursion): a deep stack is the point
static __attribute__((noinline)) void descend(uint64_t count, uint64_t depth)
{
    if (depth == 0) {
        allocate(count);
    } else {
        descend(count, depth - 1);
    }
    keep_frame();
}

int main(int argc, char **argv)
{
    descend(number_argument(argc, argv, 1), number_argument(argc, argv, 2));
    return EXIT_SUCCESS;
}
