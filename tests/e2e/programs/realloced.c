/* A table of blocks that is cut to 64 bytes by realloc(); nothing else points to them. */
#include <stdlib.h>
#include <string.h>

#define BYTES 600

int main(void)
{
    void **table = malloc(BYTES);
    memset(table, 0, BYTES);
    table[3] = malloc(48);
    table[4] = malloc(48);
    __asm__ volatile("" : "+r"(table) : : "memory");
    table = realloc(table, 64);
    free(table[3]);
    free(table[4]);
    free(table);
    return 0;
}
