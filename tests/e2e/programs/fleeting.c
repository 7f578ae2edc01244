/*
 * Code whose file is not there when the report is made: `fleeting memfd|deleted PLUGIN DIRECTORY`
 * loads the plugin from memory, or from a copy that it deletes; `fleeting vdso` is interrupted in
 * the kernel's own object, by a handler that allocates.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { INTERRUPTIONS = 200, TICK_US = 1000, HANDLER_BYTES = 77, CALLS_MAX = 1000000000 };

static volatile sig_atomic_t interruptions;
static void *volatile kept;

static void copy(const char *from, int to)
{
    struct stat facts;
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts) != 0 ||
        sendfile(to, fd, NULL, (size_t)facts.st_size) != facts.st_size) {
        perror(from);
        exit(EXIT_FAILURE);
    }
    (void)close(fd);
}

/* Load the plugin and let it allocate. */
static int run_plugin(const char *path, bool is_deleted)
{
    void *plugin = dlopen(path, RTLD_NOW);
    if (plugin == NULL) {
        (void)fprintf(stderr, "%s\n", dlerror());
        return EXIT_FAILURE;
    }
    if (is_deleted) {
        (void)unlink(path);
    }
    void *(*fleeting_allocate)(size_t) = (void *(*)(size_t))dlsym(plugin, "fleeting_allocate");
    kept = fleeting_allocate(1234);
    return EXIT_SUCCESS;
}

static void allocate(int signal)
{
    (void)signal;
    interruptions = interruptions + 1;
    kept = malloc(HANDLER_BYTES);
}

static int be_interrupted(void)
{
    struct itimerval period = {{0, TICK_US}, {0, TICK_US}};
    struct timespec now;
    (void)signal(SIGALRM, allocate);
    (void)setitimer(ITIMER_REAL, &period, NULL);
    for (long i = 0; i < CALLS_MAX && interruptions < INTERRUPTIONS; i++) {
        (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    }
    period = (struct itimerval){0};
    (void)setitimer(ITIMER_REAL, &period, NULL);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc == 2) {
        return be_interrupted();
    }
    bool is_deleted = strcmp(argv[1], "deleted") == 0;
    int fd = -1;
    if (is_deleted) {
        (void)snprintf(path, sizeof path, "%s/fleeting_copy.so", argv[3]);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    } else {
        fd = memfd_create("fleeting", MFD_CLOEXEC);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    copy(argv[2], fd);
    if (is_deleted) {
        (void)close(fd);
    }
    return run_plugin(path, is_deleted);
}
