/* The verified memo against backtrace(): what is reused, what is noticed, how deep it goes. */
#include "unwind.h"

#include <alloca.h>
#include <pthread.h>

#include "suite.h"
#include "unwind_bench.h"
#include "unwind_memo.h"

#define THREADS 3

START_TEST(unwind_agrees_with_backtrace_on_calls_at_random)
{
    unwind_bench_wander_for(4000, 10);
    ck_assert_uint_lt(common.full_walks, bench->captures / 10);
    ck_assert_uint_gt(bench->known, 0);
}
END_TEST

/* As main() itself, and what calls it: where they lie is the same for all that it calls. */
START_TEST(unwind_reads_what_is_below_main_only)
{
    unwind_bench_capture();
    const struct unwind_memo_frame *memo = bench->unwinder->memo;
    ck_assert_uint_ge(bench->stack.count, 5);
    for (size_t i = 0; i < 3; i++) { /* _start(), __libc_start_main(), __libc_start_call_main() */
        ck_assert_uint_eq(memo[i].last_check, 0);
    }
    ck_assert_uint_ge(memo[3].last_check, 1); /* main()'s return address */
    ck_assert_uint_eq(bench->unwinder->checks[1].value, memo[2].frame.pc);
}
END_TEST

START_TEST(unwind_uses_an_unchanged_stack_as_it_is)
{
    for (int i = 0; i < 100; i++) {
        unwind_bench_capture();
        if (i >= 2) {
            ck_assert_uint_eq(bench->stack.reused, bench->stack.count);
        }
    }
    ck_assert_uint_le(common.full_walks, 2);
}
END_TEST

static __attribute__((noinline)) void capture_in_another_place(void)
{
    unwind_bench_capture();
    BARRIER();
}

/* The same frame of this test at another instruction each time. */
START_TEST(unwind_notices_a_changed_leaf)
{
    for (int i = 0; i < 50; i++) {
        unwind_bench_capture();
        size_t count = bench->stack.count;
        unwind_bench_capture();
        capture_in_another_place();
        ck_assert_uint_eq(bench->stack.count, count + 1);
        capture_in_another_place();
        unwind_bench_capture();
        ck_assert_uint_eq(bench->stack.count, count);
    }
    ck_assert_uint_le(common.full_walks, 2);
}
END_TEST

/* Leaf and root keep their place; what lies between them has the same size, and changes. */
static __attribute__((noinline)) void leaf_of_two(void)
{
    unsigned char local[100];
    unwind_bench_touch(local, sizeof local);
    unwind_bench_capture();
    BARRIER();
}
static __attribute__((noinline)) void middle(int which)
{
    unsigned char local[100];
    unwind_bench_touch(local, sizeof local);
    if (which == 0) {
        leaf_of_two();
        BARRIER();
    } else {
        leaf_of_two();
        BARRIER();
        unwind_bench_touch(local, 1);
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
    ck_assert_uint_le(common.full_walks, 2);
}
END_TEST

/* Both places have rules by then, and both frames are alike: nothing is stepped. */
START_TEST(unwind_puts_one_caller_in_the_place_of_another)
{
    for (int i = 0; i < 20; i++) {
        middle(i % 2);
        if (i >= 2) {
            ck_assert_uint_eq(bench->stack.known, 0);
            ck_assert_uint_eq(bench->stack.walked, 0);
            ck_assert_uint_lt(bench->stack.reused, bench->stack.count - 1);
        }
    }
}
END_TEST

/* Three leaf ends of different lengths in turn. */
static void capture_in_three_places(void)
{
    leaf_of_two();
    capture_in_another_place();
    middle(0);
}

START_TEST(unwind_knows_leaf_ends_that_come_again)
{
    for (unsigned i = 0; i < 50; i++) {
        unsigned known = bench->known;
        bool is_first = i % 10 == 0;
        if (is_first) {
            unwind_forget(bench->unwinder);
        }
        capture_in_three_places();
        if (is_first) {
            ck_assert_uint_eq(bench->known, known);
        } else if (i % 10 >= 3) {
            ck_assert_uint_ge(bench->known, known + 2); /* one is in the memo, perhaps */
        }
    }
    ck_assert_uint_ge(bench->expected, 20); /* of three in turn, two may share a hint */
}
END_TEST

/* Return: how many kept leaf ends lead to the stack @id, after leading them astray. */
static unsigned lead_astray(uint32_t id)
{
    unsigned found = 0;
    struct unwind_segments *segments = &bench->unwinder->segments;
    for (size_t i = 0; i < sizeof segments->entries / sizeof segments->entries[0]; i++) {
        if (segments->entries[i].pc != 0 && segments->entries[i].id == id) {
            segments->entries[i].id++;
            found++;
        }
    }
    return found;
}

START_TEST(unwind_check_corrects_a_wrong_leaf_end)
{
    for (unsigned i = 0; i < 10; i++) {
        leaf_of_two(); /* compared with backtrace(), as always */
        ck_assert_uint_eq(common.corrections, i > 5);
        if (i == 5) {
            ck_assert_uint_ge(lead_astray(bench->id), 1);
        }
        capture_in_another_place();
        if (i == 5) {
            unwind_pass(bench->unwinder, UINT32_MAX);
        }
    }
    common.corrections = 0;
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
    unwind_bench_touch(local, sizeof local);
    if (between != NULL) {
        between(unwind_bench_capture);
    } else {
        unwind_bench_capture();
    }
    BARRIER();
}

static volatile size_t sixteen = 16;

/* CFA = *(bp - 8): the size of the frame is not known when it is made */
static __attribute__((noinline, noclone)) void aligned_by_memory(void)
{
    _Alignas(256) unsigned char local[64];
    unwind_bench_touch(local, sizeof local);
    unwind_bench_touch(alloca(sixteen), sixteen);
    if (between != NULL) {
        between(unwind_bench_capture);
    } else {
        unwind_bench_capture();
    }
    BARRIER();
}

static __attribute__((noinline, noclone)) void call_from_two_places(void (*function)(void),
                                                                    size_t which)
{
    unwind_bench_touch(alloca(16 + 16 * which), 1);
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
    unwind_bench_touch(alloca(16 * offset + 16), 1);
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
    ck_assert_uint_le(common.full_walks, 2);
}
END_TEST

static __attribute__((noinline)) void recurse(unsigned depth)
{
    if (depth > 0) {
        recurse(depth - 1);
    }
    BARRIER();
    unwind_bench_capture();
}

START_TEST(unwind_follows_recursion_up_and_down)
{
    recurse(100);
    recurse(100);
    recurse(30);
    recurse(150);
    ck_assert_uint_le(common.full_walks, 2);
}
END_TEST

START_TEST(unwind_cuts_at_the_depth_limit)
{
    const unsigned depths[] = {1, 2, 3, 17, 50, CONFIG_DEPTH_MAX};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        common.shared.depth = depths[i];
        unwind_memo_drop(bench->unwinder); /* a process has one limit */
        recurse(60);
        recurse(5);
        unwind_bench_wander_for(150, 8);
    }
}
END_TEST

START_TEST(unwind_goes_as_deep_as_it_may)
{
    common.shared.depth = CONFIG_DEPTH_MAX;
    for (unsigned depth = CONFIG_DEPTH_MAX - 20; depth < CONFIG_DEPTH_MAX + 20; depth += 13) {
        if (depth % 2 == 0) {
            unwind_memo_drop(bench->unwinder);
        }
        recurse(depth);
    }
}
END_TEST

/* Everything at the limit: the stack grows and shrinks across it frame by frame. */
START_TEST(unwind_finds_its_way_back_from_the_depth_limit)
{
    unwind_bench_capture();
    common.shared.depth = (unsigned)bench->stack.count + 4;
    unwind_memo_drop(bench->unwinder);
    for (unsigned i = 0; i < 10; i++) {
        recurse(i);
    }
    unwind_bench_wander_for(500, 8);
}
END_TEST

static void *wander_in_thread(void *argument)
{
    bench = argument;
    unwind_bench_wander_for(1000, 9);
    return NULL;
}

START_TEST(unwind_serves_threads_at_once)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        struct unwind_bench *made = unwind_bench_new(bench->random + i);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, wander_in_thread, made), 0);
    }
    unwind_bench_wander_for(1000, 9);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}
END_TEST

START_TEST(unwind_checks_itself_and_finds_nothing)
{
    for (int i = 0; i < 5; i++) {
        bench->unwinder->unchecked = 0;
        unwind_bench_wander_for(20, 6);
    }
    ck_assert_uint_ge(common.checks, 4);
    ck_assert_uint_eq(common.corrections, 0);
}
END_TEST

/* Stacks that are found unchanged are not counted one by one. */
START_TEST(unwind_check_comes_after_so_many_unchanged_stacks)
{
    unwind_bench_capture();
    struct unwinder *unwinder = bench->unwinder;
    const uint64_t before = common.checks;
    unwind_pass(unwinder, unwinder->unchecked - UNWIND_CHANGE_WORTH);
    ck_assert_ptr_nonnull(unwinder->leaf);
    unwind_pass(unwinder, 1);
    ck_assert_ptr_null(unwinder->leaf); /* so that the next one is captured */
    unwind_bench_capture();
    ck_assert_uint_eq(common.checks, before + 1);
    ck_assert_ptr_nonnull(unwinder->leaf);
    unwind_pass(unwinder, UINT32_MAX);
    ck_assert_uint_eq(unwinder->unchecked, 0);
}
END_TEST

/* What the check is for: a rule that is wrong. */
START_TEST(unwind_check_corrects_a_wrong_rule)
{
    unwind_bench_wander_for(200, 6);
    leaf_of_two();
    const struct unwind_memo_frame *memo = bench->unwinder->memo;
    uintptr_t pc = memo[bench->stack.count - 1].frame.pc;
    uint64_t packed = rule_table_find(&common.shared.rules, pc);
    ck_assert_uint_ne(packed, 0);
    struct rule rule = rule_unpack(packed);
    ck_assert_int_ne(rule.kind, RULE_END);
    rule_table_put(&common.shared.rules, pc,
                   rule_pack(&(struct rule){.kind = RULE_END, .module = rule.module}));
    unwind_memo_drop(bench->unwinder);
    bench->unwinder->unchecked = 0;
    leaf_of_two(); /* compared with backtrace(), as always */
    ck_assert_uint_eq(common.corrections, 1);
    leaf_of_two();
    ck_assert_int_eq(rule_unpack(rule_table_find(&common.shared.rules, pc)).kind, RULE_IRREGULAR);
    common.corrections = 0;
}
END_TEST

START_TEST(unwind_forgets_when_code_was_unloaded)
{
    unwind_bench_capture();
    unwind_bench_capture();
    for (int i = 0; i < 3; i++) {
        rule_table_clear(&common.shared.rules);
        unwind_forget(bench->unwinder);
        leaf_of_two();
        ck_assert_uint_eq(bench->stack.reused, 0);
        leaf_of_two();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unwind_agrees_with_backtrace_on_calls_at_random,
        unwind_reads_what_is_below_main_only,
        unwind_uses_an_unchanged_stack_as_it_is,
        unwind_notices_a_changed_leaf,
        unwind_notices_a_change_in_the_middle,
        unwind_puts_one_caller_in_the_place_of_another,
        unwind_knows_leaf_ends_that_come_again,
        unwind_check_corrects_a_wrong_leaf_end,
        unwind_depends_on_bp_where_the_frame_does,
        unwind_follows_recursion_up_and_down,
        unwind_cuts_at_the_depth_limit,
        unwind_goes_as_deep_as_it_may,
        unwind_finds_its_way_back_from_the_depth_limit,
        unwind_serves_threads_at_once,
        unwind_checks_itself_and_finds_nothing,
        unwind_check_comes_after_so_many_unchanged_stacks,
        unwind_check_corrects_a_wrong_rule,
        unwind_forgets_when_code_was_unloaded,
        NULL,
    };
    return suite_run_with("unwind", tests, unwind_bench_set_up, unwind_bench_tear_down);
}
