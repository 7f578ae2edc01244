/*
 * siglongjmp() out of a handler that interrupted the tracer, and out of deep stacks.
 * Defence: a state that a hook left busy for ever is found to be stale (is_stale() in tracer.c) and
 * made good (process_recover() in threads.c).
 * Without it: when only a higher stack pointer counted as proof, 2,365 of 2,254,301 blocks were
 * seen, the rest lost. When nothing was made good, one run in thirty ended with SIGSEGV: the jump
 * had left a table of sites that was growing.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#include "seen.h"

#define JUMPS 1000

static sigjmp_buf back;
static volatile sig_atomic_t may_jump;
static volatile int jumps;

static void on_alarm(int number)
{
    (void)number;
    if (may_jump) {
        may_jump = 0;
        siglongjmp(back, 1); /* perhaps out of the middle of the tracer */
    }
}

static __attribute__((noinline)) void deep(unsigned depth, int is_leaving)
{
    char room[64];
    __asm__ volatile("" : : "r"(room) : "memory");
    if (depth > 0) {
        deep(depth - 1, is_leaving);
    } else {
        free(marked());
        if (is_leaving) {
            siglongjmp(back, 2);
        }
    }
    __asm__ volatile("" ::: "memory");
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval timer = {{0, 500}, {0, 500}};
    struct itimerval no_timer = {{0, 0}, {0, 0}};
    for (volatile unsigned i = 0; i < JUMPS; i++) {
        if (sigsetjmp(back, 0) == 0) {
            deep(i % 200, 1);
        }
        deep(i % 7, 0);
    }
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (;;) {
        if (sigsetjmp(back, 1) != 0) {
            jumps = jumps + 1;
            if (jumps == JUMPS) {
                break;
            }
        }
        may_jump = 1;
        for (volatile unsigned i = 0; may_jump && i < 100000; i++) {
            deep(i % 5, 0);
            free(malloc(2000 + i % 500));
        }
    }
    setitimer(ITIMER_REAL, &no_timer, NULL);
    marked_churn(1000);
    say("%d jumps\n", jumps);
    say_marked();
    return 0;
}
