/*
 * A program that runs another one, of 32 bits.
 * Defence: none is needed but by the loader, which says on stderr that it does not load the tracer
 * into it: the child runs untraced.
 * Without it: there is nothing to take out; not seen to fail.
 */
#include <spawn.h>
#include <sys/wait.h>

#include "seen.h"

int main(int count, char **arguments)
{
    pid_t child = 0;
    int status = 0;
    need(count > 1, "arguments");
    for (int i = 0; i < 3; i++) {
        marked_churn(100);
        need(posix_spawn(&child, arguments[1], NULL, NULL, arguments + 1, environ) == 0, "spawn");
        need(waitpid(child, &status, 0) == child, "waitpid");
        say("child: %d\n", status);
    }
    say_marked();
    return 0;
}
