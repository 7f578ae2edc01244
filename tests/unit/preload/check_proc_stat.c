/* /proc/PID/stat, compared with another reader of the same line; and how many filters there are. */
#include "proc_stat.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "suite.h"

/* Field 22 by scanf: the name is skipped by what surrounds it, which this test chooses. */
static uint64_t read_start_time(pid_t pid, const char *name)
{
    char path[64];
    char expected[64];
    char line[1024];
    unsigned long long start = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    (void)snprintf(expected, sizeof expected, "%d (%s) ", (int)pid, name);
    FILE *stat = fopen(path, "re");
    ck_assert_ptr_nonnull(stat);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, stat));
    ck_assert_int_eq(fclose(stat), 0);
    ck_assert_int_eq(strncmp(line, expected, strlen(expected)), 0);
    const char *fields = line + strlen(expected);
    for (int field = 3; field < 22; field++) {
        fields = strchr(fields, ' ') + 1;
    }
    start = strtoull(fields, NULL, 10);
    return start;
}

START_TEST(proc_stat_tells_when_this_process_started)
{
    const char *const names[] = {"plain", "a b", ") R 1 2 3", "((", ")", "a) S 1 ("};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(prctl(PR_SET_NAME, names[i]), 0);
        uint64_t start = proc_start_time((uint32_t)getpid());
        ck_assert_uint_gt(start, 0);
        ck_assert_uint_eq(start, read_start_time(getpid(), names[i]));
    }
}
END_TEST

START_TEST(proc_stat_does_not_know_processes_that_are_not_there)
{
    ck_assert_uint_eq(proc_start_time(0), 0);
    ck_assert_uint_eq(proc_start_time(UINT32_MAX), 0);
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_uint_eq(proc_start_time((uint32_t)child), 0);
}
END_TEST

START_TEST(proc_stat_tells_parent_and_child_apart)
{
    ck_assert_uint_gt(proc_start_time((uint32_t)getppid()), 0);
    ck_assert_uint_le(proc_start_time((uint32_t)getppid()), proc_start_time((uint32_t)getpid()));
}
END_TEST

/* Each child adds a filter that forbids nothing. */
START_TEST(proc_stat_counts_filters)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    uint32_t before = proc_filters();
    for (uint32_t more = 0; more < 3; more++) {
        pid_t child = fork();
        int status = 0;
        if (child == 0) {
            (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            for (uint32_t i = 0; i < more; i++) {
                (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
            }
            _exit(proc_filters() != before + more);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        proc_stat_tells_when_this_process_started,
        proc_stat_does_not_know_processes_that_are_not_there,
        proc_stat_tells_parent_and_child_apart,
        proc_stat_counts_filters,
        NULL,
    };
    return suite_run("proc_stat", tests);
}
