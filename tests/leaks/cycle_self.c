/* A block that points to itself. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    struct node *one = new_node(NULL, NULL);
    one->next = (struct node *)keep(one);
}

int main(void)
{
    lose();
    forget();
    return 0;
}
