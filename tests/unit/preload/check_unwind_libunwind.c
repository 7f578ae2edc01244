/*
 * libunwind by its remote half: what a probe says of functions whose frames this file knows, and
 * walks against glibc's backtrace().
 */
#include "unwind_libunwind.h"

#include <alloca.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "memory.h"
#include "suite.h"
#include "unwind_rules.h"

#define FRAMES_MAX 1200
#define BARRIER() __asm__ volatile("" ::: "memory")

static void load(void)
{
    void *frames[4];
    (void)backtrace(frames, 4); /* loads libgcc_s */
    ck_assert(libunwind_load());
}

/* --- functions whose frames are known --- */

static struct frame seen; /* of the function that called look() */

/* Note the caller's frame: return address, stack pointer, frame pointer. */
static __attribute__((noinline)) void look(void)
{
    seen = (struct frame){
        .pc = (uintptr_t)__builtin_return_address(0),
        .sp = (uintptr_t)__builtin_frame_address(0) + 2 * sizeof(uintptr_t),
        .bp = *(const uintptr_t *)__builtin_frame_address(0),
    };
}

static __attribute__((noinline)) void touch(volatile unsigned char *bytes, size_t size)
{
    bytes[size - 1] = bytes[0] = 1;
}

/* In assembly, so that no compiler and no sanitizer changes the frame. */
void frame_of_40_bytes(void (*callee)(void));
void frame_with_bp(void (*callee)(void));
void frame_without_return(void (*callee)(void));
__asm__(".pushsection .text\n"
        ".globl frame_of_40_bytes, frame_with_bp, frame_without_return\n"
        ".type frame_of_40_bytes, @function\n"
        "frame_of_40_bytes:\n"
        ".cfi_startproc\n"
        "    sub $40, %rsp\n"
        ".cfi_def_cfa_offset 48\n"
        "    call *%rdi\n"
        "    add $40, %rsp\n"
        ".cfi_def_cfa_offset 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size frame_of_40_bytes, . - frame_of_40_bytes\n"
        ".type frame_with_bp, @function\n"
        "frame_with_bp:\n"
        ".cfi_startproc\n"
        "    push %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset %rbp, -16\n"
        "    mov %rsp, %rbp\n"
        ".cfi_def_cfa_register %rbp\n"
        "    call *%rdi\n"
        "    leave\n"
        ".cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size frame_with_bp, . - frame_with_bp\n"
        ".type frame_without_return, @function\n"
        "frame_without_return:\n"
        ".cfi_startproc\n"
        ".cfi_undefined %rip\n"
        "    sub $8, %rsp\n"
        ".cfi_def_cfa_offset 16\n"
        "    call *%rdi\n"
        "    add $8, %rsp\n"
        ".cfi_def_cfa_offset 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size frame_without_return, . - frame_without_return\n"
        ".popsection\n");

static __attribute__((noinline, force_align_arg_pointer)) void realigned_arguments(void)
{
    look();
    BARRIER();
}

static __attribute__((noinline)) void realigned_local(void)
{
    _Alignas(64) unsigned char local[128];
    touch(local, sizeof local);
    look();
    touch(local, 1);
}

static __attribute__((noinline, force_align_arg_pointer)) void realigned_dynamic(size_t size)
{
    _Alignas(64) unsigned char local[128];
    touch(local, sizeof local);
    touch(alloca(size), size);
    look();
    touch(local, 1);
}

static __attribute__((noinline)) void dynamic(size_t size)
{
    touch(alloca(size), size);
    look();
    BARRIER();
}

static __attribute__((noinline, optimize("omit-frame-pointer"))) void without_frame_pointer(void)
{
    unsigned char local[100];
    touch(local, sizeof local);
    look();
    touch(local, 1);
}

/* --- probes --- */

static struct probe probe_seen(void)
{
    struct probe probe = {0};
    ck_assert(libunwind_probe(seen.pc, &probe));
    ck_assert_uint_le(probe.reads_used, PROBE_READS_MAX);
    return probe;
}

static enum rule_kind kind_of_seen(void)
{
    struct probe probe = probe_seen();
    return rule_from_probe(&probe).kind;
}

START_TEST(libunwind_probes_a_frame_of_fixed_size)
{
    frame_of_40_bytes(look);
    struct probe probe = probe_seen();
    ck_assert(!probe.is_end);
    ck_assert_uint_eq(probe.caller.sp, PROBE_SP + 48);
    ck_assert_uint_eq(probe.caller.bp, PROBE_BP);
    ck_assert_uint_eq(probe.reads_used, 1);
    ck_assert_uint_eq(probe.reads[0], PROBE_SP + 40);
    ck_assert_uint_eq(probe.caller.pc, PROBE_VALUE(0));
}
END_TEST

START_TEST(libunwind_probes_a_frame_with_a_frame_pointer)
{
    frame_with_bp(look);
    struct probe probe = probe_seen();
    ck_assert(!probe.is_end);
    ck_assert_uint_eq(probe.caller.sp, PROBE_BP + 16);
    struct rule rule = rule_from_probe(&probe);
    ck_assert_int_eq(rule.kind, RULE_BP);
    ck_assert_int_eq(rule.bp, RULE_BP_AT_CFA);
    ck_assert_int_eq(rule.bp_offset, -16);
}
END_TEST

START_TEST(libunwind_probes_the_outermost_frame)
{
    frame_without_return(look);
    ck_assert(probe_seen().is_end);
}
END_TEST

/* Every shape that a compiler makes is regular. */
START_TEST(libunwind_probes_what_compilers_make)
{
    dynamic(100);
    ck_assert_int_eq(kind_of_seen(), RULE_BP);
    without_frame_pointer();
    enum rule_kind kind = kind_of_seen();
    ck_assert(kind == RULE_SP || (SUITE_IS_SANITIZED && kind == RULE_BP));
    realigned_local();
    ck_assert_int_eq(kind_of_seen(), RULE_BP);
    realigned_arguments();
    ck_assert_int_ne(kind_of_seen(), RULE_IRREGULAR);
    realigned_dynamic(100);
    ck_assert_int_eq(kind_of_seen(), RULE_DEREF_BP);
}
END_TEST

START_TEST(libunwind_has_nothing_to_say_where_there_is_no_code)
{
    struct probe probe;
    static uint64_t data; /* words, as what looks like no code is read to see what it is */
    uint64_t local = 0;
    ck_assert(!libunwind_probe((uintptr_t)&local, &probe));
    ck_assert(!libunwind_probe((uintptr_t)&data, &probe));
    ck_assert(!libunwind_probe(0, &probe));
    ck_assert(!libunwind_probe(1, &probe));
    ck_assert(!libunwind_probe(UINTPTR_MAX, &probe));
    void *page = memory_map(4096);
    ck_assert(!libunwind_probe((uintptr_t)page + 100, &probe));
}
END_TEST

static void look_in_handler(int number)
{
    (void)number;
    seen.pc = (uintptr_t)__builtin_return_address(0); /* __restore_rt */
}

/* Return: a return address in a library whose functions are not called here. */
static uintptr_t open_library(struct dl_find_object *ret_object)
{
    void *library = dlopen("libm.so.6", RTLD_NOW);
    ck_assert_ptr_nonnull(library);
    uintptr_t pc = (uintptr_t)dlsym(library, "sin") + 1;
    ck_assert_int_eq(_dl_find_object((void *)pc, ret_object), 0);
    return pc;
}

/* A word on the stack may point anywhere into an object, if it is no return address: into the room
 * between its segments, too. */
START_TEST(libunwind_reads_no_part_of_an_object_that_cannot_be_read)
{
    const uintptr_t page = 4096;
    struct dl_find_object object;
    struct probe probe;
    (void)open_library(&object);
    uintptr_t last = ((uintptr_t)object.dlfo_map_end - 1) & ~(page - 1);
    ck_assert_int_eq(mprotect((void *)last, page, PROT_NONE), 0);
    bool is_stepped = libunwind_probe((uintptr_t)object.dlfo_map_end - 20, &probe);
    ck_assert_int_eq(mprotect((void *)last, page, PROT_READ | PROT_WRITE), 0);
    ck_assert(!is_stepped && !probe.is_end);
}
END_TEST

START_TEST(libunwind_searches_no_table_that_goes_beyond_its_object)
{
    const uintptr_t page = 4096;
    struct dl_find_object object;
    struct probe probe;
    uintptr_t pc = open_library(&object);
    ck_assert(libunwind_probe(pc, &probe));
    uint32_t *header = object.dlfo_eh_frame;
    uintptr_t start = (uintptr_t)header & ~(page - 1);
    ck_assert_int_eq(mprotect((void *)start, 2 * page, PROT_READ | PROT_WRITE), 0);
    header[2] = 0x40000000; /* entries */
    ck_assert(!libunwind_probe(pc, &probe));
}
END_TEST

/* The step out of a signal frame looks at the registers that the kernel saved. (ThreadSanitizer
 * calls handlers itself: their caller is no signal frame.) */
START_TEST(libunwind_finds_signal_frames_irregular)
{
    struct probe probe;
    ck_assert_int_eq(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = look_in_handler}, NULL),
                     0);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    if (!SUITE_IS_THREAD_SANITIZED && libunwind_probe(seen.pc, &probe)) {
        ck_assert_int_eq(rule_from_probe(&probe).kind, RULE_IRREGULAR);
    }
}
END_TEST

/* --- walks --- */

static struct frame walked[FRAMES_MAX];
static void *expected[FRAMES_MAX];

static __attribute__((noinline)) size_t walk(size_t max, bool *ret_is_whole)
{
    struct registers registers;
    __asm__ volatile("lea 0(%%rip), %%rax\n\t"
                     "mov %%rax, 0(%0)\n\t"
                     "mov %%rsp, 8(%0)\n\t"
                     "mov %%rbp, 16(%0)\n\t"
                     "mov %%rbx, 24(%0)\n\t"
                     "mov %%r12, 32(%0)\n\t"
                     "mov %%r13, 40(%0)\n\t"
                     "mov %%r14, 48(%0)\n\t"
                     "mov %%r15, 56(%0)"
                     :
                     : "r"(&registers)
                     : "rax", "memory");
    return libunwind_walk(&registers, walked, max, ret_is_whole);
}

/* backtrace() starts in this function; walk() gives this function's frame first. */
static __attribute__((noinline)) void assert_walk(void)
{
    bool is_whole = false;
    size_t found = (size_t)backtrace(expected, FRAMES_MAX);
    size_t count = walk(FRAMES_MAX, &is_whole);
    ck_assert(is_whole);
    size_t extra = found - count; /* a sanitizer's own backtrace() is a frame as well */
    ck_assert_uint_le(extra, SUITE_IS_SANITIZED);
    bool is_interrupted = false;
    for (size_t i = 1; i < count; i++) {
        uintptr_t pc = (uintptr_t)expected[i + extra];
        if (walked[i].pc != pc + is_interrupted || walked[i].sp <= walked[i - 1].sp) {
            ck_abort_msg("frame %zu: %#lx, backtrace() has %#lx", i, walked[i].pc, pc);
        }
        is_interrupted = libunwind_is_handler_return(pc);
    }
}

static __attribute__((noinline)) void recurse(unsigned depth)
{
    if (depth > 0 && depth % 2 == 0) {
        _Alignas(64) unsigned char local[64];
        touch(local, sizeof local);
        recurse(depth - 1);
    } else if (depth > 0) {
        touch(alloca(depth % 100 + 1), 1);
        recurse(depth - 1);
    } else {
        assert_walk();
    }
    BARRIER();
}

START_TEST(libunwind_walks_like_backtrace)
{
    assert_walk();
    recurse(20);
    recurse(500);
    frame_of_40_bytes(assert_walk);
    frame_with_bp(assert_walk);
}
END_TEST

START_TEST(libunwind_walks_as_far_as_it_may)
{
    bool is_whole = true;
    size_t all = walk(FRAMES_MAX, &is_whole);
    ck_assert(is_whole);
    for (size_t max = 0; max < all; max++) {
        ck_assert_uint_eq(walk(max, &is_whole), max);
        ck_assert(!is_whole);
    }
}
END_TEST

START_TEST(libunwind_knows_the_end)
{
    bool is_whole = false;
    frame_without_return(look);
    struct registers registers = {.pc = seen.pc - 1, .sp = seen.sp, .bp = seen.bp};
    ck_assert_uint_eq(libunwind_walk(&registers, walked, FRAMES_MAX, &is_whole), 0);
    ck_assert(is_whole);
}
END_TEST

START_TEST(libunwind_walks_no_stack_that_is_not_there)
{
    bool is_whole = true;
    unsigned char *page = memory_map(4096);
    look();
    const uintptr_t bad[] = {0,
                             8,
                             4096,
                             (uintptr_t)page + 4096 - 8,
                             (uintptr_t)1 << 47,
                             (uintptr_t)1 << 60,
                             UINTPTR_MAX - 7,
                             UINTPTR_MAX};
    ck_assert_int_eq(mprotect(page, 4096, PROT_NONE), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct registers registers = {
            .pc = (uintptr_t)frame_with_bp + 6, .sp = bad[i], .bp = bad[i]};
        (void)libunwind_walk(&registers, walked, FRAMES_MAX, &is_whole);
        registers = (struct registers){.pc = bad[i], .sp = bad[i], .bp = bad[i]};
        (void)libunwind_walk(&registers, walked, FRAMES_MAX, &is_whole);
    }
}
END_TEST

static void walk_in_handler(int number)
{
    (void)number;
    assert_walk();
}

START_TEST(libunwind_walks_through_signal_frames)
{
    ck_assert_int_eq(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = walk_in_handler}, NULL),
                     0);
    ck_assert_int_eq(raise(SIGUSR1), 0);
}
END_TEST

/* What a trap interrupts at its first byte; the byte before is in no function. */
void trap_at_once(void);
__asm__(".pushsection .text\n"
        "    nop\n"
        ".globl trap_at_once\n"
        ".type trap_at_once, @function\n"
        "trap_at_once:\n"
        ".cfi_startproc\n"
        "    ud2\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size trap_at_once, . - trap_at_once\n"
        ".popsection\n");

static void walk_from_trap(int number, siginfo_t *information, void *context)
{
    ucontext_t *interrupted = context;
    (void)number;
    (void)information;
    assert_walk();
    interrupted->uc_mcontext.gregs[REG_RIP] += 2; /* behind ud2 */
}

START_TEST(libunwind_walks_from_the_first_byte_of_a_function)
{
    struct sigaction action = {.sa_sigaction = walk_from_trap, .sa_flags = SA_SIGINFO};
    ck_assert_int_eq(sigaction(SIGILL, &action, NULL), 0);
    trap_at_once();
    frame_with_bp(trap_at_once);
}
END_TEST

static void *walk_in_thread(void *argument)
{
    (void)argument;
    recurse(10);
    return NULL;
}

START_TEST(libunwind_walks_stacks_of_threads)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, walk_in_thread, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* The library must not get into the way of the program's exceptions. */
START_TEST(libunwind_is_not_in_the_global_scope)
{
    ck_assert_ptr_null(dlsym(RTLD_DEFAULT, "unw_backtrace"));
    ck_assert_ptr_null(dlsym(RTLD_DEFAULT, "_Ux86_64_init_remote"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        libunwind_probes_a_frame_of_fixed_size,
        libunwind_probes_a_frame_with_a_frame_pointer,
        libunwind_probes_the_outermost_frame,
        libunwind_probes_what_compilers_make,
        libunwind_has_nothing_to_say_where_there_is_no_code,
        libunwind_reads_no_part_of_an_object_that_cannot_be_read,
        libunwind_searches_no_table_that_goes_beyond_its_object,
        libunwind_finds_signal_frames_irregular,
        libunwind_walks_like_backtrace,
        libunwind_walks_as_far_as_it_may,
        libunwind_knows_the_end,
        libunwind_walks_no_stack_that_is_not_there,
        libunwind_walks_through_signal_frames,
        libunwind_walks_from_the_first_byte_of_a_function,
        libunwind_walks_stacks_of_threads,
        libunwind_is_not_in_the_global_scope,
        NULL,
    };
    return suite_run_with("unwind_libunwind", tests, load, NULL);
}
