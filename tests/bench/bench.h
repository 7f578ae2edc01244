/* What the measured programs share: numbers from the command line, and ways to keep the compiler
 * from leaving out what is measured. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Return: argument @index, a positive number; without one the program ends. */
static inline uint64_t number_argument(int argc, char **argv, int index)
{
    uint64_t number = index < argc ? strtoull(argv[index], NULL, 10) : 0;
    if (number == 0) {
        (void)fprintf(stderr, "%s: argument %d must be a positive number\n", argv[0], index);
        exit(EXIT_FAILURE);
    }
    return number;
}

/* Return: @block, which the compiler must take for used. */
static inline void *use(void *block)
{
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

/* Placed after a call: the call is no tail call then, and the caller keeps its frame. */
static inline void keep_frame(void)
{
    __asm__ volatile("" : : : "memory");
}

/* Return: the next of a sequence of pseudo-random numbers (xorshift64, Marsaglia 2003). */
static inline uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#define RANDOM_SEED 88172645463325252u

#endif
