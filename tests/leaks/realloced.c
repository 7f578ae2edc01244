/* A block that moved when it grew, and lost one of its two owners. */
#include "leaks.h"

static struct node *kept;

static NOINLINE void lose(void)
{
    char *text = block(20);
    (void)keep(block(20));
    text = realloc(text, 5000);
    (void)keep(text);
    kept = new_node(NULL, realloc(block(8), 9000));
}

int main(void)
{
    lose();
    forget();
    return 0;
}
