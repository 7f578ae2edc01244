/* The trial of the tracer's system calls, in children under filters. */
#include "own_calls.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

/* Return: whether a child under a filter that answers @number with @action survives the trial. */
static bool survives(int number, unsigned action)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    int status = 0;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
            _exit(2);
        }
        _exit(own_calls_are_survived() ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status)); /* the trial is the copy's, not the process's */
    ck_assert_int_le(WEXITSTATUS(status), 1);
    return WEXITSTATUS(status) == 0;
}

START_TEST(own_calls_survive_where_nothing_is_forbidden)
{
    ck_assert(own_calls_are_survived());
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* and leave no child behind */
}
END_TEST

START_TEST(own_calls_are_each_found_deadly)
{
    size_t count = 0;
    const struct own_call *calls = own_calls(&count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(!survives(calls[i].number, SECCOMP_RET_KILL_PROCESS), "call %d",
                      calls[i].number);
    }
    ck_assert(!survives(SYS_getcwd, SECCOMP_RET_KILL_THREAD));
    ck_assert(!survives(SYS_pipe2, SECCOMP_RET_TRAP));
}
END_TEST

START_TEST(own_calls_survive_errors_and_what_others_are_forbidden)
{
    ck_assert(survives(SYS_madvise, SECCOMP_RET_ERRNO | 1));
    ck_assert(survives(SYS_swapoff, SECCOMP_RET_KILL_PROCESS));
}
END_TEST

/* What is tried does nothing: descriptors stay open, memory mapped. */
START_TEST(own_calls_change_nothing)
{
    int ends[2];
    char byte = 'a';
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(own_calls_are_survived());
    ck_assert_int_eq(write(ends[1], &byte, 1), 1);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'a');
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        own_calls_survive_where_nothing_is_forbidden,
        own_calls_are_each_found_deadly,
        own_calls_survive_errors_and_what_others_are_forbidden,
        own_calls_change_nothing,
        NULL,
    };
    return suite_run("own_calls", tests);
}
