/*
 * A daemon of the old school: forks twice, closes everything, changes its root and its user, and
 * works on.
 * Defence: no descriptor is kept (file.c) but from the change of root on; a child that has not
 * begun its trace then begins it before the change (tracer_moving() in process.c). Without it:
 * without that beginning the daemon had no trace, and its 10,000 blocks were missing.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "seen.h"

static void close_everything(void)
{
    need(close_range(3, ~0U, 0) == 0, "close_range");
    for (int fd = 0; fd < 3; fd++) {
        close(fd);
        need(open("/dev/null", O_RDWR) == fd, "/dev/null");
    }
}

/* Return: the descriptor of a file in the new root. */
static int leave_rights(const char *root)
{
    need(chroot(root) == 0 && chdir("/") == 0, "chroot");
    int result = open("/result", O_WRONLY | O_CREAT | O_EXCL, 0600);
    need(result == 3, "result");
    need(setgid(65534) == 0 && setuid(65534) == 0, "setuid");
    return result;
}

/* Work until the tracer has had to make its file larger, and write down what was done. */
static void serve(int result)
{
    for (unsigned i = 0; i < 10; i++) {
        marked_churn(1000);
        fill_windows(10000);
        dprintf(result, "round %u of user %u\n", i, getuid());
    }
    dprintf(result, "marked %ld\n", atomic_load(&marked_count));
}

int main(int count, char **arguments)
{
    int status = 0;
    need(count > 1, "arguments");
    need(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "subreaper");
    marked_churn(10);
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            marked_count = 0;
            umask(0);
            close_everything();
            serve(leave_rights(arguments[1]));
            _exit(3);
        }
        _exit(2);
    }
    while (wait(&status) > 0) {
        say("ended with %d\n", WEXITSTATUS(status));
        need(WEXITSTATUS(status) <= 3, "a child");
    }
    say("marked %ld\n", atomic_load(&marked_count) + 10L * 1000);
    return 0;
}
