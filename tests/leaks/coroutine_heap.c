/* A block that only a coroutine knows, whose stack is a block itself. */
#include <sys/mman.h>
#include <ucontext.h>

#include "leaks.h"

enum { STACK_BYTES = 262144 };

static ucontext_t outside;
static ucontext_t inside;

static void run(void)
{
    void *volatile local = block(160);
    forget();
    (void)swapcontext(&inside, &outside);
    free(local);
}

int main(void)
{
    (void)getcontext(&inside);
    inside.uc_stack.ss_sp = malloc(STACK_BYTES);
    inside.uc_stack.ss_size = STACK_BYTES;
    inside.uc_link = &outside;
    makecontext(&inside, run, 0);
    (void)swapcontext(&outside, &inside);
    forget();
    return 0;
}
