/*
 * hostile NAME: names that somebody else chose, for the thread and a snapshot. Where its file lies
 * is up to who runs it. Leaks a block.
 */
#include <stdlib.h>
#include <sys/prctl.h>

#include "libtrace.h"

int main(int count, char **arguments)
{
    static void *volatile kept;
    if (count != 2) {
        return 2;
    }
    prctl(PR_SET_NAME, arguments[1]);
    kept = malloc(4321);
    libtrace_snapshot(arguments[1]);
    return kept == NULL;
}
