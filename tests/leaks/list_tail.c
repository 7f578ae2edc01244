/* A list of which only the last node is known. */
#include "leaks.h"

static struct node *tail;

int main(void)
{
    struct node *head = tail = new_node(NULL, NULL);
    for (int i = 0; i < 20; i++) {
        head = new_node(head, NULL);
    }
    head = NULL;
    (void)keep(head);
    forget();
    return 0;
}
