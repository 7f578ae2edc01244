/*
 * A daemon closes every descriptor, then opens its own files under the same numbers.
 * Defence: no descriptor is kept; a held one is compared with the trace before each use (is_ours()
 * in file.c).
 * Without it: with a kept descriptor and no comparison, the program's own0 had the trace's
 * segments in it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "seen.h"

#define FILES 64
#define ROUNDS 30

static void close_all(const char *how)
{
    if (strcmp(how, "range") == 0) {
        need(close_range(3, ~0U, 0) == 0, "close_range");
    } else if (strcmp(how, "loop") == 0) {
        for (int fd = 3; fd < 65536; fd++) {
            close(fd);
        }
    } else {
        DIR *listed = opendir("/proc/self/fd");
        need(listed != NULL, "/proc/self/fd");
        for (const struct dirent *entry; (entry = readdir(listed)) != NULL;) {
            long fd = strtol(entry->d_name, NULL, 10);
            if (fd > 2 && fd != dirfd(listed)) {
                close((int)fd);
            }
        }
        closedir(listed);
    }
}

int main(int count, char **arguments)
{
    char name[32];
    int fds[FILES];
    const char *how = count > 1 ? arguments[1] : "range";
    marked_churn(10);
    fill_windows(100);
    close_all(how);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "own%d", i);
        fds[i] = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        say("descriptor %d\n", fds[i]);
    }
    for (int fd = fds[FILES - 1] + 1; fd < 1000; fd++) {
        need(dup2(fds[fd % FILES], fd) == fd, "dup2"); /* also where the tracer's may have been */
    }
    for (int round = 0; round < ROUNDS; round++) {
        marked_churn(1000);
        fill_windows(2000); /* the tracer needs its file now */
        for (int i = 0; i < FILES; i++) {
            int length = snprintf(name, sizeof name, "%d of %d\n", round, i);
            need(write(fds[i], name, (size_t)length) == length, "write");
        }
    }
    say_marked();
    return 0;
}
