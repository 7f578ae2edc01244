/* A block that nothing points to. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    (void)keep(block(100));
}

int main(void)
{
    lose();
    forget();
    return 0;
}
