/* See unwind_bench.h. */
#include "unwind_bench.h"

#include <alloca.h>
#include <execinfo.h>
#include <sys/auxv.h>

#include "memory.h"
#include "modules.h"
#include "own_stack.h"
#include "suite.h"
#include "unwind_expected.h"

#define DEPTH 200
#define FANOUT 3

struct unwind_common common;
__thread struct unwind_bench *bench;

struct unwind_bench *unwind_bench_new(uint64_t seed)
{
    struct unwind_bench *made = memory_map(sizeof *made);
    unsigned char *own_stack = memory_map(OWN_STACK_BYTES);
    made->unwinder = memory_map(sizeof *made->unwinder);
    made->unwinder->own_stack_top = own_stack + OWN_STACK_BYTES;
    made->random = seed;
    return made;
}

void unwind_bench_set_up(void)
{
    void *frames[4];
    (void)backtrace(frames, 4); /* loads libgcc_s */
    ck_assert(libunwind_load());
    ck_assert(modules_init("/proc/self/exe"));
    ck_assert(stack_table_init(&common.stacks));
    ck_assert(rule_table_init(&common.shared.rules));
    common.shared.depth = DEPTH;
    common.shared.entry = getauxval(AT_ENTRY);
    common.shared.checks = &common.checks;
    common.shared.corrections = &common.corrections;
    common.shared.full_walks = &common.full_walks;
    bench = unwind_bench_new(suite_seed());
}

void unwind_bench_tear_down(void)
{
    ck_assert_uint_eq(common.corrections, 0);
}

static uint32_t intern(uint32_t parent, uint32_t module, uintptr_t pc)
{
    uint32_t id = stack_table_find(&common.stacks, parent, module, pc);
    if (id == 0) {
        id = stack_table_create(&common.stacks, parent, module, pc);
        ck_assert_uint_ne(id, STACK_NONE);
        id = stack_table_publish(&common.stacks, id);
    }
    return id;
}

/* The capture found a whole stack: it has as many frames as its id says. */
static void take_known(struct unwind_stack *stack)
{
    bench->id = stack->known;
    bench->known++;
    stack->count = 0;
    for (stack->root = stack->known; stack->root >= TRACE_STACK_FIRST; stack->count++) {
        stack->root = stack_table_node(&common.stacks, stack->root)->parent;
    }
    stack->reused = stack->count;
}

/* As tracer.c does: ids for the frames that are not reused. */
static void give_ids(struct unwind_stack *stack)
{
    struct unwind_memo_frame *memo = bench->unwinder->memo;
    if (stack->known != 0) {
        take_known(stack);
        return;
    }
    ck_assert_uint_le(stack->reused, stack->count);
    uint32_t id = stack->reused > 0 ? memo[stack->reused - 1].id : stack->root;
    for (size_t i = stack->reused; i < stack->count; i++) {
        memo[i].id = id = intern(id, rule_module(memo[i].rule), memo[i].frame.pc);
    }
    bench->id = id;
    unwind_keep(bench->unwinder, &common.shared, stack, id);
}

/* The id says the same chain of callers as backtrace(): return addresses and modules. */
static void assert_id(size_t first, size_t found)
{
    uint32_t id = bench->id;
    bool is_interrupted = false;
    for (size_t i = first; i < first + bench->stack.count; i++) {
        const struct stack_node *node = stack_table_node(&common.stacks, id);
        uintptr_t pc = (uintptr_t)bench->frames[i];
        ck_assert_uint_lt(i, found);
        if (node->address != pc + is_interrupted) {
            ck_abort_msg("capture %u, frame %zu: %#lx, backtrace() has %#lx", bench->captures,
                         i - first, node->address, pc);
        }
        is_interrupted = libunwind_is_handler_return(pc);
        const struct module *module = modules_get(node->module);
        if (node->address < module->start || node->address > module->end) {
            ck_abort_msg("frame %zu has module %u", i - first, node->module);
        }
        id = node->parent;
    }
    ck_assert_uint_eq(id, bench->stack.root);
}

static void compare(uintptr_t leaf)
{
    size_t found = (size_t)backtrace(bench->frames, UNWIND_BENCH_FRAMES);
    size_t first = 0;
    while (first < found && (uintptr_t)bench->frames[first] != leaf) {
        first++;
    }
    assert_id(first, found);
    if (found - first <= common.shared.depth) {
        ck_assert_uint_eq(bench->stack.count, found - first);
        ck_assert_uint_eq(bench->stack.root, TRACE_STACK_WHOLE);
    } else {
        ck_assert_uint_eq(bench->stack.count, common.shared.depth);
        ck_assert_uint_eq(bench->stack.root, TRACE_STACK_CUT);
    }
}

/* The caller's frame as hooks.c takes it. */
#define CALLER()                                                                                   \
    ((struct frame){                                                                               \
        .pc = (uintptr_t)__builtin_return_address(0),                                              \
        .sp = (uintptr_t)__builtin_frame_address(0) + 2 * sizeof(uintptr_t),                       \
        .bp = *(const uintptr_t *)__builtin_frame_address(0),                                      \
    })

/* As tracer.c does it, but that an unchanged stack is captured as well. */
static void take(const struct frame *leaf)
{
    const struct unwind_segment *expected = NULL;
    if (!(unwind_is_leaf(bench->unwinder, leaf) && unwind_is_unchanged(bench->unwinder)) &&
        bench->unwinder->failed == NULL) {
        expected = unwind_find_expected(bench->unwinder, leaf);
    }
    if (expected != NULL) {
        bench->stack = (struct unwind_stack){.known = expected->id};
        bench->expected++;
    } else {
        unwind_capture(bench->unwinder, &common.shared, leaf, &bench->stack);
    }
    give_ids(&bench->stack);
}

__attribute__((noinline)) void unwind_bench_capture(void)
{
    struct frame leaf = CALLER();
    bench->captures++;
    take(&leaf);
    compare(leaf.pc);
}

__attribute__((noinline)) void unwind_bench_capture_only(void)
{
    struct frame leaf = CALLER();
    take(&leaf);
    const struct unwind_memo_frame *memo = bench->unwinder->memo;
    ck_assert_uint_ge(bench->stack.count, 1);
    ck_assert_uint_eq(memo[bench->stack.count - 1].frame.pc, leaf.pc);
    ck_assert_uint_eq(memo[bench->stack.count - 1].frame.sp, leaf.sp);
}

/* --- functions with frames of all shapes --- */

__attribute__((noinline)) void unwind_bench_touch(volatile unsigned char *bytes, size_t size)
{
    bytes[size - 1] = bytes[0] = 1;
}

// NOLINTBEGIN(bugprone-macro-parentheses): attributes and statements are no expressions
#define SHAPE(name, attributes, before)                                                            \
    static __attribute__((noinline, noclone)) attributes void name(unsigned depth)                 \
    {                                                                                              \
        before unwind_bench_wander(depth);                                                         \
        BARRIER();                                                                                 \
    }
// NOLINTEND(bugprone-macro-parentheses)

SHAPE(plain, , )
SHAPE(without_frame_pointer, __attribute__((optimize("omit-frame-pointer"))), )
SHAPE(with_frame_pointer, __attribute__((optimize("no-omit-frame-pointer"))), )
SHAPE(unoptimized, __attribute__((optimize("O0"))), )
SHAPE(realigned_arguments, __attribute__((force_align_arg_pointer)), )
SHAPE(realigned_local, , _Alignas(64) unsigned char local[200];
      unwind_bench_touch(local, sizeof local);)
SHAPE(realigned_dynamic, , _Alignas(128) unsigned char local[64];
      unwind_bench_touch(local, sizeof local); unwind_bench_touch(alloca(depth % 7 * 16 + 16), 16);)
SHAPE(dynamic, , unwind_bench_touch(alloca((depth * 37) % 300 + 1), 1);)
SHAPE(large, , unsigned char local[3000]; unwind_bench_touch(local, sizeof local);)
SHAPE(busy_bp, ,
      __asm__ volatile("" ::
                           : "rbx", "r12", "r13", "r14", "r15", "memory");
      unsigned char local[40]; unwind_bench_touch(local, sizeof local);)

void (*const unwind_shapes[UNWIND_SHAPES])(unsigned) = {
    plain,
    without_frame_pointer,
    with_frame_pointer,
    unoptimized,
    realigned_arguments,
    realigned_local,
    realigned_dynamic,
    dynamic,
    large,
    busy_bp,
};

void unwind_bench_wander(unsigned depth)
{
    uint64_t choice = suite_random(&bench->random);
    if (choice % 2 == 0) {
        unwind_bench_capture();
    }
    if (bench->yield != NULL) {
        bench->yield();
    }
    for (uint64_t i = 0; depth > 0 && i < choice / 2 % FANOUT; i++) {
        unwind_shapes[suite_random(&bench->random) % UNWIND_SHAPES](depth - 1);
    }
    if (choice % 5 < 2) {
        unwind_bench_capture();
    }
}

void unwind_bench_wander_for(unsigned captures, unsigned depth)
{
    unsigned end = bench->captures + (SUITE_IS_SANITIZED ? captures / 5 : captures);
    while (bench->captures < end) {
        unwind_shapes[suite_random(&bench->random) % UNWIND_SHAPES](depth);
    }
}
