/* Scenes of one thread: what is allocated and freed, asked and paused. */
#include "scene.h"

#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libtrace.h"
#include "process.h"
#include "tracer.h"
#include "unwind_memo.h"

#define FRAMES_MAX 64

static void scene_order(void)
{
    REQUIRE(tracer_is_recording());
    allocate(1, 100);
    allocate(2, 200);
    release(1);
    allocate(3, 0);
    release(3);
    release(2);
}

static __attribute__((noinline)) void allocate_here(unsigned i, size_t size)
{
    allocate(i, size);
    __asm__ volatile("");
}

#define PAIRS 1000

/* Pairs, and frees that would be a pair's but for what came in between. */
static void scene_pairs(void)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        allocate_here(1, 100);
        release(1);
    }
    for (unsigned i = 0; i < PAIRS; i++) { /* the other block of the site is as good */
        allocate_here(2, 100);
        allocate_here(3, 100);
        release(2);
        release(3);
    }
    allocate_here(1, 100);
    REQUIRE(libtrace_snapshot("held") == 0);
    release(1);
    allocate_here(1, 100);
    reallocate(1, block(2), 300);
    release(2);
    allocate_here(1, 100);
    require_memory(100, 100);
    release(1);
    allocate_here(1, 100);
    release(1);
    require_memory(0, 100);
}

/* In a frame of another size, so that it does not take the place of the other one. */
static __attribute__((noinline)) void allocate_there(unsigned i, size_t size)
{
    char room[64];
    __asm__ volatile("" : : "r"(room) : "memory");
    allocate(i, size);
    __asm__ volatile("" : : "r"(room) : "memory");
}

/* Two stacks in turn, each with the size of last time and with others, before and after a clear. */
static void scene_alternating(void)
{
    for (unsigned i = 1; i <= 12; i++) {
        __asm__ volatile("" : "+r"(i)); /* two calls, not twenty-four of an unrolled loop */
        if (i != 9) {
            allocate_here(2 * i, i % 4 < 2 ? 100 : i);
        }
        allocate_there(2 * i + 1, i % 4 < 2 ? 100 : 200);
        if (i == 8) {
            libtrace_clear_traces();
        }
    }
}

static void scene_implied(void)
{
    allocate(1, 100);
    allocate(1, 200);
    release(1);
}

static void scene_realloc(void)
{
    allocate(1, 100);
    reallocate(1, NULL, 500); /* fails: the block stays known */
    reallocate(1, block(1), 200);
    reallocate(1, block(2), 300);
    reallocate(2, NULL, 0); /* a free */
    release(2);             /* and so nobody's */
}

static void scene_realloc_unknown(void)
{
    reallocate(1, NULL, 500); /* fails, and nothing is known of it */
    reallocate(1, block(2), 200);
    release(2);
}

static void scene_snapshot(void)
{
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    allocate(1, 100);
    REQUIRE(libtrace_snapshot("middle") == 0);
    allocate(2, 200);
    REQUIRE(tracer_snapshot(NULL, CALLER_SP()));
    REQUIRE(tracer_snapshot(name, CALLER_SP()));
}

static void scene_snapshot_signal(void)
{
    allocate(1, 100);
    REQUIRE(raise(SIGUSR2) == 0);
    allocate(2, 200);
}

/* With LIBTRACE_START=0. */
static void scene_pause(void)
{
    REQUIRE(libtrace_is_tracing() == 0);
    allocate(1, 100);
    REQUIRE(libtrace_snapshot("none") == -1);
    REQUIRE(libtrace_start() == 0 && libtrace_is_tracing() == 1);
    allocate(2, 200);
    allocate(3, 300);
    allocate(4, 400);
    libtrace_stop();
    REQUIRE(libtrace_is_tracing() == 0);
    allocate(5, 500);
    release(2);
    release(1); /* born unseen, and nobody is to hear of it */
    reallocate(3, block(6), 600);
    REQUIRE(libtrace_start() == 0);
    release(4);
}

static void scene_traced(void)
{
    void *frames[4];
    allocate(1, 100);
    allocate(2, 200);
    release(2);
    require_memory(100, 100); /* nobody has asked before */
    allocate(2, 300);
    release(2);
    require_memory(100, 400);
    libtrace_reset_peak();
    require_memory(100, 100);
    reallocate(1, block(2), 50);
    require_memory(50, 100);
    REQUIRE(libtrace_get_object_traceback(block(1), frames, 4) == -1);
    REQUIRE(libtrace_get_object_traceback(block(2), frames, 4) >= 2);
    REQUIRE(libtrace_get_tracer_memory() > 0);
    libtrace_clear_traces();
    require_memory(0, 0);
    REQUIRE(libtrace_get_object_traceback(block(2), frames, 4) == -1);
    release(2);
    allocate(3, 100);
    require_memory(100, 100);
    libtrace_stop();
    require_memory(0, 0);
    REQUIRE(libtrace_get_object_traceback(block(3), frames, 4) == -1);
}

/* What a window no longer has counts, too. */
static void scene_traced_much(void)
{
    libtrace_clear_traces();
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 20000; i++) {
            allocate(i, i % 5000 + 1);
        }
        for (unsigned i = 0; i < 20000; i++) {
            release(i);
        }
    }
    allocate(1, 77);
    require_memory(77, (size_t)4 * 5000 * 5001 / 2);
}

static void scene_unknown(void)
{
    release(1);
    release(2);
    allocate(3, 300);
    release(3);
    release(3);
    allocate_at((void *)(UINT64_C(1) << 47), 400); // NOLINT(*-no-int-to-ptr): beyond the map
}

/* With LIBTRACE_FREES=1, and no more call stacks to be had after the first free. */
static void scene_freers(void)
{
    for (unsigned i = 1; i <= 4; i++) {
        allocate(i, (size_t)i * 100);
    }
    release(1);
    atomic_store(&process.stacks.next_id, STACK_NONE);
    release(2);
    release(3);
    release(4);
    __asm__ volatile(""); /* no tail call */
}

/* Have the caller's frame taken for the outermost one, and the next capture checked. */
static void break_rule_of_leaf(struct unwinder *unwinder)
{
    const struct unwind_memo_frame *leaf = &unwinder->memo[unwinder->memo_used - 1];
    const struct rule wrong = {.kind = RULE_END, .module = rule_module(leaf->rule)};
    rule_table_put(&process.unwind.rules, leaf->frame.pc, rule_pack(&wrong));
    unwind_memo_drop(unwinder);
    unwinder->unchecked = 0;
}

/* A rule that is wrong, and the self-check that must find it. */
static void scene_corrected(void)
{
    for (unsigned i = 1; i <= 2; i++) {
        __asm__ volatile("" : "+r"(i)); /* one call, not two of an unrolled loop */
        allocate(i, 100);
        if (i == 1) {
            break_rule_of_leaf(&thread_self->unwinder);
        }
    }
}

/* What backtrace() finds and what the tracer is to find, both seen from here. */
static __attribute__((noinline)) void compare_stacks(void)
{
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    int first = 0;
    while (first < count && frames[first] != __builtin_return_address(0)) {
        first++; /* this function, and a sanitizer's backtrace() */
    }
    for (int i = first; i < count; i++) {
        (void)printf("%p\n", frames[i]);
    }
    tracer_allocated(block(1), 100, CALLER());
}

static __attribute__((noinline)) void recurse(int depth)
{
    if (depth > 0) {
        recurse(depth - 1);
    } else {
        compare_stacks();
    }
    __asm__ volatile(""); /* no tail call */
}

static void scene_stack(void)
{
    recurse(7);
}

/* More than the two windows take: they are sealed several times. */
static void scene_many(void)
{
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 20000; i++) {
            allocate(i, i % 5000 + 1);
        }
        for (unsigned i = 0; i < 20000; i++) {
            release(i);
        }
    }
}

const struct scene scenes_of_one_thread[] = {
    {"order", scene_order},
    {"alternating", scene_alternating},
    {"pairs", scene_pairs},
    {"implied", scene_implied},
    {"realloc", scene_realloc},
    {"realloc_unknown", scene_realloc_unknown},
    {"snapshot", scene_snapshot},
    {"snapshot_signal", scene_snapshot_signal},
    {"pause", scene_pause},
    {"traced", scene_traced},
    {"traced_much", scene_traced_much},
    {"unknown", scene_unknown},
    {"freers", scene_freers},
    {"corrected", scene_corrected},
    {"stack", scene_stack},
    {"many", scene_many},
    {0},
};
