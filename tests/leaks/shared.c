/* Two lost blocks that share a third, which is lost indirectly, once. */
#include "leaks.h"

static NOINLINE void lose(void)
{
    struct node *shared = new_node(NULL, block(60));
    (void)keep(new_node(shared, NULL));
    (void)keep(new_node(shared, NULL));
}

int main(void)
{
    lose();
    forget();
    return 0;
}
