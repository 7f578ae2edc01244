/*
 * Thousands of children, fifty at a time.
 * Defence: as for fork_once.
 * Without it: without it one trace instead of 2,001.
 */
#include <sys/wait.h>

#include "seen.h"

#define AT_ONCE 50

int main(int count, char **arguments)
{
    long children = count > 1 ? strtol(arguments[1], NULL, 10) : 100;
    long sum = 0;
    for (long i = 0; i < children + AT_ONCE; i++) {
        int status = 0;
        if (i >= AT_ONCE && wait(&status) > 0) {
            sum += WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
        }
        if (i < children && fork() == 0) {
            free(malloc(MARKED));
            _exit(malloc(MARKED) != NULL ? 3 : 4);
        }
    }
    say("sum %ld\nmarked %ld\n", sum, 2 * children);
    return 0;
}
