/*
 * Thousands of coroutines on stacks that are unmapped and mapped again.
 * Defences: the memo is checked slot by slot before it is used (unwind_find_difference()), and
 * stacks are known by their place (extents.h), with a rule for what makecontext() leaves at their
 * end (RULE_GUESS).
 * Without them: without the comparison (its loop went on to the end) 300 stacks were those of the
 * coroutine before. Without the rule each capture was a walk by libunwind: 10,000 coroutines took
 * 35 s, not 1.4.
 */
#include <sys/mman.h>
#include <ucontext.h>

#include "seen.h"

#define AT_ONCE 20
#define STACK_BYTES ((size_t)16384)

static ucontext_t scheduler;
static struct coroutine {
    ucontext_t context;
    void *stack;
    int is_done;
} running[AT_ONCE];

static __attribute__((noinline)) void *work(struct coroutine *self, unsigned depth)
{
    void *block = marked();
    if (depth > 0) {
        free(work(self, depth - 1));
    } else {
        swapcontext(&self->context, &scheduler); /* others allocate in between */
    }
    free(marked());
    return block;
}

static __attribute__((noinline)) void run(int slot)
{
    struct coroutine *self = &running[slot];
    for (unsigned i = 0; i < 3; i++) {
        free(work(self, (unsigned)slot % 5));
    }
    self->is_done = 1;
}

/* The same in the same place, but another caller. */
static void run_too(int slot)
{
    run(slot);
    __asm__ volatile("" ::: "memory");
}

static void run_as_well(int slot)
{
    run(slot);
    __asm__ volatile("nop" ::: "memory");
}

static void start(int slot, int is_odd)
{
    struct coroutine *self = &running[slot];
    self->stack =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(self->stack != MAP_FAILED, "mmap");
    getcontext(&self->context);
    self->context.uc_stack.ss_sp = self->stack;
    self->context.uc_stack.ss_size = STACK_BYTES;
    self->context.uc_link = &scheduler;
    self->is_done = 0;
    makecontext(&self->context, (void (*)(void))(is_odd ? run_too : run_as_well), 1, slot);
}

/* Let a coroutine run until it yields or is done; unmap the stack then. Return: 1 if it is done. */
static int resume(int slot)
{
    swapcontext(&scheduler, &running[slot].context);
    if (running[slot].is_done) {
        munmap(running[slot].stack, STACK_BYTES);
        running[slot].stack = NULL;
        return 1;
    }
    return 0;
}

/* One at a time: nothing is captured between the end of one and the start of the next, on the same
 * stack with another caller. */
static void run_alone(int is_odd)
{
    start(0, is_odd);
    while (!resume(0)) {
    }
}

int main(int count, char **arguments)
{
    int wanted = count > 1 ? (int)strtol(arguments[1], NULL, 10) : 1000;
    int started = 0;
    int finished = 0;
    while (finished < wanted) {
        for (int slot = 0; slot < AT_ONCE; slot++) {
            if (running[slot].stack == NULL && started < wanted) {
                start(slot, started / 3 % 2);
                started++;
            }
            if (running[slot].stack != NULL) {
                finished += resume(slot);
            }
        }
    }
    for (int i = 0; i < 100; i++) {
        run_alone(i % 2);
    }
    say("%d coroutines\n", finished);
    say_marked();
    say("live 0\n");
    return 0;
}
