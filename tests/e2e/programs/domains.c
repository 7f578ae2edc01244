/*
 * A program that tracks objects of its own, and knows what there is of them in each domain. Objects
 * are addresses, nothing else: no memory belongs to them, and they lie a byte apart.
 *
 * usage: domains traced|plain: whether libtrace.so is there. Exit: 0; otherwise what failed is on
 * stderr. At the end "DOMAIN COUNT BYTES" of what is left is on stdout, and of each forked child
 * "PID COUNT BYTES"; nothing else allocates after the last clear.
 */
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libtrace.h"

#define OBJECTS 500
#define STEPS 20000
#define THREADS 4
#define FORKS 40
#define OFF (-2)       /* as PyTraceMalloc_Track() has it */
#define ODD_ERRNO 4321 /* no function gives it */

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(STDERR_FILENO, "line %d: %s does not hold\n", __LINE__, #condition);           \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static const unsigned domains[] = {1, 2, 389047, UINT32_MAX};
#define DOMAINS (sizeof domains / sizeof domains[0])
#define SIGNAL_DOMAIN 77
#define CHILD_DOMAIN 9

static size_t sizes[DOMAINS][OBJECTS]; /* plus one; 0: not tracked */

static size_t current_bytes(void)
{
    size_t current = 0;
    libtrace_get_traced_memory(&current, NULL);
    return current;
}

static size_t peak_bytes(void)
{
    size_t peak = 0;
    libtrace_get_traced_memory(NULL, &peak);
    return peak;
}

static const void *object(size_t number)
{
    return (const void *)(uintptr_t)(0x1234567 + number);
}

/* Nothing is recorded: there is nothing to track. */
static void check_off(void)
{
    REQUIRE(libtrace_track(1, object(0), 10) == OFF);
    REQUIRE(libtrace_untrack(1, object(0)) == OFF);
    REQUIRE(current_bytes() == 0);
}

/* The meaning of each call, by what is traced afterwards. */
static void check_meaning(void)
{
    libtrace_clear_traces();
    size_t before = current_bytes();
    errno = ODD_ERRNO;
    REQUIRE(libtrace_track(1, object(0), 100) == 0 && current_bytes() == before + 100);
    REQUIRE(libtrace_track(1, object(0), 30) == 0 && current_bytes() == before + 30);
    REQUIRE(libtrace_track(2, object(0), 7) == 0 && current_bytes() == before + 37);
    REQUIRE(libtrace_untrack(3, object(0)) == 0 && current_bytes() == before + 37);
    REQUIRE(libtrace_untrack(1, object(1)) == 0 && current_bytes() == before + 37);
    REQUIRE(libtrace_untrack(1, object(0)) == 0 && current_bytes() == before + 7);
    REQUIRE(libtrace_untrack(1, object(0)) == 0 && current_bytes() == before + 7);
    REQUIRE(libtrace_track(2, object(1), 0) == 0 && libtrace_track(2, NULL, 5) == 0);
    REQUIRE(current_bytes() == before + 12);
    REQUIRE(libtrace_untrack(2, NULL) == 0 && libtrace_untrack(2, object(1)) == 0);
    REQUIRE(libtrace_track(2, (const void *)UINTPTR_MAX, 1) == -1);
    REQUIRE(peak_bytes() == before + 100 && errno == ODD_ERRNO);
    libtrace_clear_traces();
    REQUIRE(current_bytes() == 0);
    REQUIRE(libtrace_untrack(2, object(0)) == 0 && current_bytes() == 0);
    libtrace_stop();
    check_off();
    REQUIRE(libtrace_start() == 0 && current_bytes() == 0);
}

/* Domain 0 is malloc's: blocks of it can be told to be something else. */
static __attribute__((noinline)) void check_malloc(void)
{
    void *frames[2] = {NULL, NULL};
    void *block = malloc(1000);
    const void *address = block;
    __asm__ volatile("" : "+r"(address)); // the compiler forgets that it is freed below
    size_t before = current_bytes();
    REQUIRE(libtrace_get_object_traceback(block, &frames[0], 1) == 1);
    REQUIRE(libtrace_track(0, block, 10) == 0 && current_bytes() == before - 990);
    REQUIRE(libtrace_get_object_traceback(block, &frames[1], 1) == 1 && frames[0] != frames[1]);
    REQUIRE(libtrace_track(1, block, 3) == 0 && current_bytes() == before - 987);
    free(block);
    REQUIRE(current_bytes() == before - 997);
    REQUIRE(libtrace_untrack(0, address) == 0 && current_bytes() == before - 997);
    REQUIRE(libtrace_untrack(1, address) == 0 && current_bytes() == before - 1000);
    REQUIRE(libtrace_track(0, object(0), 64) == 0 && current_bytes() == before - 936);
    REQUIRE(libtrace_untrack(0, object(0)) == 0 && current_bytes() == before - 1000);
}

/* One of a few thousand objects begins, changes or ends. Return: by how much that changes the sum.
 */
static size_t take_step(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    size_t domain = *random >> 33 & (DOMAINS - 1);
    size_t number = (*random >> 40) % OBJECTS;
    size_t *size = &sizes[domain][number];
    size_t before = *size;
    *size = *random >> 62 != 0 ? (*random >> 20) % 5000 + 1 : 0;
    int result = *size != 0 ? libtrace_track(domains[domain], object(number), *size - 1)
                            : libtrace_untrack(domains[domain], object(number));
    REQUIRE(result == 0);
    return (*size == 0 ? 0 : *size - 1) - (before == 0 ? 0 : before - 1);
}

static void check_sums(void)
{
    uint64_t random = 1;
    size_t expected = current_bytes();
    for (int i = 0; i < STEPS; i++) {
        expected += take_step(&random);
        REQUIRE(i % 97 != 0 || current_bytes() == expected);
    }
    REQUIRE(current_bytes() == expected);
}

/* Each thread has its own objects, in the buckets of all the others'. */
static void *run_thread(void *argument)
{
    size_t first = 1000 + *(const size_t *)argument * OBJECTS;
    for (size_t i = 0; i < STEPS; i++) {
        (void)libtrace_track(1, object(first + i % OBJECTS), i % 100);
        if (i % 3 == 0) {
            (void)libtrace_untrack(1, object(first + i * 7 % OBJECTS));
        }
    }
    for (size_t i = 0; i < OBJECTS; i++) {
        (void)libtrace_untrack(1, object(first + i));
    }
    return NULL;
}

static char handlers_object;

/* Comes at any instruction: of the tracer, too. */
static void handle(int signal)
{
    (void)signal;
    (void)libtrace_track(SIGNAL_DOMAIN, &handlers_object, 1000);
    (void)libtrace_untrack(SIGNAL_DOMAIN, &handlers_object);
}

static void set_timer(long microseconds)
{
    const struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    REQUIRE(setitimer(ITIMER_PROF, &timer, NULL) == 0);
}

/* A child has objects of its own, and those from before are none of them. */
static void run_child(size_t number)
{
    REQUIRE(libtrace_untrack(1, object(0)) == 0);
    REQUIRE(current_bytes() == 0);
    REQUIRE(libtrace_track(1, object(1), 5) == 0 && current_bytes() == 5);
    REQUIRE(libtrace_untrack(1, object(1)) == 0 && current_bytes() == 0);
    for (size_t i = 0; i <= number; i++) {
        REQUIRE(libtrace_track(CHILD_DOMAIN, object(i), 10 + number) == 0);
    }
    REQUIRE(current_bytes() == (number + 1) * (10 + number));
    dprintf(STDOUT_FILENO, "%d %zu %zu\n", (int)getpid(), number + 1, (number + 1) * (10 + number));
    _exit(0);
}

static void wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) != child) {
        REQUIRE(errno == EINTR);
    }
    REQUIRE(status == 0);
}

/* Children are made while other threads track and a handler comes: none finds anything locked. */
static void check_threads_and_forks(void)
{
    pthread_t threads[THREADS];
    size_t numbers[THREADS];
    (void)signal(SIGPROF, handle);
    set_timer(1000);
    for (size_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        REQUIRE(pthread_create(&threads[i], NULL, run_thread, &numbers[i]) == 0);
    }
    for (size_t i = 0; i < FORKS; i++) {
        pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            run_child(i);
        }
        wait_for(child);
    }
    for (size_t i = 0; i < THREADS; i++) {
        REQUIRE(pthread_join(threads[i], NULL) == 0);
    }
    set_timer(0);
}

static void print_left(void)
{
    for (size_t domain = 0; domain < DOMAINS; domain++) {
        size_t count = 0;
        size_t bytes = 0;
        for (size_t i = 0; i < OBJECTS; i++) {
            count += sizes[domain][i] != 0;
            bytes += sizes[domain][i] != 0 ? sizes[domain][i] - 1 : 0;
        }
        dprintf(STDOUT_FILENO, "%u %zu %zu\n", domains[domain], count, bytes);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "traced") != 0) {
        check_off();
        return 0;
    }
    check_meaning();
    check_malloc();
    check_sums();
    check_threads_and_forks();
    print_left();
    return 0;
}
