/* A block that only a local variable of main() keeps. */
#include "leaks.h"

int main(void)
{
    void *volatile local = block(500);
    forget();
    exit(local == NULL);
}
