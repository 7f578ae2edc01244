/*
 * A realloc that passes every check of its arguments and still fails for want of memory. A program
 * of its own, because valgrind counts such a call as if it had succeeded.
 */
#include <errno.h>

#include "oracle.h"

#define ROUNDS 50

static volatile size_t huge = PTRDIFF_MAX - 4096;

int main(void)
{
    void *block = oracle_malloc(100);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (oracle_realloc(block, huge) != NULL || errno != ENOMEM) {
            oracle_give_up("realloc did not fail as it should");
        }
    }
    oracle_print();
    return 0;
}
