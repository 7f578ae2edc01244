/*
 * prctl(PR_SET_SECCOMP): from then on a system call of ours may be the process's death. The filter
 * is tried, before it is installed, with every call that the tracer makes; if one would not come
 * back, tracing ends first. A filter that lets calls fail is no danger: they fail.
 *
 * Filters that are installed by the system call seccomp() itself, as libseccomp does, are not seen.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "real.h"
#include "sys.h"
#include "tracer.h"

#define EXPORT __attribute__((visibility("default")))
#define DENIED SECCOMP_RET_KILL_PROCESS

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
            __builtin_memcpy(&value, (const char *)machine->data + step->k, sizeof value);
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
    static const int calls[] = {
        SYS_openat,         SYS_close,       SYS_fstat,  SYS_newfstatat, SYS_read,
        SYS_pwrite64,       SYS_write,       SYS_mmap,   SYS_munmap,     SYS_madvise,
        SYS_rt_sigprocmask, SYS_fallocate,   SYS_gettid, SYS_getpid,     SYS_prlimit64,
        SYS_tgkill,         SYS_sigaltstack, SYS_prctl,  SYS_getppid,    SYS_futex,
        SYS_clock_gettime,
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const struct seccomp_data data = {.nr = calls[i], .arch = AUDIT_ARCH_X86_64};
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

EXPORT int prctl(int option, ...);
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
    if (option == PR_SET_SECCOMP) {
        const struct sock_fprog *filter = (const struct sock_fprog *)words[1];
        if (words[0] == SECCOMP_MODE_STRICT || (is_readable(filter) && is_deadly(filter))) {
            tracer_sandboxed();
        }
    }
    return next(option, words[0], words[1], words[2], words[3]);
}
