/* Whether libunwind makes system calls for signals: asked of a child that dies of them. */
#include "libunwind_signals.h"

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own_stack.h"
#include "suite.h"
#include "unwind_libunwind.h"

/* From here on rt_sigprocmask() is death. Then step a frame of the caller's, and end. */
static void probe_and_end(void *pc)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    struct probe probe;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        _exit(2);
    }
    _exit(libunwind_probe((uintptr_t)pc, &probe) ? 0 : 1);
}

/* Return: how a child ends that steps a frame. */
static int end_of_child(bool is_on_own_stack)
{
    static _Alignas(16) unsigned char stack[OWN_STACK_BYTES];
    int status = 0;
    void *pc = __builtin_return_address(0);
    ck_assert(libunwind_load());
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (is_on_own_stack) {
            own_stack_call(probe_and_end, pc, stack + sizeof stack);
        }
        probe_and_end(pc);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(libunwind_makes_no_calls_on_our_own_stack)
{
    int status = end_of_child(true);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(libunwind_blocks_signals_for_others)
{
    int status = end_of_child(false);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST

START_TEST(libunwind_that_looks_otherwise_is_left_alone)
{
    void *without = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL); /* calls no sigprocmask() */
    ck_assert_ptr_nonnull(without);
    ck_assert(!libunwind_spare_signals(without));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        libunwind_makes_no_calls_on_our_own_stack,
        libunwind_blocks_signals_for_others,
        libunwind_that_looks_otherwise_is_left_alone,
        NULL,
    };
    return suite_run("libunwind_signals", tests);
}
