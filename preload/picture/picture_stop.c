/*
 * The helper that stops threads. See picture_stop.h; for the rules, ptrace(2).
 *
 * It shares memory with the process, thread-local variables too: it makes system calls and uses
 * its own stack, nothing else. It ends when its parent thread does, and never keeps threads for
 * longer than HELD_NS.
 */
#include "picture_stop.h"

#include <elf.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "memory.h"
#include "sys.h"
#include "tasks.h"

#define HELPER_STACK_BYTES 65536
#define CLONE_VM 0x100
#define CLONE_UNTRACED 0x800000
#define LOOK_NS 10000000L /* how often to look whether the other side is still there */
#define NS_IN_S 1000000000u
#define STOP_NS NS_IN_S    /* for all threads to stop */
#define NEWS_NS 10000000L  /* how often to look if no word comes that one has */
#define HELD_LOOKS 1000    /* ten seconds */
#define RED_ZONE_BYTES 128 /* below the stack pointer, and in use: System V ABI, 3.2.2 */
#define SYSCALL_BYTES 2    /* of the instruction */
#define ROUNDS_MAX 8       /* of looking for threads that were made meanwhile */

enum stop_state {
    STOP_STARTING = 0,
    STOP_NEEDS_LEAVE, /* the helper asks for PR_SET_PTRACER */
    STOP_HAS_LEAVE,
    STOP_DONE,   /* all threads stand still, or as many as will */
    STOP_FAILED, /* none does */
    STOP_OVER,   /* they may go on */
};

static struct {
    _Atomic uint32_t state; /* enum stop_state */
    struct picture_threads *threads;
    size_t room;
    int process;
    int helper;
    bool has_leave;
    bool is_new; /* a thread was found in this round */
    bool is_refused;
    uint64_t deadline; /* nobody is waited for any longer */
    unsigned char *stack;
} stop;

static void set_state(enum stop_state state)
{
    atomic_store(&stop.state, state);
    (void)sys_futex((uint32_t *)&stop.state, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

/* Wait until the state is not @state, or some time has passed. */
static void wait_while(enum stop_state state)
{
    const struct timespec time = {.tv_nsec = LOOK_NS};
    (void)sys_call6(SYS_futex, (long)&stop.state, FUTEX_WAIT_PRIVATE, state, (long)&time, 0, 0);
}

/* --- in the helper --- */

static long trace(int request, int thread, long address, const void *data)
{
    return sys_call6(SYS_ptrace, request, thread, address, (long)data, 0, 0);
}

/* The process must allow us to trace it where only ancestors may (Yama). Return: true if it did. */
static bool ask_leave(void)
{
    if (stop.has_leave) {
        return false;
    }
    set_state(STOP_NEEDS_LEAVE);
    for (unsigned i = 0; atomic_load(&stop.state) == STOP_NEEDS_LEAVE && i < HELD_LOOKS; i++) {
        wait_while(STOP_NEEDS_LEAVE);
    }
    return stop.has_leave;
}

static uint64_t now_ns(void)
{
    struct timespec now = {0};
    (void)sys_call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
    return (uint64_t)now.tv_sec * NS_IN_S + (uint64_t)now.tv_nsec;
}

/* The kernel says by SIGCHLD that something has happened to a thread. */
static void hear_news(void)
{
    const struct {
        uint64_t handler, flags, restorer, mask;
    } by_default = {0}; /* the program may take no notice of children that stop */
    (void)sys_call6(SYS_rt_sigaction, SIGCHLD, (long)&by_default, 0, sizeof by_default.mask, 0, 0);
}

static void wait_for_news(void)
{
    const uint64_t set = UINT64_C(1) << (SIGCHLD - 1);
    const struct timespec time = {.tv_nsec = NEWS_NS};
    (void)sys_call6(SYS_rt_sigtimedwait, (long)&set, 0, (long)&time, sizeof set, 0, 0);
}

/* Return: true if the thread has stopped. @ret_signal: which it was about to be given. */
static bool wait_for_stop(int thread, int *ret_signal)
{
    for (;;) {
        int status = 0;
        int got = sys_wait(thread, &status, WNOHANG | __WALL);
        if (got == thread && WIFSTOPPED(status)) {
            *ret_signal = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
            return true;
        }
        if (got != 0 && got != -EINTR) {
            return false; /* it has ended */
        }
        if (now_ns() >= stop.deadline) {
            return false;
        }
        wait_for_news();
    }
}

/*
 * Some calls, epoll_wait() among them, fail with EINTR when a thread is stopped, though no signal
 * arrived. The program must not see that: let the call be made again.
 */
static void undo_interruption(const struct picture_thread *thread)
{
    struct user_regs_struct registers;
    struct iovec part = {&registers, sizeof registers};
    memcpy(&registers, thread->registers, sizeof registers);
    if ((long)registers.orig_rax < 0 || (long)registers.rax != -EINTR ||
        task_has_signal(stop.process, thread->id)) {
        return;
    }
    registers.rax = registers.orig_rax;
    registers.rip -= SYSCALL_BYTES;
    (void)trace(PTRACE_SETREGSET, thread->id, NT_PRSTATUS, &part);
}

static void read_registers(struct picture_thread *thread)
{
    struct user_regs_struct general = {0};
    struct iovec part = {&general, sizeof general};
    if (trace(PTRACE_GETREGSET, thread->id, NT_PRSTATUS, &part) != 0) {
        return;
    }
    memcpy(thread->registers, &general, sizeof general);
    part.iov_base = (unsigned char *)thread->registers + sizeof general;
    part.iov_len = sizeof thread->registers - sizeof general;
    bool has_vectors = trace(PTRACE_GETREGSET, thread->id, NT_X86_XSTATE, &part) == 0;
    thread->register_bytes = sizeof general + (has_vectors ? part.iov_len : 0);
    thread->stack = general.rsp - RED_ZONE_BYTES;
    thread->base = general.fs_base;
    thread->is_still = true;
    if (thread->signal == 0) {
        undo_interruption(thread);
    }
}

static bool is_listed(int id)
{
    for (size_t i = 0; i < stop.threads->count; i++) {
        if (stop.threads->list[i].id == id) {
            return true;
        }
    }
    return false;
}

static void stop_one(void *context, int id)
{
    (void)context;
    if (stop.is_refused || is_listed(id)) {
        return;
    }
    if (stop.threads->count == stop.room) {
        stop.threads->has_more = true;
        return;
    }
    long result = trace(PTRACE_SEIZE, id, 0, NULL);
    if (result == -EPERM && !task_is_dead(stop.process, id) && ask_leave()) {
        result = trace(PTRACE_SEIZE, id, 0, NULL);
    }
    if (result != 0) {
        stop.is_refused = !task_is_dead(stop.process, id);
        return;
    }
    struct picture_thread *thread = &stop.threads->list[stop.threads->count++];
    *thread = (struct picture_thread){.id = id};
    stop.is_new = true;
    (void)trace(PTRACE_INTERRUPT, id, 0, NULL);
}

static void stop_all(void)
{
    size_t stopped = 1; /* the calling thread is the first of the list */
    stop.deadline = now_ns() + STOP_NS;
    hear_news();
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        stop.is_new = false;
        if (tasks_each(stop.process, stop_one, NULL) == 0) {
            break; /* there is no descriptor left, say */
        }
        for (; stopped < stop.threads->count; stopped++) {
            struct picture_thread *thread = &stop.threads->list[stopped];
            if (wait_for_stop(thread->id, &thread->signal)) {
                read_registers(thread);
            }
        }
        if (!stop.is_new || stop.is_refused) {
            return;
        }
    }
    stop.threads->has_more = true; /* or they are made faster than they are stopped */
}

static void let_all_go(void)
{
    for (size_t i = 1; i < stop.threads->count; i++) {
        const struct picture_thread *thread = &stop.threads->list[i];
        (void)trace(PTRACE_DETACH, thread->id, 0, (const void *)(long)thread->signal);
    }
}

static void help(void)
{
    (void)sys_prctl(PR_SET_PDEATHSIG, (void *)SIGKILL);
    stop_all();
    if (stop.is_refused) {
        let_all_go();
        stop.threads->count = 1;
        set_state(STOP_FAILED);
        sys_exit(0);
    }
    set_state(STOP_DONE);
    for (unsigned i = 0; atomic_load(&stop.state) == STOP_DONE && i < HELD_LOOKS; i++) {
        wait_while(STOP_DONE);
    }
    let_all_go();
    sys_exit(0);
}

/* --- in the process --- */

/* A process that shares our memory, and begins in help(). Return: its id, or -errno. */
static int start_helper(void *stack_top)
{
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    long result;
    __asm__ volatile("syscall\n"
                     "    test %%rax, %%rax\n"
                     "    jnz 1f\n"
                     "    xor %%ebp, %%ebp\n"
                     "    call *%[help]\n"
                     "1:"
                     : "=a"(result)
                     : "a"(SYS_clone), "D"(CLONE_VM | CLONE_UNTRACED), "S"(stack_top), "d"(0),
                       "r"(r10), "r"(r8), [help] "b"(help)
                     : "rcx", "r11", "memory");
    return (int)result;
}

/* Do what the helper asks for, until it is done. Return: true if threads stand still. */
static bool serve(void)
{
    for (;;) {
        uint32_t state = atomic_load(&stop.state);
        int status = 0;
        if (state == STOP_DONE || state == STOP_FAILED) {
            return state == STOP_DONE;
        }
        if (state == STOP_NEEDS_LEAVE) {
            stop.has_leave = sys_prctl(PR_SET_PTRACER, (void *)(long)stop.helper) == 0;
            set_state(STOP_HAS_LEAVE);
        } else {
            wait_while((enum stop_state)state);
        }
        if (sys_wait(stop.helper, &status, WNOHANG | (int)__WCLONE) == stop.helper) {
            stop.helper = 0; /* it was killed; what it had stopped goes on by itself */
            return false;
        }
    }
}

static void end_helper(void)
{
    int status = 0;
    while (stop.helper > 0 && sys_wait(stop.helper, &status, (int)__WCLONE) == -EINTR) {
    }
    if (stop.has_leave) {
        (void)sys_prctl(PR_SET_PTRACER, NULL);
    }
}

bool picture_stop(struct picture_threads *threads, size_t room)
{
    if (stop.stack == NULL) {
        stop.stack = memory_map(HELPER_STACK_BYTES);
    }
    if (stop.stack == NULL) {
        return false;
    }
    stop.threads = threads;
    stop.room = room;
    stop.process = sys_getpid();
    stop.has_leave = false;
    stop.is_refused = false;
    atomic_store(&stop.state, STOP_STARTING);
    stop.helper = start_helper(stop.stack + HELPER_STACK_BYTES);
    if (stop.helper < 0) {
        return false;
    }
    if (serve()) {
        return true;
    }
    end_helper();
    threads->count = 1;
    return false;
}

void picture_go(void)
{
    set_state(STOP_OVER);
    end_helper();
}
