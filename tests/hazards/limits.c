/*
 * Limits that the process meets after its start; full disks; a filter of system calls; another
 * root and user; file systems that cannot reserve space, or not be mapped.
 * Defence: space is reserved before it is touched, RLIMIT_FSIZE is looked at (file.c), chroot()
 * and setuid() make the tracer hold a descriptor (moves.c); what fails ends the tracing with one
 * line.
 * Without it: past RLIMIT_FSIZE, SIGXFSZ; with ftruncate() for fallocate() on a disk of 96 KiB,
 * SIGBUS; without the held descriptor tracing ended in the new root, 10 of 20,010 blocks were
 * seen; without the zeros that are written where fallocate() is not there, nothing was traced;
 * before filters were tried out (seccomp.c), one that kills ended the program with SIGSYS, and so
 * did libseccomp's before syscall() was looked at, and what was started under such a filter before
 * exec left the tracer out of its environment (untraced.c).
 * RLIMIT_AS and RLIMIT_NOFILE were not tried. What is lost there is counted, and said.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "seen.h"

static void limit(int resource, rlim_t value)
{
    struct rlimit both = {value, value};
    need(setrlimit(resource, &both) == 0, "setrlimit");
}

/* From here on only these calls. @otherwise: what becomes of others. */
static void filter_calls(unsigned otherwise)
{
    static const unsigned allowed[] = {SYS_write, SYS_exit,   SYS_exit_group,
                                       SYS_mmap,  SYS_munmap, SYS_brk};
    struct sock_filter filter[2 * sizeof allowed / sizeof allowed[0] + 2];
    unsigned used = 0;
    filter[used++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
        filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise);
    struct sock_fprog program = {(unsigned short)used, filter};
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    need(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
}

/* The same by libseccomp, which makes the system call seccomp() through syscall(). Its header need
 * not be there. */
static void filter_calls_by_library(void)
{
    static const int allowed[] = {SYS_write,  SYS_exit, SYS_exit_group, SYS_mmap,
                                  SYS_munmap, SYS_brk,  SYS_close,      SYS_read};
    const uint32_t kill_process = 0x80000000u; /* SCMP_ACT_... */
    const uint32_t allow = 0x7fff0000u;
    void *(*init)(uint32_t) = NULL;
    int (*add)(void *, uint32_t, int, unsigned, ...) = NULL;
    int (*load)(const void *) = NULL;
    void *library = dlopen("libseccomp.so.2", RTLD_NOW);
    need(library != NULL, "libseccomp");
    void *symbols[] = {dlsym(library, "seccomp_init"), dlsym(library, "seccomp_rule_add"),
                       dlsym(library, "seccomp_load")};
    memcpy(&init, &symbols[0], sizeof init);
    memcpy(&add, &symbols[1], sizeof add);
    memcpy(&load, &symbols[2], sizeof load);
    void *context = init(kill_process);
    need(context != NULL, "seccomp_init");
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        need(add(context, allow, allowed[i], 0) == 0, "seccomp_rule_add");
    }
    need(load(context) == 0, "seccomp_load");
}

/*
 * Start anew in a world where a system call fails or kills, @is_shared_map: mmap() of a file that
 * is shared, as on network file systems. The program that starts finds the filter in place.
 */
static void start_without(char **arguments, unsigned call, unsigned otherwise, int is_shared_map)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, is_shared_map ? MAP_SHARED : 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, is_shared_map ? MAP_SHARED : 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, otherwise),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    need(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
    arguments[1] = "there";
    execv("/proc/self/exe", arguments);
    need(0, "exec");
}

static void take_all_descriptors(void)
{
    int last = -1;
    int fd = 0;
    limit(RLIMIT_NOFILE, 64);
    while ((fd = open("/dev/null", O_RDONLY)) >= 0) {
        last = fd;
    }
    say("last descriptor %d, then errno %d\n", last, errno);
}

/* From here on not a page more. What the program itself needs it has already. */
static void take_all_memory(void)
{
    char line[64] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    need(file != NULL && fgets(line, sizeof line, file) != NULL, "statm");
    fclose(file);
    free(malloc(100000));
    struct rlimit both = {strtoul(line, NULL, 10) * 4096, RLIM_INFINITY};
    need(setrlimit(RLIMIT_AS, &both) == 0, "setrlimit");
}

static void move_away(const char *root)
{
    need(chroot(root) == 0 && chdir("/") == 0, "chroot");
    need(setgid(65534) == 0 && setuid(65534) == 0, "setuid");
    say("now user %u\n", getuid());
}

static void impose(const char *what, char **arguments)
{
    if (strcmp(what, "as") == 0) {
        limit(RLIMIT_AS, (rlim_t)4 << 30);
        say("5 GB: %d\n", malloc((size_t)5 << 30) != NULL);
    } else if (strcmp(what, "fsize") == 0) {
        limit(RLIMIT_FSIZE, 200000);
    } else if (strcmp(what, "memory") == 0) {
        take_all_memory();
    } else if (strcmp(what, "nofile") == 0) {
        take_all_descriptors();
    } else if (strcmp(what, "chroot") == 0) {
        move_away(arguments[2]);
    } else if (strcmp(what, "seccomp") == 0) {
        filter_calls(SECCOMP_RET_ERRNO | EPERM);
    } else if (strcmp(what, "sandbox") == 0) {
        filter_calls(SECCOMP_RET_KILL_PROCESS);
    } else if (strcmp(what, "libseccomp") == 0) {
        filter_calls_by_library();
    }
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "none";
    if (strcmp(what, "fallocate") == 0) {
        start_without(arguments, SYS_fallocate, SECCOMP_RET_ERRNO | EOPNOTSUPP, 0);
    } else if (strcmp(what, "killing") == 0) {
        start_without(arguments, SYS_fallocate, SECCOMP_RET_KILL_PROCESS, 0);
    } else if (strcmp(what, "mapping") == 0) {
        start_without(arguments, SYS_mmap, SECCOMP_RET_ERRNO | ENODEV, 1);
    }
    for (unsigned i = 0; i <= 20; i++) {
        fill_windows(i == 0 ? 10 : 20000);
        marked_churn(5000);
        if (i == 0) {
            impose(what, arguments); /* from here on, what has been seen before is still recorded */
        }
    }
    say("done: %s\n", what);
    say_marked();
    return 0;
}
