/* A cycle that leads to a list: one of the cycle is definite, all others are indirect. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    struct node *tail = new_node(new_node(new_node(NULL, NULL), NULL), block(30));
    struct node *first = new_node(NULL, tail);
    first->next = new_node(new_node(new_node(first, NULL), NULL), NULL);
}

int main(void)
{
    lose();
    forget();
    return 0;
}
