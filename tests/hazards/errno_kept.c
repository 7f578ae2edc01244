/*
 * errno and result of every hooked function, for good and for odd arguments, in the first thread
 * and in later ones.
 * Defence: system calls are made without libc (sys.h).
 * Without it: with syscall(3) instead, errno was 3 (ESRCH) where it had been 77: the search for
 * ended threads.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "seen.h"

#define SHOW(call)                                                                                 \
    do {                                                                                           \
        errno = 77;                                                                                \
        long long result = (long long)(call);                                                      \
        int after = errno;                                                                         \
        say("%s: %s, errno %d\n", #call, result != 0 ? "not 0" : "0", after);                      \
    } while (0)
#define SHOW_VOID(call) SHOW((call, 0))

static const size_t huge = PTRDIFF_MAX;
static const size_t beyond = (size_t)PTRDIFF_MAX + 1;

static void *show_all(void *argument)
{
    void *block = NULL;
    SHOW(block = malloc(10)); /* in a later thread: the first event, on the state of a dead one */
    SHOW_VOID(free(block));
    SHOW_VOID(free(NULL));
    SHOW(malloc(huge));
    SHOW(malloc(0));
    SHOW(calloc(2, beyond));
    SHOW(calloc(SIZE_MAX, 2));
    SHOW(calloc(1, huge));
    SHOW(calloc(0, 5));
    SHOW(block = calloc(3, 5));
    SHOW(block = realloc(block, 50));
    SHOW(realloc(block, huge));
    SHOW(reallocarray(block, SIZE_MAX, 3));
    SHOW(block = reallocarray(block, 7, 3));
    SHOW(realloc(block, 0));
    SHOW(realloc(NULL, beyond));
    SHOW(reallocarray(NULL, 2, 8));
    SHOW(posix_memalign(&block, 3, 8));
    SHOW(posix_memalign(&block, 24, 8));
    SHOW(posix_memalign(&block, 0, 8));
    SHOW(posix_memalign(&block, 64, huge));
    SHOW(posix_memalign(&block, 4096, 8));
    SHOW(((uintptr_t)block) % 4096);
    SHOW(aligned_alloc((size_t)1 << 30, 1));
    SHOW(aligned_alloc((size_t)1 << 63, 1));
    SHOW(aligned_alloc(3, 5));
    SHOW(memalign(SIZE_MAX, 8));
    SHOW(memalign(128, huge));
    SHOW(memalign(128, 8));
    SHOW(valloc(9));
    SHOW(valloc(huge));
    SHOW(pvalloc(9));
    SHOW(pvalloc(SIZE_MAX));
    SHOW(malloc_usable_size(NULL));
    SHOW(dlopen("/nowhere/nothing.so", RTLD_NOW));
    SHOW(chroot("/nowhere"));
    SHOW(unshare(-1));
    SHOW(setns(-1, 0));
    SHOW(setuid(getuid()));
    SHOW(syscall(SYS_close, -1));
    SHOW(syscall(SYS_seccomp, 7, 0, NULL));
    SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
    SHOW(syscall(SYS_mmap, NULL, (size_t)4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L));
    SHOW(syscall(SYS_mmap, NULL, (size_t)4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1L));
    SHOW(execl("/nowhere", "nowhere", (char *)NULL));
    return argument;
}

int main(void)
{
    pthread_t thread;
    (void)show_all(NULL);
    for (unsigned i = 0; i < 3; i++) {
        need(pthread_create(&thread, NULL, show_all, NULL) == 0, "pthread_create");
        pthread_join(thread, NULL);
    }
    return 0;
}
