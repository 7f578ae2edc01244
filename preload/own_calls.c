/* See own_calls.h. */
#include "own_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "sys.h"

static const struct own_call while_traced[] = {
    {SYS_openat, {(uint64_t)AT_FDCWD, 0, O_RDWR | O_CLOEXEC}},
    {SYS_openat, {(uint64_t)AT_FDCWD, 0, O_RDONLY | O_CLOEXEC}},
    {SYS_mmap, {0, 0, PROT_READ | PROT_WRITE, MAP_SHARED}},
    {SYS_mmap, {0, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS}},
    {SYS_madvise, {0, 0, MADV_DONTNEED}},
    {SYS_madvise, {0, 0, MADV_POPULATE_WRITE}},
    {SYS_madvise, {0, 0, MADV_NOHUGEPAGE}},
    {SYS_prctl, {PR_GET_NAME}},
    {SYS_rt_sigprocmask, {SIG_SETMASK}},
    {.number = SYS_close},
    {.number = SYS_fstat},
    {.number = SYS_newfstatat},
    {.number = SYS_read},
    {.number = SYS_pread64},
    {.number = SYS_pwrite64},
    {.number = SYS_write},
    {.number = SYS_munmap},
    {.number = SYS_fallocate},
    {.number = SYS_fcntl},
    {.number = SYS_gettid},
    {.number = SYS_geteuid},
    {.number = SYS_getpid},
    {.number = SYS_getppid},
    {.number = SYS_prlimit64},
    {.number = SYS_tgkill},
    {.number = SYS_sigaltstack},
    {SYS_futex, {0, FUTEX_WAIT_PRIVATE}},
    {SYS_futex, {0, FUTEX_WAKE_PRIVATE}},
    {SYS_futex, {0, FUTEX_CMP_REQUEUE_PRIVATE}},
    {.number = SYS_clock_gettime},
};

/* The last two are libunwind's. */
static const struct own_call at_start[] = {
    {.number = SYS_readlink}, {.number = SYS_getcwd},    {.number = SYS_uname},
    {.number = SYS_statfs},   {.number = SYS_getrandom}, {.number = SYS_mincore},
    {.number = SYS_pipe2},
};

const struct own_call *own_calls(size_t *ret_count)
{
    *ret_count = sizeof while_traced / sizeof while_traced[0];
    return while_traced;
}

/* Make calls so that they do nothing: of no bytes, with no pointers, and with -1 for what may be a
 * descriptor or an address. */
static void make(const struct own_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint64_t *arguments = calls[i].arguments;
        bool is_plain = arguments[0] == 0 && arguments[2] == 0;
        (void)sys_call6(calls[i].number, is_plain ? -1 : (long)arguments[0], (long)arguments[1],
                        (long)arguments[2], (long)arguments[3], 0, 0);
    }
}

bool own_calls_are_survived(void)
{
    int status = 0;
    int copy = sys_copy_process(0);
    if (copy == 0) {
        (void)sys_prctl(PR_SET_DUMPABLE, NULL); /* a core file would be seen */
        make(while_traced, sizeof while_traced / sizeof while_traced[0]);
        make(at_start, sizeof at_start / sizeof at_start[0]);
        sys_exit(0);
    }
    while (copy > 0 && sys_wait(copy, &status, (int)__WCLONE) == -EINTR) {
    }
    return copy < 0 || !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS;
}
