/*
 * A program at a fixed address that takes malloc's: the linker gives an entry of its procedure
 * linkage table for it, which dlsym() finds before every malloc. Defence: what is not defined where
 * it is found is no malloc of the program's own (real_is_preceded()).
 * Without it: the summary told of a malloc that comes before the tracer's, of node, too.
 */
#include "seen.h"

int main(void)
{
    void *(*volatile allocate)(size_t) = malloc;
    void *block = allocate(MARKED);
    need(block != NULL, "malloc");
    say("marked 1\n");
    free(block);
    return 0;
}
