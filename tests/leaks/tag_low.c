/* A limit: a flag in the lowest bit makes a pointer one to the inside. */
#include "leaks.h"

static uintptr_t tagged;

int main(void)
{
    tagged = (uintptr_t)block(180) | 1;
    (void)keep(&tagged);
    forget();
    return 0;
}
