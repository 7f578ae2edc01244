/* Blocks that variables of each kind keep: of each it says "ADDRESS VARIABLE". */
#include <stdio.h>

#include "leaks.h"

static void *volatile global_keeper;
static __thread void *volatile thread_keeper;

static void *make(const char *variable)
{
    void *made = block(56);
    (void)printf("%p %s\n", made, variable);
    return made;
}

int main(void)
{
    static void *volatile inner_keeper;
    global_keeper = make("global_keeper");
    thread_keeper = make("thread_keeper");
    inner_keeper = make("inner_keeper");
    forget();
    return inner_keeper == NULL;
}
