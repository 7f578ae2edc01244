/* A kept block points to the inside of another one, which leads to a third. */
#include "leaks.h"

static struct node *kept;

int main(void)
{
    struct node *second = malloc(5 * sizeof *second);
    memset(second, 0, 5 * sizeof *second);
    second[0].next = new_node(NULL, NULL);
    kept = new_node(second + 2, NULL);
    second = NULL;
    (void)keep(second);
    forget();
    return 0;
}
