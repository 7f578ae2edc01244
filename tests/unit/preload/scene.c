/* See scene.h. */
#include "scene.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libtrace.h"
#include "process.h"
#include "tracer.h"

#define HOOK __attribute__((noinline))
#define ODD_ERRNO 4321 /* no function gives it */

void scene_fail(const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: not as required\n", file, line);
    _exit(99);
}

void *block(unsigned i)
{
    return (void *)(UINT64_C(0x2a0000000000) + (uintptr_t)i * 64); // NOLINT(*-no-int-to-ptr)
}

HOOK void allocate_at(void *at, size_t size)
{
    errno = ODD_ERRNO;
    tracer_allocated(at, size, CALLER());
    REQUIRE(errno == ODD_ERRNO);
}

HOOK void allocate(unsigned i, size_t size)
{
    errno = ODD_ERRNO;
    REQUIRE(tracer_hand_out(block(i), size, *CALLER()) == block(i));
    REQUIRE(errno == ODD_ERRNO);
}

HOOK void release(unsigned i)
{
    errno = ODD_ERRNO;
    if (!tracer_take_back(block(i), CALLER_SP())) {
        tracer_freeing(block(i), CALLER());
    }
    REQUIRE(errno == ODD_ERRNO);
}

HOOK void reallocate(unsigned i, void *result, size_t size)
{
    errno = ODD_ERRNO;
    live_entry entry = tracer_reallocating(block(i), CALLER_SP());
    const struct moving_block *moving = &thread_self->moving;
    REQUIRE(moving->address == (entry != 0 ? (uintptr_t)block(i) : 0));
    REQUIRE(entry == 0 || moving->entry == entry);
    tracer_reallocated(block(i), entry, result, size, CALLER());
    REQUIRE(moving->address == 0 && errno == ODD_ERRNO);
}

HOOK void require_memory(size_t current, size_t peak)
{
    size_t seen[2] = {SIZE_MAX, SIZE_MAX};
    errno = ODD_ERRNO;
    libtrace_get_traced_memory(&seen[0], &seen[1]);
    REQUIRE(errno == ODD_ERRNO && seen[0] == current && seen[1] == peak);
}

void in_child(void (*life)(void))
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

void live_as_child(void)
{
    release(1);
    allocate(2, 200);
    release(2);
    allocate(3, 300);
    reallocate(4, block(5), 500); /* a block of the parent's becomes ours */
}
