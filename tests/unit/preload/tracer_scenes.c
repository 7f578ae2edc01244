/*
 * Scenes for check_tracer.c and check_start.c: what a traced program does, with blocks that are not
 * there. The tracer is linked in, without hooks; it is told about addresses that nobody allocated.
 *
 * Usage: tracer_scenes SCENE. What the test must know goes to stdout. Exit: 0, or 99 with a line on
 * stderr when the tracer did not answer as tracer.h says.
 */
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libtrace.h"
#include "process.h"
#include "tracer.h"

#define ODD_ERRNO 4321 /* no function gives it */
#define FRAMES_MAX 64
#define THREADS 4
#define HANDLED_MIN 200

static void require(bool is_so, int line)
{
    if (!is_so) {
        (void)fprintf(stderr, "tracer_scenes.c:%d: not as required\n", line);
        _exit(99);
    }
}
#define REQUIRE(condition) require(condition, __LINE__)

#define HOOK __attribute__((noinline))

/* Block number @i: never two in one entry of the live map. */
static void *block(unsigned i)
{
    return (void *)(UINT64_C(0x2a0000000000) + (uintptr_t)i * 64); // NOLINT(*-no-int-to-ptr)
}

static HOOK void allocate_at(void *at, size_t size)
{
    errno = ODD_ERRNO;
    tracer_allocated(at, size, CALLER());
    REQUIRE(errno == ODD_ERRNO);
}

static HOOK void allocate(unsigned i, size_t size)
{
    errno = ODD_ERRNO;
    tracer_allocated(block(i), size, CALLER());
    REQUIRE(errno == ODD_ERRNO);
}

static HOOK void release(unsigned i)
{
    errno = ODD_ERRNO;
    tracer_freeing(block(i), CALLER_SP());
    REQUIRE(errno == ODD_ERRNO);
}

/* @result: what realloc() returned. */
static HOOK void reallocate(unsigned i, void *result, size_t size)
{
    errno = ODD_ERRNO;
    live_entry entry = tracer_reallocating(block(i), CALLER_SP());
    tracer_reallocated(block(i), entry, result, size, CALLER());
    REQUIRE(errno == ODD_ERRNO);
}

/* --- one thread --- */

static void scene_order(void)
{
    REQUIRE(tracer_is_recording());
    allocate(1, 100);
    allocate(2, 200);
    release(1);
    allocate(3, 0);
    release(3);
    release(2);
}

static void scene_implied(void)
{
    allocate(1, 100);
    allocate(1, 200);
    release(1);
}

static void scene_realloc(void)
{
    allocate(1, 100);
    reallocate(1, NULL, 500); /* fails: the block stays known */
    reallocate(1, block(1), 200);
    reallocate(1, block(2), 300);
    reallocate(2, NULL, 0); /* a free */
    release(2);             /* and so nobody's */
}

static void scene_realloc_unknown(void)
{
    reallocate(1, NULL, 500); /* fails, and nothing is known of it */
    reallocate(1, block(2), 200);
    release(2);
}

static void scene_snapshot(void)
{
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    allocate(1, 100);
    REQUIRE(libtrace_snapshot("middle") == 0);
    allocate(2, 200);
    REQUIRE(tracer_snapshot(NULL, CALLER_SP()));
    REQUIRE(tracer_snapshot(name, CALLER_SP()));
}

static void scene_snapshot_signal(void)
{
    allocate(1, 100);
    REQUIRE(raise(SIGUSR2) == 0);
    allocate(2, 200);
}

/* With LIBTRACE_START=0. */
static void scene_pause(void)
{
    REQUIRE(libtrace_is_tracing() == 0);
    allocate(1, 100);
    REQUIRE(libtrace_snapshot("none") == -1);
    REQUIRE(libtrace_start() == 0 && libtrace_is_tracing() == 1);
    allocate(2, 200);
    allocate(3, 300);
    allocate(4, 400);
    libtrace_stop();
    REQUIRE(libtrace_is_tracing() == 0);
    allocate(5, 500);
    release(2);
    release(1); /* born unseen, and nobody is to hear of it */
    reallocate(3, block(6), 600);
    REQUIRE(libtrace_start() == 0);
    release(4);
}

static HOOK void require_memory(size_t current, size_t peak)
{
    size_t seen[2] = {SIZE_MAX, SIZE_MAX};
    errno = ODD_ERRNO;
    libtrace_get_traced_memory(&seen[0], &seen[1]);
    REQUIRE(errno == ODD_ERRNO && seen[0] == current && seen[1] == peak);
}

static void scene_traced(void)
{
    void *frames[4];
    allocate(1, 100);
    allocate(2, 200);
    release(2);
    require_memory(100, 100); /* nobody has asked before */
    allocate(2, 300);
    release(2);
    require_memory(100, 400);
    libtrace_reset_peak();
    require_memory(100, 100);
    reallocate(1, block(2), 50);
    require_memory(50, 100);
    REQUIRE(libtrace_get_object_traceback(block(1), frames, 4) == -1);
    REQUIRE(libtrace_get_object_traceback(block(2), frames, 4) >= 2);
    REQUIRE(libtrace_get_tracer_memory() > 0);
    libtrace_clear_traces();
    require_memory(0, 0);
    REQUIRE(libtrace_get_object_traceback(block(2), frames, 4) == -1);
    release(2);
    allocate(3, 100);
    require_memory(100, 100);
    libtrace_stop();
    require_memory(0, 0);
    REQUIRE(libtrace_get_object_traceback(block(3), frames, 4) == -1);
}

/* What a window no longer has counts, too. */
static void scene_traced_much(void)
{
    libtrace_clear_traces();
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 20000; i++) {
            allocate(i, i % 5000 + 1);
        }
        for (unsigned i = 0; i < 20000; i++) {
            release(i);
        }
    }
    allocate(1, 77);
    require_memory(77, (size_t)4 * 5000 * 5001 / 2);
}

static void scene_unknown(void)
{
    release(1);
    release(2);
    allocate(3, 300);
    release(3);
    release(3);
    allocate_at((void *)(UINT64_C(1) << 47), 400); // NOLINT(*-no-int-to-ptr): beyond the map
}

/* What backtrace() finds and what the tracer is to find, both seen from here. */
static HOOK void compare_stacks(void)
{
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    int first = 0;
    while (first < count && frames[first] != __builtin_return_address(0)) {
        first++; /* this function, and a sanitizer's backtrace() */
    }
    for (int i = first; i < count; i++) {
        (void)printf("%p\n", frames[i]);
    }
    tracer_allocated(block(1), 100, CALLER());
}

static HOOK void recurse(int depth)
{
    if (depth > 0) {
        recurse(depth - 1);
    } else {
        compare_stacks();
    }
    __asm__ volatile(""); /* no tail call */
}

static void scene_stack(void)
{
    recurse(7);
}

/* More than the two windows take: they are sealed several times. */
static void scene_many(void)
{
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 20000; i++) {
            allocate(i, i % 5000 + 1);
        }
        for (unsigned i = 0; i < 20000; i++) {
            release(i);
        }
    }
}

/* --- signals --- */

static void scene_nested(void)
{
    allocate(1, 100);
    struct thread_state *state = thread_self;
    state->busy = THREAD_RECORDING; /* as if a handler had come in between */
    state->busy_sp = UINTPTR_MAX;
    allocate(2, 200);
    REQUIRE(state->nested != NULL);
    state->nested->busy = THREAD_RECORDING; /* and another one */
    state->nested->busy_sp = UINTPTR_MAX;
    allocate(3, 300);
    state->nested->busy = THREAD_IDLE;
    state->busy = THREAD_IDLE;
    allocate(4, 400);
    release(2);
}

/* A handler has left the tracer with longjmp(): the hook that is recording no longer runs. */
static HOOK void allocate_deeper(void)
{
    char room[4096];
    __asm__ volatile("" : : "r"(room) : "memory");
    allocate(1, 100);
    __asm__ volatile("" : : "r"(room) : "memory");
}

static void scene_stale(void)
{
    allocate_deeper();
    thread_self->busy = THREAD_RECORDING;
    allocate(2, 200);
    REQUIRE(thread_self->nested == NULL);
    release(2);
}

static volatile sig_atomic_t handled;

static void handle(int signal)
{
    (void)signal;
    const int before = errno;
    allocate(7, 77);
    release(7);
#ifndef __SANITIZE_THREAD__ /* within which what libunwind calls may set it */
    REQUIRE(errno == before);
#endif
    errno = before;
    handled++;
}

static void scene_handler(void)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    /* one at a time: on a busy machine an interval may be too short for the program to get on */
    struct itimerval soon = {.it_value.tv_usec = 100};
    unsigned long rounds = 0;
    sig_atomic_t armed = -1; /* when this many had been handled */
    allocate(1, 11);
    release(1);
    REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
    while (thread_self->nested == NULL || handled < HANDLED_MIN) {
        if (armed != handled) {
            armed = handled;
            REQUIRE(setitimer(ITIMER_REAL, &soon, NULL) == 0);
        }
        allocate(1, 11);
        release(1);
        rounds++;
    }
    soon = (struct itimerval){0};
    REQUIRE(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    (void)printf("%lu %d\n", rounds + 1, (int)handled);
}

/* --- threads and processes --- */

static pthread_barrier_t barrier;

static void *run_thread(void *argument)
{
    unsigned i = *(const unsigned *)argument;
    char name[16];
    (void)snprintf(name, sizeof name, "worker %u", i);
    (void)prctl(PR_SET_NAME, name);
    (void)pthread_barrier_wait(&barrier);
    allocate(10 + i, 1000 + i);
    (void)pthread_barrier_wait(&barrier); /* all are alive until all have recorded */
    return NULL;
}

static void scene_threads(void)
{
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];
    allocate(1, 100);
    REQUIRE(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        REQUIRE(pthread_create(&threads[i], NULL, run_thread, &numbers[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        REQUIRE(pthread_join(threads[i], NULL) == 0);
    }
    release(10); /* a block of another thread */
}

/* Run @life in a forked child that ends with exit(). */
static void in_child(void (*life)(void))
{
    int status = 0;
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        life();
        exit(0);
    }
    REQUIRE(waitpid(child, &status, 0) == child && status == 0);
}

static void live_as_child(void)
{
    release(1);
    allocate(2, 200);
    release(2);
    allocate(3, 300);
    reallocate(4, block(5), 500); /* a block of the parent's becomes ours */
}

static void scene_fork(void)
{
    allocate(1, 100);
    allocate(4, 400);
    in_child(live_as_child);
    release(1);
}

static void live_silently(void)
{
}

static void scene_fork_silent(void)
{
    allocate(1, 100);
    in_child(live_silently);
}

static void scene_fork_paused(void)
{
    allocate(1, 100);
    libtrace_stop();
    in_child(live_as_child);
}

/* As many threads as there are states, and then as many again, with what the first ones left. */
static void scene_traced_threads(void)
{
    pthread_t thread;
    libtrace_clear_traces();
    REQUIRE(pthread_barrier_init(&barrier, NULL, 1) == 0);
    for (unsigned i = 0; i < 20; i++) {
        REQUIRE(pthread_create(&thread, NULL, run_thread, &i) == 0);
        REQUIRE(pthread_join(thread, NULL) == 0);
        require_memory((size_t)1000 * (i + 1) + i * (i + 1) / 2,
                       (size_t)1000 * (i + 1) + i * (i + 1) / 2);
    }
}

static void live_and_ask(void)
{
    REQUIRE(libtrace_is_tracing() == 1);
    require_memory(0, 0);
    allocate(2, 200);
    release(1);
    require_memory(200, 200);
    libtrace_clear_traces();
    allocate(3, 300);
    require_memory(300, 300);
}

static void scene_traced_fork(void)
{
    allocate(1, 100);
    require_memory(100, 100);
    in_child(live_and_ask);
    require_memory(100, 100);
    in_child(live_and_ask);
}

/* --- start and end --- */

static void scene_nothing(void)
{
}

static void scene_environment(void)
{
    allocate(1, 100);
    const char *preload = getenv("LD_PRELOAD");
    (void)printf("%s", preload != NULL ? preload : "(none)");
    (void)fflush(stdout);
    in_child(live_as_child);
}

static void scene_untraced(void)
{
    REQUIRE(!tracer_is_recording());
    REQUIRE(!tracer_set_recording(true));
    allocate(1, 100);
    reallocate(1, block(2), 200);
    release(2);
    REQUIRE(!tracer_snapshot("none", CALLER_SP()));
    REQUIRE(!tracer_clear(CALLER_SP()));
    REQUIRE(tracer_traced_memory(true).peak == 0);
    tracer_code_unloaded();
    tracer_ending(TRACE_END_QUICK);
}

static void scene_quick(void)
{
    allocate(1, 100);
    tracer_ending(TRACE_END_QUICK);
    tracer_ending(TRACE_END_EXIT); /* too late */
}

static void scene_exec(void)
{
    tracer_ending(TRACE_END_EXEC);
    _exit(0);
}

static void scene_exec_failed(void)
{
    tracer_ending(TRACE_END_EXEC);
    tracer_ending(TRACE_END_NONE);
    _exit(0);
}

static void scene_killed(void)
{
    allocate(1, 100);
    (void)fflush(stdout);
    (void)raise(SIGKILL);
}

static void scene_stop(void)
{
    allocate(1, 100);
    process_stop(-ENOSPC);
    allocate(2, 200);
    release(1);
    REQUIRE(!tracer_set_recording(true));
}

static const struct {
    const char *name;
    void (*run)(void);
} scenes[] = {
    {"order", scene_order},
    {"implied", scene_implied},
    {"realloc", scene_realloc},
    {"realloc_unknown", scene_realloc_unknown},
    {"snapshot", scene_snapshot},
    {"snapshot_signal", scene_snapshot_signal},
    {"pause", scene_pause},
    {"traced", scene_traced},
    {"traced_much", scene_traced_much},
    {"traced_threads", scene_traced_threads},
    {"traced_fork", scene_traced_fork},
    {"unknown", scene_unknown},
    {"stack", scene_stack},
    {"many", scene_many},
    {"nested", scene_nested},
    {"stale", scene_stale},
    {"handler", scene_handler},
    {"threads", scene_threads},
    {"fork", scene_fork},
    {"fork_silent", scene_fork_silent},
    {"fork_paused", scene_fork_paused},
    {"nothing", scene_nothing},
    {"environment", scene_environment},
    {"untraced", scene_untraced},
    {"quick", scene_quick},
    {"exec", scene_exec},
    {"exec_failed", scene_exec_failed},
    {"killed", scene_killed},
    {"stop", scene_stop},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof scenes / sizeof scenes[0]; i++) {
        if (strcmp(argv[1], scenes[i].name) == 0) {
            scenes[i].run();
            return 0;
        }
    }
    (void)fprintf(stderr, "usage: tracer_scenes SCENE\n");
    return 2;
}
