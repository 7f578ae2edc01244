/* Blocks that are mappings of their own: lost, kept, and known by their inside. */
#include "leaks.h"

static char *kept;
static char *inside;

static NOINLINE void lose(void)
{
    (void)keep(malloc(3000000));
}

int main(void)
{
    kept = malloc(4000000);
    inside = (char *)malloc(5000000) + 1000000;
    lose();
    forget();
    return 0;
}
