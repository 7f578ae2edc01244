/*
 * A signal comes in at every single instruction of malloc(), free() and realloc(): the
 * processor's trap flag raises SIGTRAP after each, and each time a later one is taken. The handler
 * allocates, and returns, or leaves with siglongjmp(), or forks a child that goes on.
 * Defence: one store marks a state busy (enter_at() in enter.h); a handler that finds it so has a
 * state of its own; what is left in the middle is made good (process_recover() in threads.c); a
 * child of a handler begins a trace at once (fork.c).
 * Without it: when a record had two stores to its end, and the second one did not come to it, a
 * piece of the trace was damaged, and 644 of 656 blocks seen.
 */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "seen.h"

#define TRAP_FLAG 0x100
#define SYSCALL_BYTES "\x0f\x05"

static sigjmp_buf back;
static const char *how;
static void *volatile held;
static volatile long steps;
static volatile long wanted; /* the instruction before which the handler does something */
static volatile long interrupted;

static void interrupt(void)
{
    interrupted = interrupted + 1;
    free(marked());
    if (strcmp(how, "jump") == 0) {
        siglongjmp(back, 1);
    }
    if (strcmp(how, "fork") == 0) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            marked_count = 0;
            wanted = -1; /* ends after the task */
            return;
        }
        need(waitpid(child, &status, 0) == child && status == 0, "the child");
    }
}

/* Signals are about to be blocked, and a trap would end the process: nothing can come in. */
static int is_blocking(const greg_t *registers)
{
    return memcmp((const void *)registers[REG_RIP], SYSCALL_BYTES, 2) == 0 &&
           registers[REG_RAX] == SYS_rt_sigprocmask;
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    (void)info;
    if (++steps == wanted || is_blocking(registers)) {
        registers[REG_EFL] &= ~TRAP_FLAG;
        if (steps == wanted) {
            interrupt();
        }
    }
}

static void allocate(void)
{
    held = malloc(40);
}

static void release(void)
{
    free(held);
}

static void resize(void)
{
    held = realloc(held, 70);
}

static void allocate_other_size(void)
{
    static size_t size = 5000;
    held = malloc(++size);
}

static void set_trap_flag(void)
{
    __asm__ volatile("pushf; orl %0, (%%rsp); popf" : : "i"(TRAP_FLAG) : "memory", "cc");
}

static void clear_trap_flag(void)
{
    __asm__ volatile("pushf; andl %0, (%%rsp); popf" : : "i"(~TRAP_FLAG) : "memory", "cc");
}

/* Do a task once, interrupted before instruction @step. Return: 0 if it has not so many. */
static int work(void (*task)(void), long step)
{
    held = malloc(60);
    if (task == allocate || task == allocate_other_size) {
        free(held);
        held = NULL;
    }
    steps = 0;
    wanted = step;
    if (sigsetjmp(back, 1) == 0) {
        if (step > 0) {
            set_trap_flag();
        }
        task();
        clear_trap_flag();
        if (wanted < 0) {
            say_marked();
            _exit(0);
        }
        if (task != release) {
            free(held);
        }
    }
    return steps >= step;
}

int main(int count, char **arguments)
{
    static void (*const tasks[])(void) = {allocate, release, resize, allocate_other_size};
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    need(count > 2, "arguments");
    how = arguments[1];
    const long apart = strtol(arguments[2], NULL, 10);
    need(sigaction(SIGTRAP, &action, NULL) == 0, "sigaction");
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        for (int warm = 0; warm < 100; warm++) {
            (void)work(tasks[i], 0);
        }
        for (volatile long step = 1; work(tasks[i], step); step = step + apart) {
        }
    }
    need(interrupted > 0, "no interruption");
    say_marked();
    return 0;
}
