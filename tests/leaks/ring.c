/* A ring that is linked both ways. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    struct node *first = new_node(NULL, NULL);
    struct node *last = first;
    for (int i = 0; i < 30; i++) {
        last->next = new_node(NULL, last);
        last = last->next;
    }
    last->next = first;
    first->other = last;
}

int main(void)
{
    lose();
    forget();
    return 0;
}
