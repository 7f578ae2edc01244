/* A pointer to right behind a block does not keep it. */
#include "leaks.h"

char *end;

int main(void)
{
    end = (char *)block(4096 - 16) + 4096 - 16;
    forget();
    return 0;
}
