/*
 * Functions that realign their stack (and $-64,%rsp) allocate.
 * Defence: rules that follow a saved pointer (RULE_DEREF_BP in unwind.c).
 * Without it: with a wrong such rule all stacks were right still: the first full walk finds the
 * rule wrong and does not use it.
 */
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "seen.h"

/* A variable array beside an over-aligned one: gcc realigns the stack through r10 (DRAP). */
static __attribute__((noinline)) unsigned realigned(unsigned depth, size_t size)
{
    alignas(64) volatile char wide[64];
    char *more = __builtin_alloca(size);
    memset(more, (int)depth, size);
    wide[0] = more[0];
    free(marked());
    unsigned sum = depth == 0 ? 0 : realigned(depth - 1, size + (size_t)8 * depth);
    free(marked());
    return sum + (unsigned)wide[0] + ((uintptr_t)wide % 64 != 0);
}

static __attribute__((noinline)) unsigned plain(unsigned depth)
{
    unsigned sum = realigned(depth % 9, depth % 33 + 1);
    return depth == 0 ? sum : sum + plain(depth - 1);
}

int main(void)
{
    for (unsigned i = 0; i < 200; i++) {
        say("%u\n", plain(i % 20));
    }
    say_marked();
    say("live 0\n");
    return 0;
}
