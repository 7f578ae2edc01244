/* Pointers to the inside and to the start of the same block. */
#include "leaks.h"

char *inside;
char *start;

int main(void)
{
    start = block(64);
    inside = start + 8;
    forget();
    return 0;
}
