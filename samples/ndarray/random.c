/*
 * Seeded normal numbers: splitmix64 for the bits, Marsaglia's polar method for the distribution.
 * Source: https://prng.di.unimi.it/splitmix64.c, https://doi.org/10.1137/1006063
 */
#include <math.h>

#include "internal.h"

static uint64_t next_bits(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t bits = *state;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

/* Between -1 and 1: the upper 53 bits are what a double holds. */
static double next_uniform(uint64_t *state)
{
    return (double)(next_bits(state) >> 11) * 0x1p-52 - 1.0;
}

/* Two independent numbers. */
static void next_pair(uint64_t *state, double ret_pair[2])
{
    double x = 0;
    double y = 0;
    double square = 0;
    while (square <= 0 || square >= 1) { // a point inside the unit circle, but not its centre
        x = next_uniform(state);
        y = next_uniform(state);
        square = x * x + y * y;
    }
    double scale = sqrt(-2 * log(square) / square);
    ret_pair[0] = x * scale;
    ret_pair[1] = y * scale;
}

enum nda_status nda_randn(int ndim, const int64_t *shape, uint64_t seed, struct nda **ret_array)
{
    struct nda *array = NULL;
    enum nda_status status = nda_new(NDA_DTYPE_FLOAT64, ndim, shape, NULL, false, &array);
    if (status != NDA_OK) {
        return status;
    }
    double *items = array->buffer;
    int64_t size = nda_size(array);
    double pair[2] = {0, 0};
    for (int64_t i = 0; i < size; i++) {
        if (i % 2 == 0) {
            next_pair(&seed, pair);
        }
        items[i] = pair[i % 2];
    }
    *ret_array = array;
    return NDA_OK;
}
