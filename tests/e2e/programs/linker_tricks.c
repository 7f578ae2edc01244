/*
 * Functions that are not all in the machine code: two of the same code, which a linker may fold
 * into one, and one that ends by jumping to another, and so is in no call stack. Built at -O2.
 */
#include <stdlib.h>

#define KEPT __attribute__((noinline, noclone))

void *volatile sink;

KEPT void *first_twin(size_t bytes);
KEPT void *second_twin(size_t bytes);
KEPT void *jumps_to_malloc(size_t bytes);
KEPT void calls_it(size_t bytes);

KEPT void *first_twin(size_t bytes)
{
    void *block = malloc(bytes + 1);
    sink = block;
    return block;
}

KEPT void *second_twin(size_t bytes)
{
    void *block = malloc(bytes + 1);
    sink = block;
    return block;
}

KEPT void *jumps_to_malloc(size_t bytes)
{
    sink = NULL;
    return malloc(bytes); // a tail call
}

KEPT void calls_it(size_t bytes)
{
    sink = jumps_to_malloc(bytes);
}

int main(void)
{
    (void)first_twin(1000);
    (void)second_twin(2000);
    calls_it(3000);
    return 0;
}
