/* A block that only a mapping of the program keeps. */
#include <sys/mman.h>

#include "leaks.h"

int main(void)
{
    void **page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[100] = block(170);
    page = NULL;
    (void)keep(page);
    forget();
    return 0;
}
