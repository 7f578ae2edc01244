/*
 * A process that becomes another program again and again, by each function of the exec family.
 * Defence: execs.c tells the trace; each program has a file of its own.
 * Without it: the traces that the last function or an exec ended had no end state; blocks were
 * right all the same.
 */
#include <errno.h>
#include <fcntl.h>

#include "seen.h"

int main(int count, char **arguments)
{
    char left_text[16];
    long left = count > 1 ? strtol(arguments[1], NULL, 10) : 0;
    marked_churn(5);
    say_marked();
    snprintf(left_text, sizeof left_text, "%ld", left - 1);
    char *next[] = {arguments[0], left_text, NULL};
    errno = 0;
    say("exec of nothing: %d, ", execl("/nowhere", "nowhere", (char *)NULL));
    say("errno %d\n", errno);
    switch (left) {
    case 0:
        return 21;
    case 1:
        execl(arguments[0], arguments[0], left_text, (char *)NULL);
        break;
    case 2:
        execle(arguments[0], arguments[0], left_text, (char *)NULL, environ);
        break;
    case 3:
        execlp(arguments[0], arguments[0], left_text, (char *)NULL);
        break;
    case 4:
        execvp(arguments[0], next);
        break;
    case 5:
        fexecve(open(arguments[0], O_RDONLY | O_CLOEXEC), next, environ);
        break;
    default:
        execve(arguments[0], next, environ);
    }
    perror("exec");
    return 1;
}
