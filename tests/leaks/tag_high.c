/* A limit: flags in the high bits hide a pointer. */
#include "leaks.h"

static uintptr_t tagged;

int main(void)
{
    tagged = (uintptr_t)block(190) | (uintptr_t)0xabc << 52;
    (void)keep(&tagged);
    forget();
    return 0;
}
