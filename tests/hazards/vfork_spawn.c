/*
 * Children that share their parent's memory.
 * Defence: they stay in the parent's trace, nothing of theirs is wrapped.
 * Without it: there is nothing to take out; not seen to fail.
 */
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

#include "seen.h"

static int wait_for(pid_t child)
{
    int status = 0;
    need(waitpid(child, &status, 0) == child, "waitpid");
    return status;
}

static int allocate_in_clone(void *argument)
{
    free(argument);
    marked_churn(7);
    return 9;
}

static int only_return(void *argument)
{
    return *(int *)argument;
}

int main(void)
{
    static _Alignas(16) unsigned char stack[65536];
    char *arguments[] = {"true", NULL};
    volatile pid_t child = vfork();
    int eleven = 11;
    if (child == 0) {
        free(marked()); /* shares our memory: our blocks are its blocks */
        _exit(3);
    }
    say("vfork, _exit: %d\n", wait_for(child));
    child = vfork();
    if (child == 0) {
        free(marked());
        execv("/bin/true", arguments);
        _exit(4);
    }
    say("vfork, exec: %d\n", wait_for(child));
    pid_t spawned = 0;
    say("posix_spawn: %d, ", posix_spawn(&spawned, "/bin/true", NULL, NULL, arguments, environ));
    say("%d\n", wait_for(spawned));
    say("posix_spawn of nothing: %d\n",
        posix_spawn(&spawned, "/nowhere", NULL, NULL, arguments, environ));
    child =
        clone(allocate_in_clone, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, marked());
    say("clone, vfork: %d\n", wait_for(child));
    child = clone(only_return, stack + sizeof stack, CLONE_VM | SIGCHLD, &eleven);
    say("clone: %d\n", wait_for(child));
    child = clone(only_return, stack + sizeof stack, SIGCHLD, &eleven); /* no atfork handlers */
    say("clone without shared memory: %d\n", wait_for(child));
    say("system: %d\n", system("exit 5"));
    marked_churn(3);
    say_marked();
    say("live 0\n");
    return 0;
}
