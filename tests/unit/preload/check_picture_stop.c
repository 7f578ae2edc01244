/* Threads of this process that a helper stops: what is known of them, and what they notice. */
#include "picture_stop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "memory.h"
#include "suite.h"
#include "tasks.h"

enum { THREADS = 4, ROOM = 64, ROUNDS = 100, TICK_US = 20000, PATIENCE_US = 60000000 };

#define MARK 0x6d61726b00000000u

static atomic_bool is_over;
static struct picture_thread list[ROOM];
static struct picture_threads threads;

/* As picture_threads.c does it: signals are blocked, and this thread is the first of the list. */
static bool stop_threads(size_t room)
{
    sigset_t all;
    (void)sigfillset(&all);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &all, NULL), 0);
    list[0] = (struct picture_thread){.id = gettid(), .is_still = true};
    threads = (struct picture_threads){.list = list, .count = 1};
    return picture_stop(&threads, room);
}

static void go(void)
{
    sigset_t none;
    picture_go();
    (void)sigemptyset(&none);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &none, NULL), 0);
}

static const struct picture_thread *find_thread(int id)
{
    for (size_t i = 0; i < threads.count; i++) {
        if (list[i].id == id) {
            return &list[i];
        }
    }
    return NULL;
}

/* --- threads that run --- */

static struct runner {
    pthread_t thread;
    _Atomic int id;
    _Atomic uint64_t turns;
    uint64_t mark;
} runners[THREADS];

/* Turn round and round with a mark in a register. */
static void *run(void *argument)
{
    struct runner *runner = argument;
    register uint64_t mark __asm__("r15") = runner->mark;
    atomic_store(&runner->id, gettid());
    while (!atomic_load(&is_over)) {
        __asm__ volatile("" : "+r"(mark));
        atomic_fetch_add(&runner->turns, 1);
        __asm__ volatile("" : "+r"(mark));
    }
    return NULL;
}

static void start_runners(void)
{
    for (size_t i = 0; i < THREADS; i++) {
        runners[i].mark = MARK + i;
        ck_assert_int_eq(pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
        while (atomic_load(&runners[i].turns) == 0) {
            sched_yield();
        }
    }
}

static void join_runners(void)
{
    atomic_store(&is_over, true);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(runners[i].thread, NULL), 0);
    }
}

/* Return: true if some thread turns within a minute. */
static bool do_turn(void)
{
    uint64_t before = atomic_load(&runners[0].turns);
    for (unsigned waited = 0; waited < PATIENCE_US; waited += TICK_US) {
        (void)usleep(TICK_US);
        if (atomic_load(&runners[0].turns) != before) {
            return true;
        }
    }
    return false;
}

START_TEST(stop_holds_threads_and_reads_their_registers)
{
    uint64_t turns[THREADS];
    start_runners();
    ck_assert(stop_threads(ROOM));
    ck_assert_uint_eq(threads.count, THREADS + 1);
    ck_assert(!threads.has_more);
    for (size_t i = 0; i < THREADS; i++) {
        const struct picture_thread *thread = find_thread(atomic_load(&runners[i].id));
        ck_assert_ptr_nonnull(thread);
        ck_assert(thread->is_still);
        ck_assert_uint_gt(thread->register_bytes, sizeof(struct user_regs_struct));
        ck_assert_uint_eq(thread->base, (uintptr_t)runners[i].thread);
        ck_assert_uint_lt(thread->stack, thread->base);
        struct user_regs_struct registers;
        memcpy(&registers, thread->registers, sizeof registers);
        ck_assert_uint_eq(registers.r15, runners[i].mark);
        turns[i] = atomic_load(&runners[i].turns);
    }
    (void)usleep(TICK_US);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_uint_eq(atomic_load(&runners[i].turns), turns[i]);
    }
    go();
    ck_assert(do_turn());
    join_runners();
}
END_TEST

START_TEST(stop_says_when_there_are_more_threads_than_room)
{
    start_runners();
    ck_assert(stop_threads(3));
    ck_assert_uint_eq(threads.count, 3);
    ck_assert(threads.has_more);
    go();
    join_runners();
}
END_TEST

START_TEST(stop_is_heard_where_the_program_ignores_children)
{
    const struct sigaction ways[] = {{.sa_handler = SIG_IGN},
                                     {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP},
                                     {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}};
    start_runners();
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct sigaction after;
        ck_assert_int_eq(sigaction(SIGCHLD, &ways[i], NULL), 0);
        ck_assert(stop_threads(ROOM));
        ck_assert_uint_eq(threads.count, THREADS + 1);
        ck_assert(find_thread(atomic_load(&runners[0].id))->is_still);
        go();
        ck_assert_int_eq(sigaction(SIGCHLD, NULL, &after), 0);
        ck_assert(after.sa_handler == ways[i].sa_handler);
        ck_assert_int_eq(waitpid(-1, NULL, __WALL), -1);
        ck_assert_int_eq(errno, ECHILD);
    }
    join_runners();
}
END_TEST

static void *end_at_once(void *argument)
{
    return argument;
}

static void *make_threads(void *argument)
{
    pthread_t thread;
    while (!atomic_load(&is_over)) {
        if (pthread_create(&thread, NULL, end_at_once, argument) == 0) {
            (void)pthread_join(thread, NULL);
        }
    }
    return NULL;
}

START_TEST(stop_copes_with_threads_that_come_and_go)
{
    pthread_t maker;
    ck_assert_int_eq(pthread_create(&maker, NULL, make_threads, NULL), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        ck_assert(stop_threads(ROOM));
        ck_assert_uint_ge(threads.count, 1);
        go();
    }
    atomic_store(&is_over, true);
    ck_assert_int_eq(pthread_join(maker, NULL), 0);
}
END_TEST

/* --- threads that wait --- */

static int wake;
static _Atomic int interrupted;
static _Atomic int waiting;

static void *wait_for_event(void *argument)
{
    struct epoll_event event = {.events = EPOLLIN};
    int events = epoll_create1(EPOLL_CLOEXEC);
    (void)epoll_ctl(events, EPOLL_CTL_ADD, wake, &event);
    atomic_store(&waiting, gettid());
    atomic_store(&interrupted, epoll_wait(events, &event, 1, -1) == 1 ? 0 : errno);
    (void)close(events);
    return argument;
}

START_TEST(stop_interrupts_no_call)
{
    pthread_t thread;
    wake = eventfd(0, EFD_CLOEXEC);
    ck_assert_int_ge(wake, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_event, NULL), 0);
    while (atomic_load(&waiting) == 0) {
        sched_yield();
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        ck_assert(stop_threads(ROOM));
        ck_assert(find_thread(atomic_load(&waiting))->is_still);
        go();
    }
    ck_assert_int_eq(write(wake, &(uint64_t){1}, sizeof(uint64_t)), sizeof(uint64_t));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(atomic_load(&interrupted), 0);
}
END_TEST

static _Atomic unsigned received;

static void receive(int signal)
{
    (void)signal;
    atomic_fetch_add(&received, 1);
}

/* Send a signal, wait until it has arrived, and so on. Return: how many have not arrived. */
static void *send_signals(void *argument)
{
    unsigned sent = 0;
    while (!atomic_load(&is_over) && atomic_load(&received) == sent) {
        (void)pthread_kill(*(pthread_t *)argument, SIGUSR1);
        sent++;
        for (unsigned waited = 0; atomic_load(&received) != sent && waited < PATIENCE_US;
             waited += 100) {
            (void)usleep(100);
        }
    }
    return (void *)(uintptr_t)(sent - atomic_load(&received));
}

START_TEST(stop_swallows_no_signal)
{
    const struct sigaction action = {.sa_handler = receive, .sa_flags = SA_RESTART};
    pthread_t sender;
    void *missing = NULL;
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    start_runners();
    ck_assert_int_eq(pthread_create(&sender, NULL, send_signals, &runners[1].thread), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        ck_assert(stop_threads(ROOM));
        go();
        (void)usleep(500);
    }
    join_runners(); /* which says that it is over */
    ck_assert_int_eq(pthread_join(sender, &missing), 0);
    ck_assert_uint_gt(atomic_load(&received), 0);
    ck_assert_ptr_null(missing);
}
END_TEST

/* --- threads that cannot be stopped --- */

static int child_waits[2];

/* Whoever calls vfork() waits for the child, and nothing but its end or a deadly signal helps. */
static void *wait_for_child(void *argument)
{
    atomic_store(&waiting, gettid());
    // NOLINTBEGIN(*.vfork,*.Vfork): it is what is tested
    pid_t child = vfork();
    if (child == 0) {
        char byte;
        (void)syscall(SYS_read, child_waits[0], &byte, 1);
        _exit(0);
    }
    // NOLINTEND(*.vfork,*.Vfork)
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    return argument;
}

START_TEST(stop_gives_up_on_a_thread_that_waits_for_its_vfork_child)
{
    pthread_t thread;
    ck_assert_int_eq(pipe2(child_waits, O_CLOEXEC), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_child, NULL), 0);
    while (atomic_load(&waiting) == 0) {
        sched_yield();
    }
    (void)usleep(TICK_US);
    start_runners();
    ck_assert(stop_threads(ROOM));
    ck_assert(!find_thread(atomic_load(&waiting))->is_still);
    go();
    ck_assert(do_turn());
    ck_assert_int_eq(write(child_waits[1], "x", 1), 1);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    join_runners();
}
END_TEST

/* From here on a system call fails. */
static void refuse(unsigned call, int error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* Nothing is stopped where @call fails. */
static void check_refusal(unsigned call, int error)
{
    start_runners();
    refuse(call, error);
    ck_assert(!stop_threads(ROOM));
    ck_assert_uint_eq(threads.count, 1);
    ck_assert(do_turn());
    ck_assert_int_eq(waitpid(-1, NULL, __WALL | WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    join_runners();
}

START_TEST(stop_without_leave_to_trace_stops_nothing)
{
    check_refusal(SYS_ptrace, EPERM);
}
END_TEST

START_TEST(stop_without_tracing_stops_nothing)
{
    check_refusal(SYS_ptrace, ENOSYS);
}
END_TEST

START_TEST(stop_without_a_process_for_the_helper_stops_nothing)
{
    check_refusal(SYS_clone, EAGAIN);
}
END_TEST

START_TEST(stop_without_a_descriptor_left_says_that_threads_are_missing)
{
    const struct rlimit none = {0, 0};
    start_runners();
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert(stop_threads(ROOM));
    ck_assert_uint_eq(threads.count, 1);
    ck_assert(threads.has_more);
    go();
    ck_assert(do_turn());
    join_runners();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        stop_holds_threads_and_reads_their_registers,
        stop_says_when_there_are_more_threads_than_room,
        stop_is_heard_where_the_program_ignores_children,
        stop_copes_with_threads_that_come_and_go,
        stop_interrupts_no_call,
        stop_swallows_no_signal,
        stop_gives_up_on_a_thread_that_waits_for_its_vfork_child,
        stop_without_leave_to_trace_stops_nothing,
        stop_without_tracing_stops_nothing,
        stop_without_a_process_for_the_helper_stops_nothing,
        stop_without_a_descriptor_left_says_that_threads_are_missing,
        NULL,
    };
    return suite_run("picture_stop", tests);
}
