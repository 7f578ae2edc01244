/* Each function that allocates, lost once. */
#include <malloc.h>

#include "leaks.h"

static NOINLINE void lose(void)
{
    void *made = NULL;
    (void)keep(calloc(3, 17));
    (void)keep(aligned_alloc(64, 128));
    (void)keep(memalign(256, 33));
    (void)keep(valloc(77));
    (void)keep(realloc(NULL, 99));
    (void)keep(reallocarray(NULL, 5, 13));
    if (posix_memalign(&made, 1024, 55) == 0) {
        made = keep(made);
    }
}

int main(void)
{
    lose();
    forget();
    return 0;
}
