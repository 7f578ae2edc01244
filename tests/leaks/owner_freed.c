/* A block that is lost when its owner is freed. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    struct node *owner = new_node(block(220), NULL);
    (void)keep(owner);
    free(owner);
}

int main(void)
{
    lose();
    forget();
    return 0;
}
