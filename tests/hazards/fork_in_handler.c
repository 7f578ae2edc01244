/*
 * fork() in a signal handler that interrupted the tracer; the child goes on with the interrupted
 * event.
 * Defence: a child made while its thread's state is busy begins a trace at once (fork.c).
 * Without it: before there was one, the child moved the end of its parent's window back: 6,000 of
 * 34,000 blocks were left in the parent's trace.
 */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "seen.h"

static volatile sig_atomic_t forks;
static volatile sig_atomic_t wanted;
static volatile sig_atomic_t is_child;

static void on_alarm(int number)
{
    int before = errno;
    (void)number;
    if (forks == wanted || is_child) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        is_child = 1; /* and goes on where the parent was interrupted */
        marked_count = 0;
    }
    forks += !is_child;
    errno = before;
}

int main(int count, char **arguments)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct itimerval timer = {{0, 1000}, {0, 1000}};
    struct itimerval no_timer = {{0, 0}, {0, 0}};
    long bad = 0;
    wanted = count > 1 ? (sig_atomic_t)strtol(arguments[1], NULL, 10) : 100;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    while (forks < wanted && !is_child) {
        free(marked());
    }
    setitimer(ITIMER_REAL, &no_timer, NULL);
    if (is_child) {
        marked_churn(10);
        say_marked();
        _exit(6);
    }
    for (int status = 0; wait(&status) > 0;) {
        bad += status != 6 << 8;
    }
    say("children that did not end well: %ld\n", bad);
    say_marked();
    return 0;
}
