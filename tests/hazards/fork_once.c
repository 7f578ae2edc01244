/*
 * A child, and its child, that free what they inherited.
 * Defence: a page that the child finds full of zeros (MADV_WIPEONFORK), and the atfork handler
 * (fork.c).
 * Without it: without both there was one trace instead of three, the children wrote into their
 * parent's.
 */
#include <sys/wait.h>

#include "seen.h"

static int wait_for(pid_t child)
{
    int status = 0;
    need(waitpid(child, &status, 0) == child, "waitpid");
    return WEXITSTATUS(status);
}

int main(void)
{
    void *inherited[3] = {marked(), marked(), marked()};
    pid_t child = fork();
    if (child == 0) {
        marked_count = 0;
        free(inherited[0]);
        void *own = marked();
        pid_t grandchild = fork();
        if (grandchild == 0) {
            marked_count = 0;
            free(inherited[1]);
            free(own);
            free(marked());
            say_marked();
            say("live 0\n");
            exit(5);
        }
        say("grandchild: %d\n", wait_for(grandchild));
        say_marked();
        say("live 1\n");
        exit(4);
    }
    say("child: %d\n", wait_for(child));
    free(inherited[2]);
    say_marked();
    say("live 2\n");
    return 0;
}
