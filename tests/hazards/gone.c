/*
 * The directory of the trace is removed, or moved, while the program runs.
 * Defence: the file is opened again by its path when it must grow, and what is found there must be
 * the same file (borrow_fd() in file.c); otherwise tracing ends with one line.
 * Without it: without that comparison segments were written into the file that was found there, and
 * nothing was said.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "seen.h"

/* Where the tracer, if there is one, was told to write: a directory for this file alone. */
static int find_trace(char *ret_directory, char *ret_file)
{
    const char *output = getenv("LIBTRACE_OUTPUT");
    if (output == NULL) {
        return 0;
    }
    snprintf(ret_directory, PATH_MAX, "%s", output);
    *strrchr(ret_directory, '/') = '\0';
    snprintf(ret_file, PATH_MAX + 32, "%s/t.%d.trace", ret_directory, getpid());
    return 1;
}

static void move_directory(const char *how)
{
    char directory[PATH_MAX];
    char file[PATH_MAX + 32];
    char moved[PATH_MAX + 8];
    if (!find_trace(directory, file)) {
        return;
    }
    if (strcmp(how, "moved") == 0) {
        snprintf(moved, sizeof moved, "%s.moved", directory);
        need(rename(directory, moved) == 0, "rename");
        return;
    }
    need(unlink(file) == 0 && rmdir(directory) == 0, "rmdir");
    if (strcmp(how, "replaced") == 0) {
        need(mkdir(directory, 0700) == 0, "mkdir");
        need(close(open(file, O_WRONLY | O_CREAT | O_EXCL, 0600)) == 0, "open");
    }
}

int main(int count, char **arguments)
{
    marked_churn(10);
    if (count > 1) {
        move_directory(arguments[1]);
    }
    for (unsigned i = 0; i < 20; i++) {
        fill_windows(20000);
        marked_churn(1000);
    }
    say("done\n");
    return 0;
}
