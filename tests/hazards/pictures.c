/*
 * Heap pictures of a program that minds: threads that allocate and wait, children of its own, also
 * of other threads while pictures are taken, SIGCHLD, errno, system calls that fail when they are
 * interrupted, and limits under which the process cannot be copied. Defence: the copy sends no
 * signal and only a wait with __WCLONE sees it; threads are seized, and a call that a stop made
 * fail is made again (picture_stop.c); a filter of system calls that is newer than the tracer means
 * no picture (picture.c). Without it: with SIGCHLD as the copy's signal the program counts children
 * that it does not have, without picture_stop.c's correction epoll_wait() fails with EINTR, and
 * without the look at filters the copy's clone() kills the program.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "forbid.h"
#include "libtrace.h"
#include "seen.h"

enum { THREADS = 10, WAITERS = 4, SLOTS = 64 };

static atomic_bool is_over;
static atomic_int interrupted;
static atomic_int children_told;

/* --- threads whose blocks are all referred to, at every moment --- */

struct node {
    struct node *next;
    char rest[40];
};

static void free_list(struct node **list)
{
    while (*list != NULL) {
        struct node *node = *list;
        *list = node->next;
        free(node);
    }
}

/* A list that is pushed to and popped from, and arrays of lists that are moved by realloc(). */
static void *work(void *argument)
{
    struct node *list = NULL;
    struct node **table = NULL;
    size_t slots = 0;
    unsigned seed = (unsigned)(uintptr_t)argument;
    while (!atomic_load(&is_over)) {
        seed = seed * 1664525 + 1013904223;
        struct node *node = malloc(sizeof *node);
        need(node != NULL, "malloc");
        node->next = list;
        list = node;
        if (seed >> 28 == 0) {
            size_t wanted = slots < SLOTS ? slots + 8 : 8;
            for (size_t i = 0; wanted < slots && i < slots; i++) {
                free_list(&table[i]);
            }
            // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
            table = realloc(table, wanted * sizeof *table);
            need(table != NULL, "realloc");
            for (; slots < wanted; slots++) {
                table[slots] = NULL;
            }
            slots = wanted;
        } else if (slots > 0 && seed >> 31 == 0) {
            struct node **slot = &table[seed % slots];
            node = list;
            list = node->next;
            node->next = *slot;
            *slot = node;
        }
        for (unsigned i = 0; list != NULL && i < (seed >> 20 & 1) + 1; i++) {
            node = list;
            list = node->next;
            free(node);
        }
    }
    for (size_t i = 0; i < slots; i++) {
        free_list(&table[i]);
    }
    free(table);
    free_list(&list);
    return NULL;
}

/* --- threads that wait, in calls that are not made again by themselves --- */

static int wake;

static void note(int is_fine)
{
    if (!is_fine && errno == EINTR) {
        atomic_fetch_add(&interrupted, 1);
    }
}

static void *wait_for_events(void *argument)
{
    (void)argument;
    struct epoll_event event = {.events = EPOLLIN};
    int events = epoll_create1(EPOLL_CLOEXEC);
    need(events >= 0 && epoll_ctl(events, EPOLL_CTL_ADD, wake, &event) == 0, "epoll");
    while (!atomic_load(&is_over)) {
        note(epoll_wait(events, &event, 1, -1) >= 0);
    }
    return NULL;
}

static void *wait_for_signal(void *argument)
{
    (void)argument;
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    while (!atomic_load(&is_over)) {
        int got = sigwaitinfo(&set, NULL);
        note(got >= 0);
        if (got == SIGUSR1) {
            break;
        }
    }
    return NULL;
}

static void *wait_for_time(void *argument)
{
    (void)argument;
    const struct timespec time = {.tv_nsec = 20000000};
    while (!atomic_load(&is_over)) {
        note(nanosleep(&time, NULL) == 0);
    }
    return NULL;
}

static sem_t semaphore;

static void *wait_for_semaphore(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over)) {
        note(sem_wait(&semaphore) == 0);
    }
    return NULL;
}

/* --- the main thread --- */

static void take(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        errno = 42;
        (void)libtrace_heap_picture("many");
        need(errno == 42, "errno");
    }
}

static void run_threads(unsigned count)
{
    static void *(*const waits[WAITERS])(void *) = {wait_for_events, wait_for_signal, wait_for_time,
                                                    wait_for_semaphore};
    pthread_t threads[THREADS];
    pthread_t waiters[WAITERS];
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    need(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0, "sigmask");
    wake = eventfd(0, EFD_CLOEXEC);
    need(wake >= 0 && sem_init(&semaphore, 0, 0) == 0, "eventfd");
    for (uintptr_t i = 0; i < THREADS; i++) {
        need(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0, "thread");
    }
    for (unsigned i = 0; i < WAITERS; i++) {
        need(pthread_create(&waiters[i], NULL, waits[i], NULL) == 0, "waiter");
    }
    take(count);
    atomic_store(&is_over, true);
    need(write(wake, &(uint64_t){1}, sizeof(uint64_t)) > 0 && sem_post(&semaphore) == 0 &&
             pthread_kill(waiters[1], SIGUSR1) == 0,
         "wake");
    for (unsigned i = 0; i < THREADS; i++) {
        need(pthread_join(threads[i], NULL) == 0, "join");
    }
    for (unsigned i = 0; i < WAITERS; i++) {
        need(pthread_join(waiters[i], NULL) == 0, "join");
    }
    say("%d calls interrupted\n", atomic_load(&interrupted));
}

static void count_child(int signal)
{
    (void)signal;
    atomic_fetch_add(&children_told, 1);
}

static void run_children(unsigned count)
{
    const struct sigaction action = {.sa_handler = count_child};
    need(sigaction(SIGCHLD, &action, NULL) == 0, "sigaction");
    for (unsigned i = 0; i < count; i++) {
        take(1);
        pid_t child = fork();
        need(child >= 0, "fork");
        if (child == 0) {
            _exit(7);
        }
        int status = 0;
        pid_t ended = 0;
        while ((ended = wait(&status)) < 0 && errno == EINTR) {
        }
        need(ended == child && WEXITSTATUS(status) == 7, "a child that is not ours");
        need(wait(&status) == -1 && errno == ECHILD, "one child too many");
    }
    say("told of %d children\n", atomic_load(&children_told));
}

/* Make children, one after another, that have nothing to do. */
static void *make_children(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over)) {
        int status = 0;
        pid_t child = fork();
        need(child >= 0, "fork");
        if (child == 0) {
            free(malloc(40));
            _exit(7);
        }
        pid_t ended = 0;
        while ((ended = waitpid(child, &status, 0)) < 0 && errno == EINTR) {
        }
        need(ended == child && WEXITSTATUS(status) == 7, "a child that did not end well");
    }
    return NULL;
}

static void run_forks(unsigned count)
{
    pthread_t threads[WAITERS];
    for (unsigned i = 0; i < WAITERS; i++) {
        need(pthread_create(&threads[i], NULL, make_children, NULL) == 0, "thread");
    }
    take(count);
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < WAITERS; i++) {
        need(pthread_join(threads[i], NULL) == 0, "join");
    }
}

static void limit(int resource, rlim_t value)
{
    struct rlimit both = {value, value};
    need(setrlimit(resource, &both) == 0, "setrlimit");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
    marked_churn(10);
    if (strcmp(what, "threads") == 0) {
        run_threads(count);
    } else if (strcmp(what, "children") == 0) {
        run_children(count);
    } else if (strcmp(what, "forks") == 0) {
        run_forks(count);
    } else if (strcmp(what, "seccomp") == 0) {
        forbid(SYS_clone); /* every new process is death */
    } else if (strcmp(what, "processes") == 0) {
        need(setuid(65534) == 0, "setuid");
        limit(RLIMIT_NPROC, 0);
    } else if (strcmp(what, "memory") == 0) {
        limit(RLIMIT_AS, (rlim_t)64 << 20);
    } else if (strcmp(what, "untraceable") == 0) {
        need(setuid(65534) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "dumpable");
        run_threads(count);
    }
    take(1);
    marked_churn(10);
    say_marked();
    return 0;
}
