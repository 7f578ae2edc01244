/*
 * System calls, made directly. Not through libc, because libc's wrappers set errno, are
 * cancellation points (a thread cancelled inside malloc would never return from it), and may be
 * interposed by other preloaded libraries, which may allocate.
 *
 * Every function returns what the kernel returns: a negative value is -errno. All are
 * async-signal-safe.
 */
#ifndef PRELOAD_SYS_H
#define PRELOAD_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>

#ifndef __x86_64__
#error "only x86-64 is supported so far: sys.h, unwind_rules.c and own_stack.c know the machine"
#endif

static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long sys_call3(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long sys_write(int fd, const void *bytes, size_t length)
{
    return sys_call3(SYS_write, fd, (long)bytes, (long)length);
}

static inline long sys_read(int fd, void *bytes, size_t length)
{
    return sys_call3(SYS_read, fd, (long)bytes, (long)length);
}

static inline long sys_pwrite(int fd, const void *bytes, size_t length, uint64_t offset)
{
    return sys_call6(SYS_pwrite64, fd, (long)bytes, (long)length, (long)offset, 0, 0);
}

static inline long sys_pread(int fd, void *bytes, size_t length, uint64_t offset)
{
    return sys_call6(SYS_pread64, fd, (long)bytes, (long)length, (long)offset, 0, 0);
}

static inline int sys_open(const char *path, int flags, unsigned mode)
{
    return (int)sys_call6(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
}

static inline long sys_close(int fd)
{
    return sys_call3(SYS_close, fd, 0, 0);
}

static inline long sys_fcntl(int fd, int command, long argument)
{
    return sys_call3(SYS_fcntl, fd, command, argument);
}

/* struct stat is the kernel's own on x86-64. */
static inline long sys_fstat(int fd, struct stat *ret_stat)
{
    return sys_call3(SYS_fstat, fd, (long)ret_stat, 0);
}

/* @flags: AT_SYMLINK_NOFOLLOW or 0. */
static inline long sys_stat(const char *path, struct stat *ret_stat, int flags)
{
    return sys_call6(SYS_newfstatat, AT_FDCWD, (long)path, (long)ret_stat, flags, 0, 0);
}

static inline long sys_statfs(const char *path, struct statfs *ret_facts)
{
    return sys_call3(SYS_statfs, (long)path, (long)ret_facts, 0);
}

static inline long sys_fallocate(int fd, uint64_t offset, uint64_t length)
{
    return sys_call6(SYS_fallocate, fd, 0, (long)offset, (long)length, 0, 0);
}

static inline long sys_unlink(const char *path)
{
    return sys_call3(SYS_unlink, (long)path, 0, 0);
}

static inline long sys_readlink(const char *path, char *ret_target, size_t size)
{
    return sys_call3(SYS_readlink, (long)path, (long)ret_target, (long)size);
}

/* Return: length with the terminating zero. */
static inline long sys_getcwd(char *ret_path, size_t size)
{
    return sys_call3(SYS_getcwd, (long)ret_path, (long)size, 0);
}

/* Return: the address, or NULL. */
static inline void *sys_mmap(void *address, size_t length, int protection, int flags, int fd,
                             uint64_t offset)
{
    long result =
        sys_call6(SYS_mmap, (long)address, (long)length, protection, flags, fd, (long)offset);
    return result < 0 && result > -4096 ? NULL : (void *)result;
}

static inline long sys_munmap(void *address, size_t length)
{
    return sys_call3(SYS_munmap, (long)address, (long)length, 0);
}

static inline long sys_madvise(void *address, size_t length, int advice)
{
    return sys_call3(SYS_madvise, (long)address, (long)length, advice);
}

/* @ret_pages: a byte a page, whose lowest bit says whether it is in memory. */
static inline long sys_mincore(uintptr_t address, size_t length, uint8_t *ret_pages)
{
    return sys_call3(SYS_mincore, (long)address, (long)length, (long)ret_pages);
}

static inline int sys_getpid(void)
{
    return (int)sys_call3(SYS_getpid, 0, 0, 0);
}

static inline int sys_getppid(void)
{
    return (int)sys_call3(SYS_getppid, 0, 0, 0);
}

static inline uid_t sys_geteuid(void)
{
    return (uid_t)sys_call3(SYS_geteuid, 0, 0, 0);
}

static inline int sys_gettid(void)
{
    return (int)sys_call3(SYS_gettid, 0, 0, 0);
}

static inline long sys_tgkill(int pid, int tid, int signal)
{
    return sys_call3(SYS_tgkill, pid, tid, signal);
}

static inline long sys_prctl(int option, void *argument)
{
    return sys_call3(SYS_prctl, option, (long)argument, 0);
}

static inline long sys_sigprocmask(int how, const uint64_t *set, uint64_t *ret_old)
{
    return sys_call6(SYS_rt_sigprocmask, how, (long)set, (long)ret_old, sizeof *set, 0, 0);
}

static inline long sys_sigaltstack(stack_t *ret_current)
{
    return sys_call3(SYS_sigaltstack, 0, (long)ret_current, 0);
}

static inline long sys_getrandom(void *bytes, size_t length)
{
    return sys_call3(SYS_getrandom, (long)bytes, (long)length, 1 /* GRND_NONBLOCK */);
}

static inline long sys_getrlimit(int resource, struct rlimit *ret_limit)
{
    return sys_call6(SYS_prlimit64, 0, resource, 0, (long)ret_limit, 0, 0);
}

static inline long sys_setrlimit(int resource, const struct rlimit *limit)
{
    return sys_call6(SYS_prlimit64, 0, resource, (long)limit, 0, 0, 0);
}

/*
 * A copy of this process that goes on at the same place, with this thread alone. It inherits
 * nothing of libc's fork(): no handlers run, and libc does not know its thread id.
 * @flags: of clone(2); without a signal in them the parent gets none when it ends, and only a wait
 * with __WCLONE sees it.
 */
static inline int sys_copy_process(long flags)
{
    return (int)sys_call6(SYS_clone, flags, 0, 0, 0, 0, 0);
}

/* @options: WNOHANG, __WCLONE and so on. */
static inline int sys_wait(int pid, int *ret_status, int options)
{
    return (int)sys_call6(SYS_wait4, pid, (long)ret_status, options, 0, 0, 0);
}

static inline void sys_sleep_ns(long nanoseconds)
{
    const struct timespec time = {.tv_nsec = nanoseconds}; /* less than a second */
    (void)sys_call3(SYS_nanosleep, (long)&time, 0, 0);
}

static inline _Noreturn void sys_exit(int status)
{
    for (;;) {
        (void)sys_call3(SYS_exit_group, status, 0, 0);
    }
}

/*
 * Return: true if the 8 bytes at @address can be read. The kernel reads the new signal mask before
 * it finds that -1 is no way to use it. Unlike process_vm_readv(), no container forbids this.
 */
static inline bool sys_is_readable(uintptr_t address)
{
    return address != 0 && /* to the kernel: no mask */
           sys_call6(SYS_rt_sigprocmask, -1, (long)address, 0, sizeof(uint64_t), 0, 0) != -EFAULT;
}

static inline long sys_futex(uint32_t *word, int operation, uint32_t value)
{
    return sys_call6(SYS_futex, (long)word, operation, value, 0, 0, 0);
}

/*
 * Return: true if the 4 bytes at @address, a multiple of 4, can be read and are @value. The kernel
 * compares them before it wakes and moves the first none of those who wait there.
 */
static inline bool sys_holds(uintptr_t address, uint32_t value)
{
    return sys_call6(SYS_futex, (long)address, FUTEX_CMP_REQUEUE_PRIVATE, 0, 0, (long)address,
                     value) == 0;
}

#endif
