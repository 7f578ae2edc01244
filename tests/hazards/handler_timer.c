/*
 * A signal handler that allocates, at 1 kHz, while the thread is inside the tracer.
 * Defence: the nested state (enter_nested() in tracer.c).
 * Without it: with one state for both, SIGSEGV.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "seen.h"

static volatile sig_atomic_t calls;
static int is_nesting;
static volatile sig_atomic_t depth;

static void on_inner(int number)
{
    int before = errno;
    (void)marked();
    if (number == SIGUSR1) {
        raise(SIGUSR2);
    }
    (void)marked();
    errno = before;
}

static void on_alarm(int number)
{
    int before = errno;
    (void)number;
    if (depth == 8) {
        return; /* or the stack would not do */
    }
    depth = depth + 1;
    for (unsigned i = 0; i < 3; i++) {
        (void)marked();
    }
    if (is_nesting) {
        raise(
            SIGUSR1); /* its handlers interrupt nothing of the tracer, or the nested state's use */
    }
    depth = depth - 1;
    calls = calls + 1;
    errno = before;
}

int main(int count, char **arguments)
{
    int wanted = count > 1 ? (int)strtol(arguments[1], NULL, 10) : 500;
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct itimerval timer = {{0, 1000}, {0, 1000}};
    struct itimerval no_timer = {{0, 0}, {0, 0}};
    is_nesting = count > 2;
    if (is_nesting) {
        action.sa_flags |= SA_NODEFER; /* handlers interrupt handlers */
        timer.it_interval.tv_usec = 100;
    }
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = on_inner;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (size_t i = 0; calls < wanted; i++) {
        free(marked());
        free(malloc(2000 + i % 20000)); /* new sites now and then: longer ways through the tracer */
    }
    setitimer(ITIMER_REAL, &no_timer, NULL);
    say("handlers have run\n");
    say_marked();
    return 0;
}
