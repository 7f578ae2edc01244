/* Two blocks that keep each other. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    struct node *first = new_node(NULL, NULL);
    first->next = new_node(first, NULL);
}

int main(void)
{
    lose();
    forget();
    return 0;
}
