/* Only a pointer to the inside of a block is kept, in a global variable. */
#include "leaks.h"

char *inside;

int main(void)
{
    inside = (char *)block(200) + 40;
    forget();
    return 0;
}
