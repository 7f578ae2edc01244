/* A global variable that is set twice. */
#include "leaks.h"

static void *kept;

int main(void)
{
    kept = block(230);
    (void)keep(&kept);
    kept = block(240);
    (void)keep(&kept);
    forget();
    return 0;
}
