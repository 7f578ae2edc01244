/* A list whose head is lost: the rest is lost indirectly. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    struct node *head = NULL;
    for (int i = 0; i < 100; i++) {
        head = new_node(head, NULL);
    }
    (void)keep(head);
}

int main(void)
{
    lose();
    forget();
    return 0;
}
