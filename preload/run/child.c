/*
 * A program is started, signals go in and its end comes out.
 *
 * All signals that can sensibly be passed on are blocked and taken one by one with sigwaitinfo(),
 * so there is no handler and no race with the child's end. The child gets back the signal mask and
 * the dispositions that this process was started with (nohup's ignored SIGHUP, say).
 *
 * Parent and child share a process group, as a command and its shell script do. A key pressed at
 * the terminal (Ctrl-C, Ctrl-Z, a changed window) therefore reaches both, and is not passed on; a
 * signal sent with kill() is meant for the program and is.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Not waited for: faults of this process itself, and what cannot be blocked anyway. */
static void fill_waited(sigset_t *ret_waited)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
                                 SIGTRAP, SIGSYS, SIGABRT, SIGPIPE};
    sigfillset(ret_waited);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        sigdelset(ret_waited, faults[i]);
    }
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Stop as the child was stopped; comes back when continued. */
static void stop_likewise(int signal_number)
{
    sigset_t only;
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    struct sigaction before;
    sigemptyset(&only);
    sigaddset(&only, signal_number);
    sigaction(signal_number, &by_default, &before);
    raise(signal_number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    sigprocmask(SIG_BLOCK, &only, NULL);
    sigaction(signal_number, &before, NULL);
}

static bool is_job_control(int signal_number)
{
    return signal_number == SIGTSTP || signal_number == SIGTTIN || signal_number == SIGTTOU;
}

/* The kernel sends these to the whole process group when something happens at the terminal. */
static bool is_from_terminal(const siginfo_t *info)
{
    switch (info->si_signo) {
    case SIGINT:
    case SIGQUIT:
    case SIGHUP:
    case SIGCONT:
    case SIGWINCH:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return info->si_code == SI_KERNEL;
    default:
        return false;
    }
}

static void pass_on(pid_t pid, const siginfo_t *info)
{
    bool is_sent = info->si_code == SI_USER || info->si_code == SI_TKILL;
    if (info->si_code == SI_QUEUE) {
        sigqueue(pid, info->si_signo, info->si_value);
    } else if (!is_from_terminal(info) && !(is_sent && info->si_pid == pid)) {
        kill(pid, info->si_signo);
    }
}

/* Take signals until the child has ended. Return: how, as waitpid() says it. */
static int wait_for_end(pid_t pid, const sigset_t *waited)
{
    for (;;) {
        siginfo_t info;
        int status;
        pid_t changed = waitpid(pid, &status, WNOHANG | WUNTRACED);
        if (changed == pid && !WIFSTOPPED(status)) {
            return status;
        }
        if (changed == pid && is_job_control(WSTOPSIG(status))) {
            stop_likewise(WSTOPSIG(status));
            kill(pid, SIGCONT);
            continue;
        }
        if (sigwaitinfo(waited, &info) > 0 && info.si_signo != SIGCHLD) {
            pass_on(pid, &info);
        }
    }
}

/* In the child: only async-signal-safe calls. */
static _Noreturn void become(const char *path, char *const *arguments, int report)
{
    execv(path, arguments);
    int reason = errno;
    ssize_t written = write(report, &reason, sizeof(reason));
    _exit(written > 0 ? RUN_CANNOT_RUN : RUN_FAILED);
}

bool child_run(const char *path, char *const *arguments, struct child *ret_child,
               struct refusal *ret_refusal)
{
    sigset_t waited;
    sigset_t mask;
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    struct sigaction at_child_end;
    int report[2];
    int reason = 0;
    if (pipe2(report, O_CLOEXEC) != 0) {
        return refuse(ret_refusal, RUN_FAILED, "no pipe to be had: %s: close some files",
                      strerror(errno));
    }
    fill_waited(&waited);
    sigprocmask(SIG_BLOCK, &waited, &mask);
    sigaction(SIGCHLD, &by_default, &at_child_end); /* ignored, it would keep waitpid() blind */
    double start = now_s();
    pid_t pid = fork();
    if (pid == 0) {
        sigaction(SIGCHLD, &at_child_end, NULL);
        sigprocmask(SIG_SETMASK, &mask, NULL);
        become(path, arguments, report[1]);
    }
    int fork_reason = errno;
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        return refuse(ret_refusal, RUN_FAILED, "no process to be had: %s: end some",
                      strerror(fork_reason));
    }
    ssize_t got = read(report[0], &reason, sizeof(reason)); /* ends when exec has closed the pipe */
    close(report[0]);
    int status = wait_for_end(pid, &waited);
    if (got == (ssize_t)sizeof(reason)) {
        return refuse(ret_refusal, RUN_CANNOT_RUN, "%s cannot be run: %s: try it without trace-run",
                      path, strerror(reason));
    }
    *ret_child = (struct child){pid, status, now_s() - start};
    return true;
}

void child_end_likewise(const struct child *child)
{
    if (WIFSIGNALED(child->wait_status)) {
        int signal_number = WTERMSIG(child->wait_status);
        struct rlimit no_core = {0, 0}; /* the program's own is the one of interest */
        sigset_t only;
        sigemptyset(&only);
        sigaddset(&only, signal_number);
        setrlimit(RLIMIT_CORE, &no_core);
        signal(signal_number, SIG_DFL);
        raise(signal_number);
        sigprocmask(SIG_UNBLOCK, &only, NULL);
        exit(128 + signal_number);
    }
    exit(WEXITSTATUS(child->wait_status));
}
