/*
 * Heap pictures where something is scarce or refused; picture_limits.py says what must be in them.
 *
 *     limited many COUNT        so many pictures of a heap that stays as it is
 *     limited untouched         memory that nobody has touched must not be read in
 *     limited young             blocks that are lost right before a picture
 *     limited refused PROGRAM   run it, with $PRELOAD preloaded, where ptrace(2) fails
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libtrace.h"

enum { BLOCKS = 1000, YOUNG_TRIES = 10, LINE_BYTES = 512 };

extern void *volatile kept[BLOCKS]; /* nothing reads it: it is a root */

#define HUGE_BYTES ((size_t)1 << 30)
#define FILE_BYTES ((size_t)64 << 20)
#define PAGE_BYTES 4096

void *volatile kept[BLOCKS];

static void need(int is_fine, const char *what)
{
    if (!is_fine) {
        perror(what);
        exit(EXIT_FAILURE);
    }
}

/* Return: how many lines a file of /proc has. */
static unsigned count_lines(const char *path)
{
    char line[LINE_BYTES];
    unsigned lines = 0;
    FILE *file = fopen(path, "r");
    need(file != NULL, path);
    while (fgets(line, sizeof line, file) != NULL) {
        lines += strchr(line, '\n') != NULL ? 1 : 0;
    }
    (void)fclose(file);
    return lines;
}

static unsigned count_descriptors(void)
{
    unsigned open = 0;
    for (int fd = 0; fd < 1024; fd++) {
        struct stat status;
        open += fstat(fd, &status) == 0 ? 1 : 0;
    }
    return open;
}

static unsigned count_children(void)
{
    char path[LINE_BYTES];
    unsigned count = 0;
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    need(file != NULL, path);
    for (int byte = 0; (byte = fgetc(file)) != EOF;) {
        count += byte == ' '; /* one behind each number */
    }
    (void)fclose(file);
    return count;
}

static void take(unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        need(libtrace_heap_picture(name) == 0, "picture");
    }
}

static void run_many(unsigned count)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        kept[i] = malloc(i + 1);
    }
    take(1, "first");
    unsigned mappings = count_lines("/proc/self/maps");
    unsigned descriptors = count_descriptors();
    take(count, "many");
    printf("mappings %d descriptors %d children %u\n",
           (int)(count_lines("/proc/self/maps") - mappings),
           (int)(count_descriptors() - descriptors), count_children());
}

static void run_untouched(void)
{
    char *block = calloc(1, HUGE_BYTES);
    need(block != NULL, "calloc");
    kept[0] = block;
    void *volatile *slot = (void *volatile *)(block + HUGE_BYTES / 2);
    *slot = malloc(77);
    int file = memfd_create("sparse", MFD_CLOEXEC);
    need(file >= 0 && ftruncate(file, (off_t)FILE_BYTES) == 0, "memfd");
    for (int flags = MAP_SHARED; flags <= MAP_PRIVATE; flags++) {
        need(mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, flags, file, 0) != MAP_FAILED, "mmap");
    }
    take(2, "untouched"); /* the second one when the copy that made the first is gone */
    struct rusage usage;
    struct stat status;
    need(getrusage(RUSAGE_CHILDREN, &usage) == 0 && fstat(file, &status) == 0, "usage");
    printf("pages %zu faults %ld file %ld\n", (HUGE_BYTES + 2 * FILE_BYTES) / PAGE_BYTES,
           usage.ru_minflt, (long)status.st_blocks);
}

static void *stay(void *argument)
{
    (void)pause();
    return argument;
}

static void run_young(void)
{
    pthread_t thread;
    char name[LINE_BYTES];
    need(pthread_create(&thread, NULL, stay, NULL) == 0, "thread");
    for (unsigned i = 0; i < YOUNG_TRIES; i++) {
        siginfo_t info; /* the next picture would wait for the copy that made the last one */
        (void)waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | (int)__WALL);
        *(void *volatile *)malloc(55) = NULL;
        (void)snprintf(name, sizeof name, "%u", i);
        take(1, name);
    }
    (void)usleep(50000);
    take(1, "late");
}

static void refuse_tracing(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    need(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    const char *preload = getenv("PRELOAD");
    if (strcmp(what, "many") == 0 && argc == 3) {
        run_many((unsigned)strtoul(argv[2], NULL, 10));
    } else if (strcmp(what, "untouched") == 0) {
        run_untouched();
    } else if (strcmp(what, "young") == 0) {
        run_young();
    } else if (strcmp(what, "refused") == 0 && argc > 2 && preload != NULL) {
        refuse_tracing();
        need(setenv("LD_PRELOAD", preload, 1) == 0, "setenv");
        (void)execv(argv[2], argv + 2);
        need(0, argv[2]);
    } else {
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
