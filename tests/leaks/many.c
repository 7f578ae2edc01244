/* Losses of several lines and sizes, among blocks that are freed. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    for (size_t i = 1; i <= 50; i++) {
        (void)keep(block(i));
        (void)keep(block(3 * i));
        free(keep(block(7 * i)));
    }
}

int main(void)
{
    lose();
    forget();
    return 0;
}
