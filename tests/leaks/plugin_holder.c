/* A library that keeps a block in a global variable of its own. */
#include "leaks.h"

static void *held;

void hold(void);

void hold(void)
{
    held = new_node(NULL, block(150));
}
