/* A lost block that points to one that is kept. */
#include "leaks.h"

static struct node *kept;

static NOINLINE void lose(void)
{
    (void)keep(new_node(kept, NULL));
}

int main(void)
{
    kept = new_node(NULL, NULL);
    lose();
    forget();
    return 0;
}
