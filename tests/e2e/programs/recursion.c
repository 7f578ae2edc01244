/*
 * Allocations from 200 calls deep and on the way there, by functions that call each other, so that
 * many call stacks differ only in their middle.
 */
#include "oracle.h"

#define DEPTH 200
#define ROUNDS 40

static void odd(unsigned depth, unsigned round);

static __attribute__((noinline)) void even(unsigned depth, unsigned round)
{
    if (depth == 0) {
        (void)oracle_malloc(round + 1);
        return;
    }
    void *before = oracle_malloc((size_t)depth * 3);
    if ((depth + round) % 7 == 0) {
        even(depth - 1, round);
    } else {
        odd(depth - 1, round);
    }
    oracle_free(before);
}

static __attribute__((noinline)) void odd(unsigned depth, unsigned round)
{
    if (depth == 0) {
        (void)oracle_malloc(round + 2);
        return;
    }
    even(depth - 1, round);
    void *after = oracle_malloc(depth);
    if (depth % 50 != 0) {
        oracle_free(after);
    }
}

int main(void)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        even(DEPTH, round);
    }
    oracle_print();
    return 0;
}
