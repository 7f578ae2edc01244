/* A binary tree whose root is lost. */
#include "leaks.h"

static struct node *grow(int depth)
{
    return depth == 0 ? NULL : new_node(grow(depth - 1), grow(depth - 1));
}

static NOINLINE void lose(void)
{
    (void)keep(grow(8));
}

int main(void)
{
    lose();
    forget();
    return 0;
}
