/* A block that only a thread-local variable keeps. */
#include "leaks.h"

static _Thread_local void *local;

int main(void)
{
    local = block(70);
    forget();
    return 0;
}
