/* Blocks of no bytes. */
#include "leaks.h"

static void *kept;

static NOINLINE void lose(void)
{
    (void)keep(malloc(0));
    kept = malloc(0);
}

int main(void)
{
    lose();
    forget();
    return 0;
}
