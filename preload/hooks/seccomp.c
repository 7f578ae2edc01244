/*
 * prctl(PR_SET_SECCOMP) and the system call seccomp(): from then on a system call of ours may be
 * the process's death. The filter is tried, before it is installed, with every call that the tracer
 * makes; if one would not come back, tracing ends first. A filter that lets calls fail is no
 * danger: they fail.
 *
 * libc has no function for seccomp(): programs and libseccomp go through syscall(). Filters that
 * come by an instruction of the program's own are not seen.
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "own_calls.h"
#include "real.h"
#include "sys.h"
#include "tracer.h"

#define EXPORT __attribute__((visibility("default")))
#define DENIED SECCOMP_RET_KILL_PROCESS
#define SYS_SECCOMP_TEXT "317" /* SYS_seccomp; the assembler knows no casts */
_Static_assert(SYS_seccomp == 317, "SYS_SECCOMP_TEXT");

struct machine {
    const struct seccomp_data *data;
    uint32_t a;
    uint32_t x;
    uint32_t memory[BPF_MEMWORDS];
};

static uint32_t load(const struct machine *machine, const struct sock_filter *step)
{
    uint32_t value = 0;
    switch (BPF_MODE(step->code)) {
    case BPF_ABS:
        if (step->k <= sizeof *machine->data - sizeof value) {
            memcpy(&value, (const char *)machine->data + step->k, sizeof value);
        }
        return value;
    case BPF_MEM:
        return step->k < BPF_MEMWORDS ? machine->memory[step->k] : 0;
    case BPF_LEN:
        return sizeof *machine->data;
    default:
        return step->k;
    }
}

static uint32_t compute(uint16_t code, uint32_t a, uint32_t operand)
{
    switch (BPF_OP(code)) {
    case BPF_ADD:
        return a + operand;
    case BPF_SUB:
        return a - operand;
    case BPF_MUL:
        return a * operand;
    case BPF_DIV:
        return operand != 0 ? a / operand : 0;
    case BPF_OR:
        return a | operand;
    case BPF_AND:
        return a & operand;
    case BPF_XOR:
        return a ^ operand;
    case BPF_LSH:
        return operand < 32 ? a << operand : 0;
    case BPF_RSH:
        return operand < 32 ? a >> operand : 0;
    default:
        return -a;
    }
}

/* Return: how many steps a jump skips. */
static uint32_t jump(const struct sock_filter *step, uint32_t a, uint32_t operand)
{
    switch (BPF_OP(step->code)) {
    case BPF_JA:
        return step->k;
    case BPF_JEQ:
        return a == operand ? step->jt : step->jf;
    case BPF_JGT:
        return a > operand ? step->jt : step->jf;
    case BPF_JGE:
        return a >= operand ? step->jt : step->jf;
    default:
        return (a & operand) != 0 ? step->jt : step->jf;
    }
}

static void store(struct machine *machine, uint32_t at, uint32_t value)
{
    if (at < BPF_MEMWORDS) {
        machine->memory[at] = value;
    }
}

/* Source: the kernel's Documentation/networking/filter.rst. Return: SECCOMP_RET_... and its data.
 */
static uint32_t run(const struct sock_fprog *filter, const struct seccomp_data *data)
{
    struct machine machine = {.data = data};
    for (uint32_t at = 0; at < filter->len; at++) {
        const struct sock_filter *step = &filter->filter[at];
        uint32_t operand = BPF_SRC(step->code) == BPF_X ? machine.x : step->k;
        switch (BPF_CLASS(step->code)) {
        case BPF_LD:
            machine.a = load(&machine, step);
            break;
        case BPF_LDX:
            machine.x = load(&machine, step);
            break;
        case BPF_ST:
            store(&machine, step->k, machine.a);
            break;
        case BPF_STX:
            store(&machine, step->k, machine.x);
            break;
        case BPF_ALU:
            machine.a = compute(step->code, machine.a, operand);
            break;
        case BPF_JMP:
            at += jump(step, machine.a, operand);
            break;
        case BPF_RET:
            return BPF_RVAL(step->code) == BPF_A ? machine.a : step->k;
        default:
            if (BPF_MISCOP(step->code) == BPF_TAX) {
                machine.x = machine.a;
            } else {
                machine.a = machine.x;
            }
        }
    }
    return DENIED;
}

/* Would one of the tracer's own calls kill the process, or have a handler of the program's called?
 */
static bool is_deadly(const struct sock_fprog *filter)
{
    size_t count = 0;
    const struct own_call *calls = own_calls(&count);
    for (size_t i = 0; i < count; i++) {
        struct seccomp_data data = {.nr = calls[i].number, .arch = AUDIT_ARCH_X86_64};
        memcpy(data.args, calls[i].arguments, sizeof calls[i].arguments);
        uint32_t action = run(filter, &data) & SECCOMP_RET_ACTION_FULL;
        if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG &&
            action != SECCOMP_RET_ERRNO) {
            return true;
        }
    }
    return false;
}

/* The kernel will refuse a filter that cannot be read; it must not be us who crash. */
static bool is_readable(const struct sock_fprog *filter)
{
    if (!sys_is_readable((uintptr_t)filter) || !sys_is_readable((uintptr_t)(filter + 1) - 8)) {
        return false;
    }
    for (uint32_t at = 0; at < filter->len; at++) {
        if (!sys_is_readable((uintptr_t)&filter->filter[at])) {
            return false;
        }
    }
    return true;
}

/* A filter is about to be installed, or strict mode entered, for which @filter is NULL. */
static void expect(const struct sock_fprog *filter)
{
    if (filter == NULL || (is_readable(filter) && is_deadly(filter))) {
        tracer_sandboxed();
    }
}

EXPORT int prctl(int option, ...)
{
    int (*next)(int, ...) = NULL;
    unsigned long words[4];
    va_list arguments;
    va_start(arguments, option);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        words[i] = va_arg(arguments, unsigned long);
    }
    va_end(arguments);
    real_find("prctl", &next);
    if (option == PR_SET_SECCOMP && words[0] == SECCOMP_MODE_STRICT) {
        expect(NULL);
    } else if (option == PR_SET_SECCOMP && words[1] != 0) {
        expect((const struct sock_fprog *)words[1]);
    }
    return next(option, words[0], words[1], words[2], words[3]);
}

/*
 * syscall(): one that makes a child on the same stack (vfork, clone) returns twice, so there must
 * be no frame of ours. It jumps to the next syscall() with everything as it was, having called
 * syscall_is_new() before where that is not known yet, or the call is seccomp().
 */
__attribute__((used)) long (*syscall_next)(long number, ...);
__attribute__((used)) void syscall_is_new(long number, long operation, unsigned long flags,
                                          const struct sock_fprog *filter);
__attribute__((used)) void syscall_is_new(long number, long operation, unsigned long flags,
                                          const struct sock_fprog *filter)
{
    (void)flags;
    if (syscall_next == NULL) {
        real_find("syscall", &syscall_next);
    }
    if (number == SYS_seccomp && operation == SECCOMP_SET_MODE_STRICT) {
        expect(NULL);
    } else if (number == SYS_seccomp && operation == SECCOMP_SET_MODE_FILTER && filter != NULL) {
        expect(filter);
    }
}

EXPORT __attribute__((naked)) long syscall(long number __attribute__((unused)), ...)
{
    __asm__("mov syscall_next(%rip), %rax\n\t"
            "test %rax, %rax\n\t"
            "je 1f\n\t"
            "cmp $" SYS_SECCOMP_TEXT ", %rdi\n\t"
            "je 1f\n\t"
            "jmp *%rax\n"
            "1:\tpush %rdi\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "push %rsi\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "push %rdx\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "push %rcx\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "push %r8\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "push %r9\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "sub $8, %rsp\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "call syscall_is_new\n\t"
            "add $8, %rsp\n\t"
            ".cfi_adjust_cfa_offset -8\n\t"
            "pop %r9\n\t"
            ".cfi_adjust_cfa_offset -8\n\t"
            "pop %r8\n\t"
            ".cfi_adjust_cfa_offset -8\n\t"
            "pop %rcx\n\t"
            ".cfi_adjust_cfa_offset -8\n\t"
            "pop %rdx\n\t"
            ".cfi_adjust_cfa_offset -8\n\t"
            "pop %rsi\n\t"
            ".cfi_adjust_cfa_offset -8\n\t"
            "pop %rdi\n\t"
            ".cfi_adjust_cfa_offset -8\n\t"
            "jmp *syscall_next(%rip)");
}
