/* A lost block that leads to a cycle, made before and after it. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    struct node *before = new_node(NULL, NULL);
    struct node *first = new_node(NULL, NULL);
    first->next = new_node(first, NULL);
    struct node *after = new_node(first, NULL);
    before->next = first->next;
    (void)keep(after);
}

int main(void)
{
    lose();
    forget();
    return 0;
}
