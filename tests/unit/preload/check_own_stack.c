/* The switch to the tracer's own stack. */
#include "own_stack.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "memory.h"
#include "suite.h"

#define STACK_BYTES ((size_t)OWN_STACK_BYTES)

static unsigned char *stack;

static void make_stack(void)
{
    void *frames[4];
    (void)backtrace(frames, 4); /* loads libgcc_s */
    stack = memory_map(STACK_BYTES);
    ck_assert_ptr_nonnull(stack);
}

struct seen {
    void *argument;
    uintptr_t address; /* of a local variable */
    uintptr_t frame;
    sigset_t blocked;
    void *frames[64];
    int found;
};

static void look_around(void *argument)
{
    struct seen *seen = argument;
    unsigned char local[64];
    memset(local, 1, sizeof local);
    seen->argument = argument;
    seen->address = (uintptr_t)local;
    seen->frame = (uintptr_t)__builtin_frame_address(0);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    seen->found = backtrace(seen->frames, 64);
}

START_TEST(own_stack_is_used_up_to_its_top)
{
    struct seen seen = {0};
    own_stack_call(look_around, &seen, stack + STACK_BYTES);
    ck_assert_ptr_eq(seen.argument, &seen);
    ck_assert_uint_ge(seen.address, (uintptr_t)stack);
    ck_assert_uint_lt(seen.address, (uintptr_t)stack + STACK_BYTES);
    ck_assert_uint_eq(seen.frame, (uintptr_t)stack + STACK_BYTES - 16);
}
END_TEST

START_TEST(own_stack_blocks_signals_meanwhile)
{
    struct seen seen = {0};
    sigset_t before;
    sigset_t after;
    ck_assert_int_eq(sigemptyset(&before), 0);
    ck_assert_int_eq(sigaddset(&before, SIGUSR1), 0);
    ck_assert_int_eq(sigaddset(&before, SIGRTMIN + 3), 0);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    own_stack_call(look_around, &seen, stack + STACK_BYTES);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    for (int number = 1; number <= SIGRTMAX; number++) {
        bool is_blockable = number != SIGKILL && number != SIGSTOP &&
                            (number < 32 || number >= SIGRTMIN); /* libc hides two of its own */
        ck_assert(!is_blockable || sigismember(&seen.blocked, number) == 1);
        ck_assert_int_eq(sigismember(&after, number), sigismember(&before, number));
    }
}
END_TEST

START_TEST(own_stack_can_be_walked_across)
{
    struct seen seen = {0};
    void *frames[64];
    own_stack_call(look_around, &seen, stack + STACK_BYTES);
    int found = backtrace(frames, 64);
    ck_assert_int_ge(found, 4);
    /* look_around, own_stack_switch, own_stack_call, this test, and its callers */
    ck_assert_int_ge(seen.found, found + 2);
    for (int i = 1; i < found - 1; i++) {
        ck_assert_ptr_eq(seen.frames[seen.found - i], frames[found - i]);
    }
}
END_TEST

static void use_it_all(void *argument)
{
    volatile unsigned char deep[STACK_BYTES - 8192];
    for (size_t i = 0; i < sizeof deep; i += 1024) {
        deep[i] = 1;
    }
    *(bool *)argument = true;
}

START_TEST(own_stack_has_its_whole_size)
{
    bool is_done = false;
    own_stack_call(use_it_all, &is_done, stack + STACK_BYTES);
    ck_assert(is_done);
}
END_TEST

static int signals_taken;
static uintptr_t signal_address;

static void take_signal(int number)
{
    (void)number;
    signals_taken++;
    signal_address = (uintptr_t)__builtin_frame_address(0);
}

static void raise_signal(void *argument)
{
    *(int *)argument = pthread_kill(pthread_self(), SIGUSR1) == 0 ? signals_taken : -1;
}

START_TEST(own_stack_sees_no_handler)
{
    int taken_inside = -1;
    ck_assert_int_eq(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = take_signal}, NULL), 0);
    errno = 4711;
    own_stack_call(raise_signal, &taken_inside, stack + STACK_BYTES);
    ck_assert_int_eq(errno, 4711);
    ck_assert_int_eq(taken_inside, 0);
    ck_assert_int_eq(signals_taken, 1);
    ck_assert(signal_address < (uintptr_t)stack ||
              signal_address >= (uintptr_t)stack + STACK_BYTES);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        own_stack_is_used_up_to_its_top, own_stack_blocks_signals_meanwhile,
        own_stack_can_be_walked_across,  own_stack_has_its_whole_size,
        own_stack_sees_no_handler,       NULL,
    };
    return suite_run_with("own_stack", tests, make_stack, NULL);
}
