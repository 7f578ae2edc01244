/*
 * The ways out of a process, with blocks allocated by its last functions.
 * Defence: the trace is complete at every instruction; exits.c tells how it ended.
 * Without it: the traces that the last function or an exec ended had no end state; blocks were
 * right all the same.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "seen.h"

static void at_end(void)
{
    marked_churn(3); /* the tracer's destructor may have run by now */
    say_marked();
}

int main(int count, char **arguments)
{
    const char *how = count > 1 ? arguments[1] : "return";
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    marked_churn(4);
    if (strcmp(how, "_exit") == 0 || strcmp(how, "_Exit") == 0 || strcmp(how, "abort") == 0) {
        say_marked();
    }
    atexit(at_end);
    at_quick_exit(at_end);
    if (strcmp(how, "_exit") == 0) {
        _exit(11);
    } else if (strcmp(how, "_Exit") == 0) {
        _Exit(12);
    } else if (strcmp(how, "quick_exit") == 0) {
        quick_exit(13);
    } else if (strcmp(how, "abort") == 0) {
        abort();
    }
    return 14;
}
