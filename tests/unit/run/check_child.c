/* Starting a program, passing signals on, ending as it ended. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "unit.h"

static struct refusal refusal;
static struct child child;

static bool run_shell(const char *script)
{
    char *arguments[] = {"sh", "-c", (char *)(uintptr_t)script, NULL};
    return child_run("/bin/sh", arguments, &child, &refusal);
}

START_TEST(child_reports_the_exit_status)
{
    ck_assert(run_shell("exit 42"));
    ck_assert(WIFEXITED(child.wait_status));
    ck_assert_int_eq(WEXITSTATUS(child.wait_status), 42);
    ck_assert(child.seconds > 0 && child.seconds < 60);
}
END_TEST

START_TEST(child_reports_the_signal)
{
    ck_assert(run_shell("kill -9 $$"));
    ck_assert(WIFSIGNALED(child.wait_status));
    ck_assert_int_eq(WTERMSIG(child.wait_status), SIGKILL);
}
END_TEST

START_TEST(child_gets_what_is_sent_to_us)
{
    ck_assert(run_shell("trap 'exit 5' TERM; (kill -TERM $PPID); while :; do sleep 0.05; done"));
    ck_assert_int_eq(WEXITSTATUS(child.wait_status), 5);
}
END_TEST

START_TEST(child_keeps_ignored_signals_ignored)
{
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    ck_assert(run_shell("kill -HUP $$; exit 6"));
    ck_assert_int_eq(WEXITSTATUS(child.wait_status), 6);
}
END_TEST

START_TEST(child_has_no_signal_blocked)
{
    ck_assert(run_shell("grep -q '^SigBlk:.*0000000000000000$' /proc/self/status"));
    ck_assert_int_eq(WEXITSTATUS(child.wait_status), 0);
}
END_TEST

START_TEST(child_that_cannot_start_is_a_refusal)
{
    char *arguments[] = {"nothing", NULL};
    ck_assert(!child_run("/no/such/program", arguments, &child, &refusal));
    ck_assert_int_eq(refusal.status, RUN_CANNOT_RUN);
    ck_assert_ptr_nonnull(strstr(refusal.text, "/no/such/program"));
}
END_TEST

START_TEST(child_end_likewise_exits)
{
    child.wait_status = 7 << 8;
    child_end_likewise(&child);
}
END_TEST

START_TEST(child_end_likewise_dies)
{
    child.wait_status = SIGTERM;
    child_end_likewise(&child);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("child");
    tcase_add_test(tests, child_reports_the_exit_status);
    tcase_add_test(tests, child_reports_the_signal);
    tcase_add_test(tests, child_gets_what_is_sent_to_us);
    tcase_add_test(tests, child_keeps_ignored_signals_ignored);
    tcase_add_test(tests, child_has_no_signal_blocked);
    tcase_add_test(tests, child_that_cannot_start_is_a_refusal);
    tcase_add_exit_test(tests, child_end_likewise_exits, 7);
    tcase_add_test_raise_signal(tests, child_end_likewise_dies, SIGTERM);
    return unit_run("child", tests);
}
