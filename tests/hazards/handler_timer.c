/*
 * A signal handler that allocates, at 1 kHz, while the thread is inside the tracer. With "nesting"
 * handlers interrupt handlers at 10 kHz, up to eight deep, until the deepest one stops the timer;
 * the outermost one starts it again, or a machine whose handlers take longer than the timer's
 * period would never come back to what was interrupted first.
 * Defence: the nested state (find_nested() in tracer.c).
 * Without it: with one state for both, 5,495 of 8,135 blocks were seen, and 2,122 of 3,690 when
 * handlers nested.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "seen.h"

#define DEPTH_MAX 8 /* or the stack would not do */

static volatile sig_atomic_t calls;
static int is_nesting;
static volatile sig_atomic_t depth;

static void set_timer(suseconds_t microseconds)
{
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

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

/* The timer starts when the handler has returned, however long that takes. */
static void set_timer_after_return(suseconds_t microseconds)
{
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm_only, NULL); /* the return from the handler takes it back */
    set_timer(microseconds);
}

static void on_alarm(int number)
{
    int before = errno;
    (void)number;
    depth = depth + 1;
    if (is_nesting && depth > calls % DEPTH_MAX) {
        set_timer(0); /* at another depth each time: ways back are interrupted, too */
    }
    for (unsigned i = 0; i < 3; i++) {
        (void)marked();
    }
    if (is_nesting) {
        raise(
            SIGUSR1); /* its handlers interrupt nothing of the tracer, or the nested state's use */
    }
    calls = calls + 1;
    depth = depth - 1;
    if (is_nesting && depth == 0) {
        set_timer_after_return(100);
    }
    errno = before;
}

int main(int count, char **arguments)
{
    int wanted = count > 1 ? (int)strtol(arguments[1], NULL, 10) : 500;
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    is_nesting = count > 2;
    if (is_nesting) {
        action.sa_flags |= SA_NODEFER; /* handlers interrupt handlers */
    }
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = on_inner;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    set_timer(is_nesting ? 100 : 1000);
    for (size_t i = 0; calls < wanted; i++) {
        free(marked());
        free(malloc(2000 + i % 20000)); /* new sites now and then: longer ways through the tracer */
    }
    set_timer(0);
    say("handlers have run\n");
    say_marked();
    return 0;
}
