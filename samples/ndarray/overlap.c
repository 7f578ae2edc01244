/*
 * Whether two arrays have a byte in common, exactly.
 *
 * A byte of array a lies at  a.low + sum(|stride| * x) + byte,  0 <= x < size, 0 <= byte < itemsize
 * where a.low is its lowest address. Equating that with b's and replacing each y of b by
 * (size - 1 - y) gives one equation with positive factors and bounded unknowns:
 *
 *   sum(factor * x) = target,  0 <= x <= bound
 *
 * It is solved depth first, largest factor first. What is left over must stay between 0 and the
 * sum of the rest, and be a multiple of the rest's common divisor: that leaves hardly any choice
 * unless strides are contrived.
 */
#include "internal.h"

#define TERMS_MAX (2 * NDA_MAX_DIMS + 2)

struct term {
    uint64_t factor;
    uint64_t bound;
    uint64_t rest_sum;     /* of factor * bound of this and all later terms */
    uint64_t rest_divisor; /* of the factors of this and all later terms */
};

struct equation {
    struct term terms[TERMS_MAX];
    int count;
};

struct extent {
    uintptr_t low;
    uintptr_t high; /* after the last byte */
};

static uint64_t width_of(int64_t stride)
{
    return stride < 0 ? (uint64_t)0 - (uint64_t)stride : (uint64_t)stride;
}

static struct extent extent_of(const struct nda *array)
{
    struct extent extent = {(uintptr_t)array->data, (uintptr_t)array->data + array->itemsize};
    for (int i = 0; i < array->ndim; i++) {
        uint64_t reach = width_of(array->strides[i]) * (uint64_t)(array->shape[i] - 1);
        if (array->strides[i] < 0) {
            extent.low -= reach;
        } else {
            extent.high += reach;
        }
    }
    return extent;
}

/* Insert by falling factor. */
static void add_term(struct equation *equation, uint64_t factor, uint64_t bound)
{
    if (factor == 0 || bound == 0) {
        return;
    }
    int at = equation->count++;
    for (; at > 0 && equation->terms[at - 1].factor < factor; at--) {
        equation->terms[at] = equation->terms[at - 1];
    }
    equation->terms[at] = (struct term){factor, bound, 0, 0};
}

static void add_array(struct equation *equation, const struct nda *array)
{
    for (int i = 0; i < array->ndim; i++) {
        add_term(equation, width_of(array->strides[i]), (uint64_t)(array->shape[i] - 1));
    }
    add_term(equation, 1, array->itemsize - 1);
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void sum_up(struct equation *equation)
{
    uint64_t sum = 0;
    uint64_t divisor = 0;
    for (int i = equation->count - 1; i >= 0; i--) {
        struct term *term = &equation->terms[i];
        sum += term->factor * term->bound;
        divisor = common_divisor(term->factor, divisor);
        term->rest_sum = sum;
        term->rest_divisor = divisor;
    }
}

/* Whether the terms from @first on can give @target. */
static bool is_solvable(const struct equation *equation, int first, uint64_t target)
{
    if (target == 0) {
        return true;
    }
    if (first == equation->count || target > equation->terms[first].rest_sum ||
        target % equation->terms[first].rest_divisor != 0) {
        return false;
    }
    const struct term *term = &equation->terms[first];
    uint64_t most = target / term->factor;
    most = most < term->bound ? most : term->bound;
    uint64_t rest = term->rest_sum - term->factor * term->bound;
    uint64_t fewest = 0;
    if (target > rest) {
        fewest = (target - rest - 1) / term->factor + 1;
    }
    for (uint64_t x = fewest; x <= most; x++) {
        if (is_solvable(equation, first + 1, target - x * term->factor)) {
            return true;
        }
    }
    return false;
}

bool nda_shares_memory(const struct nda *a, const struct nda *b)
{
    if (nda_size(a) == 0 || nda_size(b) == 0) {
        return false;
    }
    struct extent a_extent = extent_of(a);
    struct extent b_extent = extent_of(b);
    if (a_extent.high <= b_extent.low || b_extent.high <= a_extent.low) {
        return false;
    }
    // a.low + A = b.low + B, with B = (b.high - 1 - b.low) - B' gives A + B' = b.high - 1 - a.low
    struct equation equation = {.count = 0};
    add_array(&equation, a);
    add_array(&equation, b);
    sum_up(&equation);
    return is_solvable(&equation, 0, b_extent.high - 1 - a_extent.low);
}
