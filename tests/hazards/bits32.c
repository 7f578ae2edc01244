/* The child of spawns.c: 32 bits, so that the tracer cannot be in it. */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char *block = malloc(1000);
    printf("pointers of %zu bytes\n", sizeof block);
    fflush(stdout);
    free(block);
    return 32;
}
