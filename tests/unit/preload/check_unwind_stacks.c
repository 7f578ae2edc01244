/* Unwinding where a thread has many stacks: coroutines, new ones at old addresses, handlers. */
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "memory.h"
#include "suite.h"
#include "unwind_bench.h"

#define COROUTINES ((size_t)8)
#define COROUTINE_BYTES ((size_t)65536)

/* --- coroutines --- */

static ucontext_t coroutines[COROUTINES + 1]; /* the last is the thread itself */
static size_t running = COROUTINES;

static void yield_to_other(void)
{
    if (suite_random(&bench->random) % 4 != 0) {
        return;
    }
    size_t from = running;
    running = suite_random(&bench->random) % (COROUTINES + 1);
    if (running != from) {
        ck_assert_int_eq(swapcontext(&coroutines[from], &coroutines[running]), 0);
    }
}

static void run_coroutine(void)
{
    for (;;) {
        unwind_shapes[suite_random(&bench->random) % UNWIND_SHAPES](8);
        size_t self = running;
        running = COROUTINES;
        ck_assert_int_eq(swapcontext(&coroutines[self], &coroutines[COROUTINES]), 0);
    }
}

static void make_coroutine(ucontext_t *context)
{
    ck_assert_int_eq(getcontext(context), 0);
    context->uc_stack.ss_sp = memory_map(COROUTINE_BYTES);
    context->uc_stack.ss_size = COROUTINE_BYTES;
    makecontext(context, run_coroutine, 0);
}

/* Run a shape at the upper end of @stack until it returns. */
static void run_on_stack(unsigned char *stack, size_t bytes, void (*shape)(unsigned))
{
    static ucontext_t contexts[2];
    ck_assert_int_eq(getcontext(&contexts[0]), 0);
    contexts[0].uc_stack.ss_sp = stack;
    contexts[0].uc_stack.ss_size = bytes;
    contexts[0].uc_link = &contexts[1];
    makecontext(&contexts[0], (void (*)(void))(uintptr_t)shape, 1, 4);
    ck_assert_int_eq(swapcontext(&contexts[1], &contexts[0]), 0);
}

START_TEST(unwind_tells_coroutines_apart)
{
    for (size_t i = 0; i < COROUTINES; i++) {
        make_coroutine(&coroutines[i]);
    }
    bench->yield = yield_to_other;
    unwind_bench_wander_for(3000, 8);
}
END_TEST

/* One after the other, each captured from all the time: a walk for each stack, not for each
 * capture. */
START_TEST(unwind_walks_a_stack_once)
{
    enum { STACKS = 40, ROUNDS = SUITE_IS_SANITIZED ? 4 : 20 };
    const size_t apart = (size_t)3 << EXTENT_SHIFT;
    unsigned char *place = memory_map(STACKS * apart);
    run_on_stack(place, COROUTINE_BYTES, unwind_shapes[0]);
    uint64_t before = common.full_walks;
    for (size_t i = 0; i < (size_t)STACKS * ROUNDS; i++) {
        run_on_stack(place + i % STACKS * apart, COROUTINE_BYTES, unwind_shapes[0]);
    }
    ck_assert_uint_gt(bench->captures, (size_t)STACKS * ROUNDS);
    /* another walk for a rule that is new */
    ck_assert_uint_le(common.full_walks - before, STACKS + UNWIND_SHAPES);
}
END_TEST

/* A new stack at the address of one that is gone, with other frames in it. */
START_TEST(unwind_survives_stacks_that_come_and_go)
{
    unsigned char *place = memory_map(COROUTINE_BYTES);
    for (unsigned round = 0; round < 60; round++) {
        size_t bytes = round % 2 == 0 ? COROUTINE_BYTES : COROUTINE_BYTES / 2;
        ck_assert_ptr_eq(
            mmap(place, COROUTINE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
            place);
        ck_assert_int_eq(mprotect(place, bytes, PROT_READ | PROT_WRITE), 0);
        run_on_stack(place, bytes, unwind_shapes[round % UNWIND_SHAPES]);
    }
}
END_TEST

static void capture_in_handler(int number)
{
    (void)number;
    unwind_bench_capture();
    unwind_bench_wander(3);
}

START_TEST(unwind_walks_through_signal_frames)
{
    struct sigaction action = {.sa_handler = capture_in_handler};
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    for (int i = 0; i < 20; i++) {
        unwind_bench_capture();
        ck_assert_int_eq(raise(SIGUSR1), 0);
    }
    unwind_bench_wander_for(100, 6);
}
END_TEST

START_TEST(unwind_walks_from_an_alternate_stack)
{
    stack_t alternate = {.ss_sp = memory_map(COROUTINE_BYTES), .ss_size = COROUTINE_BYTES};
    struct sigaction action = {.sa_handler = capture_in_handler, .sa_flags = SA_ONSTACK};
    ck_assert_int_eq(sigaltstack(&alternate, NULL), 0);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    for (int i = 0; i < 20; i++) {
        unwind_bench_capture();
        ck_assert_int_eq(raise(SIGUSR1), 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unwind_tells_coroutines_apart,           unwind_walks_a_stack_once,
        unwind_survives_stacks_that_come_and_go, unwind_walks_through_signal_frames,
        unwind_walks_from_an_alternate_stack,    NULL,
    };
    return suite_run_with("unwind_stacks", tests, unwind_bench_set_up, unwind_bench_tear_down);
}
