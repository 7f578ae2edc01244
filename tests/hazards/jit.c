/*
 * Code made at run time, without unwind tables, calls malloc.
 * Defences: addresses are tried before they are read (read_checked() in unwind_libunwind.c,
 * is_readable_frame() in unwind.c), and code that is in no object is known as such without a walk.
 * Without them: without either trial it died of SIGSEGV, of what bp seemed to point to. Without the
 * third each call was a walk by libunwind: 6.4 s, not 0.1, where the program takes 0.05.
 */
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "seen.h"

#define CALLS 20000

/* mov $MARKED,%edi; movabs $malloc,%rax; call *%rax; with and without a frame pointer */
static const unsigned char framed[] = {0x55, 0x48, 0x89, 0xe5, 0xbf, 0xd5, 0x04, 0,
                                       0,    0x48, 0xb8, 0,    0,    0,    0,    0,
                                       0,    0,    0,    0xff, 0xd0, 0x5d, 0xc3};
static const unsigned char bare[] = {0x48, 0x83, 0xec, 0x18, 0xbf, 0xd5, 0x04, 0,   0,
                                     0x48, 0xb8, 0,    0,    0,    0,    0,    0,   0,
                                     0,    0xff, 0xd0, 0x48, 0x83, 0xc4, 0x18, 0xc3};
/* with bp 12 KiB further up, where there may be nothing: lea 0x3000(%rsp),%rbp */
static const unsigned char astray[] = {0x55, 0x48, 0x8d, 0xac, 0x24, 0,    0x30, 0,   0, 0xbf,
                                       0xd5, 0x04, 0,    0,    0x48, 0xb8, 0,    0,   0, 0,
                                       0,    0,    0,    0,    0xff, 0xd0, 0x5d, 0xc3};
#define STACK_BYTES ((size_t)32768)
#define ASTRAY_CALLS 1000

typedef void *(*generated)(void);

static generated emit(unsigned char *to, const unsigned char *code, size_t length)
{
    void *(*target)(size_t) = malloc;
    generated result = NULL;
    memcpy(to, code, length);
    memcpy(to + length - 4 - sizeof target - (code == bare ? 3 : 0), &target, sizeof target);
    memcpy(&result, &to, sizeof result);
    return result;
}

static __attribute__((noinline)) void call(generated function)
{
    free(function());
    __asm__ volatile("" ::: "memory");
}

static generated go_astray;

static void stay(void)
{
    free(marked());
}

static void stray(void)
{
    for (unsigned i = 0; i < ASTRAY_CALLS; i++) {
        call(go_astray);
    }
}

/* Run @function at the upper end of @stack. */
static void run_on(unsigned char *stack, void (*function)(void))
{
    static ucontext_t contexts[2];
    getcontext(&contexts[0]);
    contexts[0].uc_stack.ss_sp = stack;
    contexts[0].uc_stack.ss_size = STACK_BYTES;
    contexts[0].uc_link = &contexts[1];
    makecontext(&contexts[0], function, 0);
    swapcontext(&contexts[1], &contexts[0]);
}

/* Two stacks and a hole between them, into which the bp of code on the lower one points. */
static void run_below_a_hole(void)
{
    unsigned char *stacks =
        mmap(NULL, 3 * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(stacks != MAP_FAILED, "mmap");
    need(munmap(stacks + STACK_BYTES, STACK_BYTES) == 0, "munmap");
    run_on(stacks + 2 * STACK_BYTES, stay);
    run_on(stacks, stray);
}

int main(void)
{
    unsigned char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(page != MAP_FAILED, "mmap");
    generated functions[] = {emit(page, framed, sizeof framed),
                             emit(page + 256, bare, sizeof bare)};
    for (unsigned i = 0; i < CALLS; i++) {
        call(functions[i % 2]);
        if (i % 1000 == 0) { /* other code in the same place */
            functions[0] =
                emit(page, i % 2000 ? framed : bare, i % 2000 ? sizeof framed : sizeof bare);
        }
    }
    go_astray = emit(page + 512, astray, sizeof astray);
    run_below_a_hole();
    say("%d calls\nmarked %d\nlive 0\n", CALLS, CALLS + ASTRAY_CALLS + 1);
    return 0;
}
