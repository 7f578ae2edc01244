/* Scenes of signal handlers that interrupt the tracer, and of hooks that were left. */
#include "scene.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "process.h"
#include "tracer.h"

#define HANDLED_MIN 200

/* As if a hook were recording that a handler has interrupted: it returns to what @slot says. */
static void make_busy(struct thread_state *state, const uintptr_t *slot)
{
    state->use = (struct thread_use){(uintptr_t)(slot + 1) | THREAD_RECORDING, *slot};
}

static void scene_nested(void)
{
    static uintptr_t slots[] = {0x1234567890, 0x9876543210}; /* of other stacks than ours */
    allocate(1, 100);
    struct thread_state *state = thread_self;
    make_busy(state, &slots[0]);
    allocate(2, 200);
    REQUIRE(state->nested != NULL);
    make_busy(state->nested, &slots[1]);
    allocate(3, 300);
    thread_set_busy(state->nested, THREAD_IDLE);
    thread_set_busy(state, THREAD_IDLE);
    allocate(4, 400);
    release(2);
}

/* A handler has left the tracer with longjmp(): the hook that is recording no longer runs. */
static __attribute__((noinline)) void allocate_deeper(void)
{
    char room[4096];
    __asm__ volatile("" : : "r"(room) : "memory");
    allocate(1, 100);
    __asm__ volatile("" : : "r"(room) : "memory");
}

static void scene_stale(void)
{
    allocate_deeper();
    thread_set_busy(thread_self, THREAD_RECORDING);
    allocate(2, 200);
    REQUIRE(thread_self->nested == NULL);
    release(2);
}

/* So does one whose stack is used for something else, or is gone. */
static void scene_stale_elsewhere(void)
{
    const size_t page = 4096;
    uintptr_t *slot = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(slot != MAP_FAILED);
    slot[7] = 0x1234567890;
    allocate(1, 100);
    make_busy(thread_self, &slot[7]);
    slot[7]++;
    allocate(2, 200);
    make_busy(thread_self, &slot[7]);
    REQUIRE(munmap(slot, page) == 0);
    allocate(3, 300);
    REQUIRE(thread_self->nested == NULL);
}

/* A handler may leave a record just before its end is told; whoever reads the trace never sees it.
 */
static void scene_stale_record(void)
{
    static const uint8_t half[] = {TRACE_DEF_SITE, 0x80};
    allocate(1, 100);
    memcpy(window_place(&thread_self->definitions.window), half, sizeof half);
    memcpy(window_place(&thread_self->events), half, sizeof half);
    thread_set_busy(thread_self, THREAD_RECORDING);
    thread_self->use.pc++; /* no longer in its slot */
    allocate(2, 200);
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

const struct scene scenes_of_handlers[] = {
    {"nested", scene_nested},
    {"stale", scene_stale},
    {"stale_elsewhere", scene_stale_elsewhere},
    {"stale_record", scene_stale_record},
    {"handler", scene_handler},
    {0},
};
