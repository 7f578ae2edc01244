/* A stream that is never closed: libc itself still knows it. */
#include <stdio.h>

#include "leaks.h"

static NOINLINE void lose(void)
{
    FILE *stream = fopen("/dev/null", "we");
    (void)fputs("text", stream);
    (void)keep(stream);
}

int main(void)
{
    lose();
    forget();
    return 0;
}
