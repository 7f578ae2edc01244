/* Run a program as a child that behaves, for whoever started us, as if it had been started alone.
 */
#ifndef TRACE_RUN_CHILD_H
#define TRACE_RUN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "target.h"

struct child {
    pid_t pid;
    int wait_status; /* as waitpid() gives it, of the end */
    double seconds;  /* from start to end */
};

/*
 * Run @path and wait for its end. Signals sent to this process are passed on; a stop of the child
 * (Ctrl-Z) stops this process too, so that the shell gets its terminal back.
 * @arguments: the program's own, its name first; ends with NULL.
 * @ret_child: written on success.
 * @ret_refusal: written when the program could not be started.
 */
bool child_run(const char *path, char *const *arguments, struct child *ret_child,
               struct refusal *ret_refusal);

/*
 * End this process as the child ended: with its exit status, or by the signal that killed it, so
 * that a shell sees 128+N and says "Killed" as if there had been nobody between.
 */
_Noreturn void child_end_likewise(const struct child *child);

#endif
