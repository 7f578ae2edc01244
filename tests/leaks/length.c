/* A block that is known by what follows its length of eight bytes, as in sqlite. */
#include "leaks.h"

static char *text;

int main(void)
{
    uint64_t *sized = block(8 + 64);
    *sized = 64;
    text = (char *)(sized + 1);
    sized = NULL;
    (void)keep(sized);
    forget();
    return 0;
}
