/*
 * The verified memo against glibc's backtrace(), which reads the same unwind tables by other code:
 * frame by frame, over calls at random of functions with every shape of frame. Ids are given out as
 * the tracer does it, so a frame that wrongly counts as reused shows as a wrong id.
 */
#include "unwind.h"

#include <alloca.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "memory.h"
#include "modules.h"
#include "own_stack.h"
#include "stack_table.h"
#include "suite.h"

#define DEPTH 200
#define FRAMES_MAX 1200
#define COROUTINES ((size_t)8)
#define COROUTINE_BYTES ((size_t)65536)
#define STACK_BYTES ((size_t)OWN_STACK_BYTES)
#define THREADS 3

static struct unwind_shared shared;
static struct stack_table stacks;
static uint64_t checks;
static uint64_t corrections;
static uint64_t full_walks;

/* What one thread has, and what it saw last. */
struct bench {
    struct unwinder *unwinder;
    struct unwind_stack stack;
    uint32_t id;
    uint32_t generation;
    uint64_t random;
    unsigned captures;
    void *frames[FRAMES_MAX];
};

static __thread struct bench *bench;

static struct bench *make_bench(uint64_t seed)
{
    struct bench *made = memory_map(sizeof *made);
    unsigned char *own_stack = memory_map(STACK_BYTES);
    made->unwinder = memory_map(sizeof *made->unwinder);
    made->unwinder->own_stack_top = own_stack + STACK_BYTES;
    made->random = seed;
    return made;
}

static void set_up(void)
{
    void *frames[4];
    (void)backtrace(frames, 4); /* loads libgcc_s */
    ck_assert(libunwind_load());
    ck_assert(modules_init("/proc/self/exe"));
    ck_assert(stack_table_init(&stacks));
    ck_assert(rule_table_init(&shared.rules));
    shared.depth = DEPTH;
    shared.checks = &checks;
    shared.corrections = &corrections;
    shared.full_walks = &full_walks;
    bench = make_bench(suite_seed());
}

static void tear_down(void)
{
    ck_assert_uint_eq(corrections, 0);
}

static uint32_t intern(uint32_t parent, uint32_t module, uintptr_t pc)
{
    uint32_t id = stack_table_find(&stacks, parent, module, pc);
    if (id == 0) {
        id = stack_table_create(&stacks, parent, module, pc);
        ck_assert_uint_ne(id, STACK_NONE);
        id = stack_table_publish(&stacks, id);
    }
    return id;
}

/* As tracer.c does: ids for the frames that are not reused. */
static void give_ids(const struct unwind_stack *stack)
{
    struct unwind_memo_frame *memo = bench->unwinder->memo;
    ck_assert_uint_le(stack->reused, stack->count);
    uint32_t id = stack->reused > 0 ? memo[stack->reused - 1].id : stack->root;
    for (size_t i = stack->reused; i < stack->count; i++) {
        memo[i].id = id = intern(id, memo[i].module, memo[i].frame.pc);
    }
    bench->id = id;
}

/* The id says the same chain of callers as backtrace(): return addresses and modules. */
static void assert_id(size_t first, size_t found)
{
    uint32_t id = bench->id;
    bool is_interrupted = false;
    for (size_t i = first; i < first + bench->stack.count; i++) {
        const struct stack_node *node = stack_table_node(&stacks, id);
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
    size_t found = (size_t)backtrace(bench->frames, FRAMES_MAX);
    size_t first = 0;
    while (first < found && (uintptr_t)bench->frames[first] != leaf) {
        first++;
    }
    assert_id(first, found);
    if (found - first <= shared.depth) {
        ck_assert_uint_eq(bench->stack.count, found - first);
        ck_assert_uint_eq(bench->stack.root, TRACE_STACK_WHOLE);
    } else {
        ck_assert_uint_eq(bench->stack.count, shared.depth);
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

/* Capture the stack of the caller, and compare it. */
static __attribute__((noinline)) void capture(void)
{
    struct frame leaf = CALLER();
    bench->captures++;
    unwind_capture(bench->unwinder, &shared, &leaf, bench->generation, &bench->stack);
    give_ids(&bench->stack);
    compare(leaf.pc);
}

/* --- functions with frames of all shapes --- */

#define SHAPES 10
#define FANOUT 3
static void wander(unsigned depth);
static void yield_to_other(void);
static __attribute__((noinline)) void touch(volatile unsigned char *bytes, size_t size)
{
    bytes[size - 1] = bytes[0] = 1;
}

/* The barrier after the call keeps it from becoming a jump. */
#define BARRIER() __asm__ volatile("" ::: "memory")
// NOLINTBEGIN(bugprone-macro-parentheses): attributes and statements are no expressions
#define SHAPE(name, attributes, before)                                                            \
    static __attribute__((noinline, noclone)) attributes void name(unsigned depth)                 \
    {                                                                                              \
        before wander(depth);                                                                      \
        BARRIER();                                                                                 \
    }
// NOLINTEND(bugprone-macro-parentheses)

SHAPE(plain, , )
SHAPE(without_frame_pointer, __attribute__((optimize("omit-frame-pointer"))), )
SHAPE(with_frame_pointer, __attribute__((optimize("no-omit-frame-pointer"))), )
SHAPE(unoptimized, __attribute__((optimize("O0"))), )
SHAPE(realigned_arguments, __attribute__((force_align_arg_pointer)), )
SHAPE(realigned_local, , _Alignas(64) unsigned char local[200]; touch(local, sizeof local);)
SHAPE(realigned_dynamic, , _Alignas(128) unsigned char local[64]; touch(local, sizeof local);
      touch(alloca(depth % 7 * 16 + 16), 16);)
SHAPE(dynamic, , touch(alloca((depth * 37) % 300 + 1), 1);)
SHAPE(large, , unsigned char local[3000]; touch(local, sizeof local);)
SHAPE(busy_bp, ,
      __asm__ volatile("" ::
                           : "rbx", "r12", "r13", "r14", "r15", "memory");
      unsigned char local[40]; touch(local, sizeof local);)

static void (*const shapes[SHAPES])(unsigned) = {
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

/* Two captures from one frame, and calls of functions at random between them. */
static void wander(unsigned depth)
{
    uint64_t choice = suite_random(&bench->random);
    if (choice % 2 == 0) {
        capture();
    }
    yield_to_other();
    for (uint64_t i = 0; depth > 0 && i < choice / 2 % FANOUT; i++) {
        shapes[suite_random(&bench->random) % SHAPES](depth - 1);
    }
    if (choice % 5 < 2) {
        capture();
    }
}

/* Call functions until @captures more stacks were captured; fewer where each takes its time. */
static void wander_for(unsigned captures, unsigned depth)
{
    unsigned end = bench->captures + (SUITE_IS_SANITIZED ? captures / 5 : captures);
    while (bench->captures < end) {
        shapes[suite_random(&bench->random) % SHAPES](depth);
    }
}

/* --- coroutines --- */

static __thread ucontext_t *coroutines; /* COROUTINES + 1, the last is the thread itself */
static __thread size_t running;

static void yield_to_other(void)
{
    if (coroutines == NULL || suite_random(&bench->random) % 4 != 0) {
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
        shapes[suite_random(&bench->random) % SHAPES](8);
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

/* --- tests --- */

START_TEST(unwind_agrees_with_backtrace_on_calls_at_random)
{
    wander_for(4000, 10);
    ck_assert_uint_lt(full_walks, bench->captures / 10);
}
END_TEST

START_TEST(unwind_uses_an_unchanged_stack_as_it_is)
{
    for (int i = 0; i < 100; i++) {
        capture();
        if (i >= 2) {
            ck_assert_uint_eq(bench->stack.reused, bench->stack.count);
        }
    }
    ck_assert_uint_le(full_walks, 2);
}
END_TEST

static __attribute__((noinline)) void capture_in_another_place(void)
{
    capture();
    BARRIER();
}

/* The same frame of this test at another instruction each time. */
START_TEST(unwind_notices_a_changed_leaf)
{
    for (int i = 0; i < 50; i++) {
        capture();
        size_t count = bench->stack.count;
        capture();
        capture_in_another_place();
        ck_assert_uint_eq(bench->stack.count, count + 1);
        capture_in_another_place();
        capture();
        ck_assert_uint_eq(bench->stack.count, count);
    }
    ck_assert_uint_le(full_walks, 2);
}
END_TEST

/* Leaf and root keep their place; what lies between them has the same size, and changes. */
static __attribute__((noinline)) void leaf_of_two(void)
{
    unsigned char local[100];
    touch(local, sizeof local);
    capture();
    BARRIER();
}
static __attribute__((noinline)) void middle(int which)
{
    unsigned char local[100];
    touch(local, sizeof local);
    if (which == 0) {
        leaf_of_two();
        BARRIER();
    } else {
        leaf_of_two();
        BARRIER();
        touch(local, 1);
    }
}

START_TEST(unwind_notices_a_change_in_the_middle)
{
    uint32_t ids[2] = {0, 0};
    for (int i = 0; i < 100; i++) {
        middle(i % 2);
        ck_assert(ids[i % 2] == 0 || ids[i % 2] == bench->id);
        ids[i % 2] = bench->id;
        ck_assert_uint_ne(ids[0], ids[1]);
    }
    ck_assert_uint_le(full_walks, 2);
}
END_TEST

/*
 * Two calls of one function that realigns its stack, from two places: its callers' stack pointers
 * differ, its own does not. What the first call left above it is still there at the second one:
 * only bp tells which is which.
 */
void with_other_bp(void (*callee)(void)); /* saves bp, and has another value in it */
__asm__(".pushsection .text\n"
        ".globl with_other_bp\n"
        ".type with_other_bp, @function\n"
        "with_other_bp:\n"
        ".cfi_startproc\n"
        "    push %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset %rbp, -16\n"
        "    xor %ebp, %ebp\n"
        "    call *%rdi\n"
        "    pop %rbp\n"
        ".cfi_def_cfa_offset 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size with_other_bp, . - with_other_bp\n"
        ".popsection\n");

void with_kept_bp(void (*callee)(void)); /* does not touch bp */
__asm__(".pushsection .text\n"
        ".globl with_kept_bp\n"
        ".type with_kept_bp, @function\n"
        "with_kept_bp:\n"
        ".cfi_startproc\n"
        "    sub $24, %rsp\n"
        ".cfi_def_cfa_offset 32\n"
        "    call *%rdi\n"
        "    add $24, %rsp\n"
        ".cfi_def_cfa_offset 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size with_kept_bp, . - with_kept_bp\n"
        ".popsection\n");

static void (*between)(void (*)(void)); /* one of the two above, or NULL */

/* CFA = bp + 16 */
static __attribute__((noinline, noclone)) void aligned_by_bp(void)
{
    _Alignas(256) unsigned char local[64];
    touch(local, sizeof local);
    if (between != NULL) {
        between(capture);
    } else {
        capture();
    }
    BARRIER();
}

static volatile size_t sixteen = 16;

/* CFA = *(bp - 8): the size of the frame is not known when it is made */
static __attribute__((noinline, noclone)) void aligned_by_memory(void)
{
    _Alignas(256) unsigned char local[64];
    touch(local, sizeof local);
    touch(alloca(sixteen), sixteen);
    if (between != NULL) {
        between(capture);
    } else {
        capture();
    }
    BARRIER();
}

static __attribute__((noinline, noclone)) void call_from_two_places(void (*function)(void),
                                                                    size_t which)
{
    touch(alloca(16 + 16 * which), 1);
    if (which == 0) {
        function();
        BARRIER();
    } else {
        function();
        __asm__ volatile("nop" ::: "memory");
    }
}

/* Nothing is called between two calls: it would overwrite what the last one left. */
static __attribute__((noinline, noclone)) void alternate(void (*function)(void), size_t offset)
{
    touch(alloca(16 * offset + 16), 1);
    for (size_t i = 0; i < 6; i++) {
        call_from_two_places(function, i % 2);
    }
}

START_TEST(unwind_depends_on_bp_where_the_frame_does)
{
    void (*const betweens[])(void (*)(void)) = {NULL, with_kept_bp, with_other_bp};
    for (size_t i = 0; i < 3; i++) {
        between = betweens[i];
        for (size_t offset = 0; offset < 16; offset++) {
            alternate(aligned_by_bp, offset);
            alternate(aligned_by_memory, offset);
        }
    }
    ck_assert_uint_le(full_walks, 2);
}
END_TEST

static __attribute__((noinline)) void recurse(unsigned depth)
{
    if (depth > 0) {
        recurse(depth - 1);
    }
    BARRIER();
    capture();
}

START_TEST(unwind_follows_recursion_up_and_down)
{
    recurse(100);
    recurse(100);
    recurse(30);
    recurse(150);
    ck_assert_uint_le(full_walks, 2);
}
END_TEST

START_TEST(unwind_cuts_at_the_depth_limit)
{
    const unsigned depths[] = {1, 2, 3, 17, 50, CONFIG_DEPTH_MAX};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        shared.depth = depths[i];
        bench->unwinder->memo_used = 0; /* a process has one limit */
        recurse(60);
        recurse(5);
        wander_for(150, 8);
    }
}
END_TEST

START_TEST(unwind_goes_as_deep_as_it_may)
{
    shared.depth = CONFIG_DEPTH_MAX;
    for (unsigned depth = CONFIG_DEPTH_MAX - 20; depth < CONFIG_DEPTH_MAX + 20; depth += 13) {
        if (depth % 2 == 0) {
            bench->unwinder->memo_used = 0;
        }
        recurse(depth);
    }
}
END_TEST

/* Everything at the limit: the stack grows and shrinks across it frame by frame. */
START_TEST(unwind_finds_its_way_back_from_the_depth_limit)
{
    capture();
    shared.depth = (unsigned)bench->stack.count + 4;
    bench->unwinder->memo_used = 0;
    for (unsigned i = 0; i < 10; i++) {
        recurse(i);
    }
    wander_for(500, 8);
}
END_TEST

static void *wander_in_thread(void *argument)
{
    bench = argument;
    wander_for(1000, 9);
    return NULL;
}

START_TEST(unwind_serves_threads_at_once)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        struct bench *made = make_bench(bench->random + i);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, wander_in_thread, made), 0);
    }
    wander_for(1000, 9);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}
END_TEST

START_TEST(unwind_tells_coroutines_apart)
{
    static ucontext_t contexts[COROUTINES + 1];
    running = COROUTINES;
    for (size_t i = 0; i < COROUTINES; i++) {
        make_coroutine(&contexts[i]);
    }
    coroutines = contexts;
    wander_for(3000, 8);
}
END_TEST

/* One after the other, each captured from all the time: a walk for each stack, not for each
 * capture. */
START_TEST(unwind_walks_a_stack_once)
{
    enum { STACKS = 40, ROUNDS = SUITE_IS_SANITIZED ? 4 : 20 };
    const size_t apart = (size_t)3 << EXTENT_SHIFT;
    unsigned char *place = memory_map(STACKS * apart);
    run_on_stack(place, COROUTINE_BYTES, plain);
    uint64_t before = full_walks;
    for (size_t i = 0; i < (size_t)STACKS * ROUNDS; i++) {
        run_on_stack(place + i % STACKS * apart, COROUTINE_BYTES, plain);
    }
    ck_assert_uint_gt(bench->captures, STACKS * ROUNDS);
    /* another walk for a rule that is new */
    ck_assert_uint_le(full_walks - before, STACKS + SHAPES);
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
        run_on_stack(place, bytes, shapes[round % SHAPES]);
    }
}
END_TEST

static void capture_in_handler(int number)
{
    (void)number;
    capture();
    wander(3);
}

START_TEST(unwind_walks_through_signal_frames)
{
    struct sigaction action = {.sa_handler = capture_in_handler};
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    for (int i = 0; i < 20; i++) {
        capture();
        ck_assert_int_eq(raise(SIGUSR1), 0);
    }
    wander_for(100, 6);
}
END_TEST

START_TEST(unwind_walks_from_an_alternate_stack)
{
    stack_t alternate = {.ss_sp = memory_map(COROUTINE_BYTES), .ss_size = COROUTINE_BYTES};
    struct sigaction action = {.sa_handler = capture_in_handler, .sa_flags = SA_ONSTACK};
    ck_assert_int_eq(sigaltstack(&alternate, NULL), 0);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    for (int i = 0; i < 20; i++) {
        capture();
        ck_assert_int_eq(raise(SIGUSR1), 0);
    }
}
END_TEST

START_TEST(unwind_checks_itself_and_finds_nothing)
{
    for (int i = 0; i < 5; i++) {
        bench->unwinder->unchecked = 0;
        wander_for(20, 6);
    }
    ck_assert_uint_ge(checks, 4);
    ck_assert_uint_eq(corrections, 0);
}
END_TEST

/* What the check is for: a rule that is wrong. */
START_TEST(unwind_check_corrects_a_wrong_rule)
{
    wander_for(200, 6);
    leaf_of_two();
    const struct unwind_memo_frame *memo = bench->unwinder->memo;
    uintptr_t pc = memo[bench->stack.count - 1].frame.pc;
    uint64_t packed = rule_table_find(&shared.rules, pc);
    ck_assert_uint_ne(packed, 0);
    struct rule rule = rule_unpack(packed);
    ck_assert_int_ne(rule.kind, RULE_END);
    rule_table_put(&shared.rules, pc,
                   rule_pack(&(struct rule){.kind = RULE_END, .module = rule.module}));
    bench->unwinder->memo_used = 0;
    bench->unwinder->unchecked = 0;
    leaf_of_two(); /* compared with backtrace(), as always */
    ck_assert_uint_eq(corrections, 1);
    leaf_of_two();
    ck_assert_int_eq(rule_unpack(rule_table_find(&shared.rules, pc)).kind, RULE_IRREGULAR);
    corrections = 0;
}
END_TEST

START_TEST(unwind_forgets_when_code_was_unloaded)
{
    capture();
    capture();
    for (int i = 0; i < 3; i++) {
        rule_table_clear(&shared.rules);
        bench->generation++;
        leaf_of_two();
        ck_assert_uint_eq(bench->stack.reused, 0);
        leaf_of_two();
    }
}
END_TEST

/* Code without unwind information: push %rbp; mov %rsp, %rbp; call *%rdi; pop %rbp; ret. */
static const unsigned char unknown_code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};

static __attribute__((noinline)) void capture_without_comparison(void)
{
    struct frame leaf = CALLER();
    unwind_capture(bench->unwinder, &shared, &leaf, bench->generation, &bench->stack);
    give_ids(&bench->stack);
    const struct unwind_memo_frame *memo = bench->unwinder->memo;
    ck_assert_uint_ge(bench->stack.count, 1);
    ck_assert_uint_eq(memo[bench->stack.count - 1].frame.pc, leaf.pc);
    ck_assert_uint_eq(memo[bench->stack.count - 1].frame.sp, leaf.sp);
}

START_TEST(unwind_gets_by_where_there_is_no_unwind_information)
{
    unsigned char *code = memory_map(4096);
    void (*call)(void (*)(void)) = NULL;
    memcpy(code, unknown_code, sizeof unknown_code);
    memcpy(&call, &code, sizeof call);
    ck_assert_int_eq(mprotect(code, 4096, PROT_READ | PROT_EXEC), 0);
    for (int i = 0; i < 10; i++) {
        call(capture_without_comparison);
        const struct unwind_memo_frame *memo = bench->unwinder->memo;
        ck_assert_uint_eq(memo[bench->stack.count - 1].module, 0);
        capture();
    }
    ck_assert_uint_eq(rule_table_find(&shared.rules, (uintptr_t)code + 6), 0);
}
END_TEST

/* Its caller is found by the frame pointer, and what is found is not remembered: code made at run
 * time may not be what it looks like. */
START_TEST(unwind_follows_frame_pointers_where_there_is_no_unwind_information)
{
    unsigned char *code = memory_map(4096);
    void (*call)(void (*)(void)) = NULL;
    memcpy(code, unknown_code, sizeof unknown_code);
    memcpy(&call, &code, sizeof call);
    ck_assert_int_eq(mprotect(code, 4096, PROT_READ | PROT_EXEC), 0);
    uintptr_t self = (uintptr_t)__builtin_frame_address(0);
    for (int i = 0; i < 100; i++) {
        call(capture_without_comparison);
        const struct unwind_memo_frame *caller = &bench->unwinder->memo[bench->stack.count - 2];
        const struct module *module = modules_get(caller->module);
        ck_assert_uint_eq(bench->stack.root, TRACE_STACK_WHOLE);
        ck_assert(caller->frame.pc > module->start && caller->frame.pc < module->end);
        ck_assert_uint_eq(caller->frame.bp, self);
        ck_assert_uint_eq(bench->unwinder->memo_used, 0);
    }
    ck_assert_uint_le(full_walks, 2);
}
END_TEST

/* push %rbp; xor %ebp, %ebp or mov $-1, %rbp; call *%rdi; pop %rbp; ret. */
static const unsigned char odd_code[][16] = {
    {0x55, 0x31, 0xed, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xd7, 0x5d, 0xc3},
    {0x55, 0x48, 0xc7, 0xc5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xd7, 0x5d, 0xc3},
};

START_TEST(unwind_says_where_it_could_not_go_on)
{
    static const uint32_t roots[] = {TRACE_STACK_WHOLE, TRACE_STACK_BROKEN};
    unsigned char *code = memory_map(4096);
    void (*call)(void (*)(void)) = NULL;
    memcpy(&call, &code, sizeof call);
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        ck_assert_int_eq(mprotect(code, 4096, PROT_READ | PROT_WRITE), 0);
        memcpy(code, odd_code[i], sizeof odd_code[i]);
        ck_assert_int_eq(mprotect(code, 4096, PROT_READ | PROT_EXEC), 0);
        for (int j = 0; j < 10; j++) {
            call(capture_without_comparison);
            ck_assert_uint_eq(bench->stack.count, 1);
            ck_assert_uint_eq(stack_table_node(&stacks, bench->id)->parent, roots[i]);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unwind_agrees_with_backtrace_on_calls_at_random,
        unwind_uses_an_unchanged_stack_as_it_is,
        unwind_notices_a_changed_leaf,
        unwind_notices_a_change_in_the_middle,
        unwind_depends_on_bp_where_the_frame_does,
        unwind_follows_recursion_up_and_down,
        unwind_cuts_at_the_depth_limit,
        unwind_goes_as_deep_as_it_may,
        unwind_finds_its_way_back_from_the_depth_limit,
        unwind_serves_threads_at_once,
        unwind_tells_coroutines_apart,
        unwind_walks_a_stack_once,
        unwind_survives_stacks_that_come_and_go,
        unwind_walks_through_signal_frames,
        unwind_walks_from_an_alternate_stack,
        unwind_checks_itself_and_finds_nothing,
        unwind_check_corrects_a_wrong_rule,
        unwind_forgets_when_code_was_unloaded,
        unwind_gets_by_where_there_is_no_unwind_information,
        unwind_follows_frame_pointers_where_there_is_no_unwind_information,
        unwind_says_where_it_could_not_go_on,
        NULL,
    };
    return suite_run_with("unwind", tests, set_up, tear_down);
}
