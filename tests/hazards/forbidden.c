/*
 * Filters that kill for one system call, each call in turn, in a child that then does what makes
 * the tracer work: allocates at many sites, runs a thread, loads a library, takes a snapshot, forks
 * and ends, with a map of code that it made at run time. Nobody may die who would not without it.
 * Defence: the tracer's calls are tried with the filter before it is installed (calls[] in
 * seccomp.c).
 * Without it: with geteuid(), which looks whose the map is, not in calls[], the child without it
 * died of SIGSYS.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "forbid.h"
#include "libtrace.h"
#include "seen.h"

#define CALLS_END 470 /* beyond the highest number of a system call that the tracer could know */
#define SITES 3000

static const char *library;
static char map_path[64];

/* Code without unwind tables calls malloc, and a map for perf names it. */
static void run_generated(void)
{
    /* sub $24,%rsp; mov $MARKED,%edi; movabs $malloc,%rax; call *%rax; add $24,%rsp; ret */
    static const unsigned char code[] = {0x48, 0x83, 0xec, 0x18, 0xbf, 0xd5, 0x04, 0,   0,
                                         0x48, 0xb8, 0,    0,    0,    0,    0,    0,   0,
                                         0,    0xff, 0xd0, 0x48, 0x83, 0xc4, 0x18, 0xc3};
    void *(*target)(size_t) = malloc;
    void *(*generated)(void) = NULL;
    unsigned char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(page != MAP_FAILED, "mmap");
    memcpy(page, code, sizeof code);
    memcpy(page + 11, &target, sizeof target);
    memcpy(&generated, &page, sizeof generated);
    free(generated());
    snprintf(map_path, sizeof map_path, "/tmp/perf-%d.map", getpid());
    int fd = open(map_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    need(fd >= 0 && dprintf(fd, "%zx 1000 generated\n", (size_t)page) > 0, map_path);
    close(fd);
}

static void *allocate(void *unused)
{
    marked_churn(100);
    return unused;
}

static void use_all(void)
{
    pthread_t thread;
    fill_windows(SITES);
    for (unsigned i = 0; i < 2; i++) { /* the second takes over what the first has left */
        if (pthread_create(&thread, NULL, allocate, NULL) == 0) {
            pthread_join(thread, NULL);
        }
    }
    void *loaded = dlopen(library, RTLD_NOW);
    if (loaded != NULL) {
        dlclose(loaded);
    }
    libtrace_snapshot("here");
    pid_t child = fork();
    if (child == 0) {
        marked_churn(100);
        exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    say("its child: %d\n", status);
    char *arguments[] = {"forbidden", "spawned", NULL};
    if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) == 0) {
        status = 0;
        waitpid(child, &status, 0);
        say("what it started: %d\n", status);
    }
}

int main(int count, char **arguments)
{
    struct rlimit no_core = {0, 0};
    if (count > 1 && strcmp(arguments[1], "spawned") == 0) {
        fill_windows(SITES);
        return 0;
    }
    library = count > 1 ? arguments[1] : "";
    need(setrlimit(RLIMIT_CORE, &no_core) == 0, "setrlimit");
    for (unsigned number = 0; number < CALLS_END; number++) {
        pid_t child = fork();
        if (child == 0) {
            run_generated();
            forbid(number);
            say("without call %u\n", number);
            use_all();
            exit(0);
        }
        int status = 0;
        need(waitpid(child, &status, 0) == child, "waitpid");
        snprintf(map_path, sizeof map_path, "/tmp/perf-%d.map", child);
        unlink(map_path);
        say("without call %u: %d\n", number, status);
    }
    return 0;
}
