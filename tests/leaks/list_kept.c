/* A list that a global variable keeps. */
#include "leaks.h"

static struct node *head;

int main(void)
{
    for (int i = 0; i < 100; i++) {
        head = new_node(head, block(10));
    }
    forget();
    return 0;
}
