/* A block that a static variable of a function keeps. */
#include "leaks.h"

static NOINLINE void use(void)
{
    static void *cache;
    if (cache == NULL) {
        cache = block(300);
    }
}

int main(void)
{
    use();
    forget();
    return 0;
}
