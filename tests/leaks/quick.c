/* A program that ends with _exit(). */
#include <unistd.h>

#include "leaks.h"

static NOINLINE void lose(void)
{
    (void)keep(block(250));
}

int main(void)
{
    lose();
    forget();
    _exit(0);
}
