/*
 * Calls after which the trace file may be out of reach by its path: another root, another user,
 * other namespaces. The tracer is told before, and keeps a descriptor. And _Fork(), which signal
 * handlers may call: it runs no handlers of pthread_atfork(). Nothing else about the calls changes.
 */
#include <sys/types.h>

#include "real.h"
#include "tracer.h"

#define EXPORT __attribute__((visibility("default")))

// NOLINTBEGIN(bugprone-macro-parentheses): a declarator and a list of arguments
/* @names: the arguments' names, in parentheses. */
#define MOVE(name, parameters, names) TOLD_MOVE(tracer_moving, name, parameters, names)
#define TOLD_MOVE(tell, name, parameters, names)                                                   \
    EXPORT int name parameters;                                                                    \
    EXPORT int name parameters                                                                     \
    {                                                                                              \
        int(*next) parameters = NULL;                                                              \
        real_find(#name, &next);                                                                   \
        tell();                                                                                    \
        return next names;                                                                         \
    }
// NOLINTEND(bugprone-macro-parentheses)

MOVE(chroot, (const char *path), (path))
MOVE(unshare, (int flags), (flags))
TOLD_MOVE(tracer_entering_namespace, setns, (int fd, int type), (fd, type))
MOVE(setuid, (uid_t user), (user))
MOVE(seteuid, (uid_t user), (user))
MOVE(setreuid, (uid_t real_user, uid_t user), (real_user, user))
MOVE(setresuid, (uid_t real_user, uid_t user, uid_t saved_user), (real_user, user, saved_user))
MOVE(setgid, (gid_t group), (group))
MOVE(setegid, (gid_t group), (group))
MOVE(setregid, (gid_t real_group, gid_t group), (real_group, group))
MOVE(setresgid, (gid_t real_group, gid_t group, gid_t saved_group),
     (real_group, group, saved_group))

EXPORT pid_t _Fork(void);
EXPORT pid_t _Fork(void)
{
    pid_t (*next)(void) = NULL;
    real_find("_Fork", &next);
    pid_t child = next();
    if (child == 0) {
        tracer_forked();
    }
    return child;
}
