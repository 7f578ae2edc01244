/*
 * Stacks that overflow, now and then inside the tracer: the program goes on by siglongjmp() from
 * its handler, as runtimes do that have an exception for it. On the stack of the process, or on
 * one of the program's own, a new one each time or always the same.
 * Defence: a hook's return address that is no longer in its slot shows that the hook was left, on
 * whatever stack it was (is_stale() in enter.c).
 * Without it: when only a stack pointer above that of the hook counted, and only on a stack that
 * was known to be so deep, all was lost after two overflows inside the tracer: of 2500 blocks 220
 * were seen on the process's stack, 50 on others.
 */
#include <alloca.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "seen.h"

#define STACK_BYTES ((size_t)65536)
#define GUARD_BYTES ((size_t)65536)
#define AFTERWARDS 5 /* blocks that count */

static sigjmp_buf back;
static volatile long overflows;
static ucontext_t here;

static void on_fault(int number)
{
    (void)number;
    overflows = overflows + 1;
    siglongjmp(back, 1);
}

static unsigned next_random(void)
{
    static unsigned state = 1;
    state = state * 1103515245U + 12345;
    return state >> 16;
}

/* Frames of all sizes: the guard is met at any instruction that needs the stack. */
static __attribute__((noinline)) void deeper(unsigned depth)
{
    volatile char *room = alloca(16 + next_random() % 200);
    room[0] = 1;
    void *block = malloc(100 + depth % 50);
    __asm__ volatile("" : : "r"(block) : "memory");
    free(block);
    if (depth < UINT_MAX) {
        deeper(depth + 1);
    }
    __asm__ volatile("" ::: "memory");
}

static void overflow_it(void)
{
    deeper(0);
}

static unsigned char *new_stack(void)
{
    unsigned char *area =
        mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(area != MAP_FAILED, "mmap");
    need(mprotect(area + GUARD_BYTES, STACK_BYTES, PROT_READ | PROT_WRITE) == 0, "mprotect");
    return area;
}

static void overflow_of(unsigned char *area)
{
    static ucontext_t there;
    need(getcontext(&there) == 0, "getcontext");
    there.uc_stack.ss_sp = area + GUARD_BYTES;
    there.uc_stack.ss_size = STACK_BYTES - (size_t)(next_random() % 256) * 16;
    makecontext(&there, overflow_it, 0);
    (void)swapcontext(&here, &there);
}

/* The process's own stack is small from the next exec on. */
static void begin_again_with_a_small_stack(char **arguments)
{
    struct rlimit limit = {2 * STACK_BYTES, 2 * STACK_BYTES};
    if (getenv("AGAIN") == NULL) {
        need(setrlimit(RLIMIT_STACK, &limit) == 0 && setenv("AGAIN", "1", 1) == 0, "limit");
        execv("/proc/self/exe", arguments);
        need(0, "exec");
    }
}

int main(int count, char **arguments)
{
    static unsigned char alternate[65536];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    need(count > 2, "arguments");
    const long rounds = strtol(arguments[1], NULL, 10);
    const char *where = arguments[2];
    if (strcmp(where, "process") == 0) {
        begin_again_with_a_small_stack(arguments);
    }
    need(sigaltstack(&stack, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0, "handler");
    unsigned char *volatile area = new_stack();
    for (volatile long i = 0; i < rounds; i++) {
        if (sigsetjmp(back, 1) == 0) {
            if (strcmp(where, "process") == 0) {
                overflow_it();
            }
            overflow_of(area);
        }
        if (strcmp(where, "new") == 0) {
            need(munmap(area, GUARD_BYTES + STACK_BYTES) == 0, "munmap");
            area = new_stack();
        }
        marked_churn(AFTERWARDS);
    }
    say("overflows %ld\n", overflows);
    say_marked();
    return 0;
}
