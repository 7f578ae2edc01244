/* Unwinding through code that was made at run time, of which no table tells. */
#include <string.h>
#include <sys/mman.h>

#include "memory.h"
#include "modules.h"
#include "suite.h"
#include "unwind_bench.h"

/* Code without unwind information: push %rbp; mov %rsp, %rbp; call *%rdi; pop %rbp; ret. */
static const unsigned char unknown_code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};

START_TEST(unwind_gets_by_where_there_is_no_unwind_information)
{
    unsigned char *code = memory_map(4096);
    void (*call)(void (*)(void)) = NULL;
    memcpy(code, unknown_code, sizeof unknown_code);
    memcpy(&call, &code, sizeof call);
    ck_assert_int_eq(mprotect(code, 4096, PROT_READ | PROT_EXEC), 0);
    for (int i = 0; i < 10; i++) {
        call(unwind_bench_capture_only);
        const struct unwind_memo_frame *memo = bench->unwinder->memo;
        ck_assert_uint_eq(rule_module(memo[bench->stack.count - 1].rule), 0);
        unwind_bench_capture();
    }
    ck_assert_uint_eq(rule_table_find(&common.shared.rules, (uintptr_t)code + 6), 0);
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
        call(unwind_bench_capture_only);
        const struct unwind_memo_frame *caller = &bench->unwinder->memo[bench->stack.count - 2];
        const struct module *module = modules_get(rule_module(caller->rule));
        ck_assert_uint_eq(bench->stack.root, TRACE_STACK_WHOLE);
        ck_assert(caller->frame.pc > module->start && caller->frame.pc < module->end);
        ck_assert_uint_eq(caller->frame.bp, self);
        ck_assert_uint_eq(bench->unwinder->memo_used, 0);
    }
    ck_assert_uint_le(common.full_walks, 2);
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
            call(unwind_bench_capture_only);
            ck_assert_uint_eq(bench->stack.count, 1);
            ck_assert_uint_eq(stack_table_node(&common.stacks, bench->id)->parent, roots[i]);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unwind_gets_by_where_there_is_no_unwind_information,
        unwind_follows_frame_pointers_where_there_is_no_unwind_information,
        unwind_says_where_it_could_not_go_on,
        NULL,
    };
    return suite_run_with("unwind_code", tests, unwind_bench_set_up, unwind_bench_tear_down);
}
