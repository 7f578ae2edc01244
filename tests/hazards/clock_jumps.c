/*
 * The monotonic clock jumps, a hundred days ahead and back to before the start: the program moves
 * into other time namespaces, which needs root and no other thread. Defence: a tick is never less
 * than the last one of its thread, and never more than 32 bits hold (clock_tick() in clock.h).
 * Without it: ticks of 32 bits went round, 7,243 of 12,012 blocks were seen, two pieces of the
 * trace were found damaged.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "seen.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* Shift the clock of this process by @seconds from what it is outside. */
static void jump(int first_namespace, long seconds)
{
    char line[64];
    need(setns(first_namespace, CLONE_NEWTIME) == 0, "setns to the first");
    need(unshare(CLONE_NEWTIME) == 0, "unshare");
    int offsets = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    int length = snprintf(line, sizeof line, "monotonic %ld 0", seconds);
    need(write(offsets, line, (size_t)length) == length, "offsets");
    close(offsets);
    int space = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
    need(space >= 0 && setns(space, CLONE_NEWTIME) == 0, "setns");
    close(space);
}

int main(void)
{
    static const long jumps[] = {0, 8640000, -30, 3600, -60, 0};
    struct timespec before;
    struct timespec after;
    int first = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        void *old = marked();
        clock_gettime(CLOCK_MONOTONIC, &before);
        jump(first, jumps[i]);
        clock_gettime(CLOCK_MONOTONIC, &after);
        say("the clock went %s\n", after.tv_sec > before.tv_sec + 10   ? "ahead"
                                   : after.tv_sec < before.tv_sec - 10 ? "back"
                                                                       : "on");
        free(old);
        marked_churn(2000);
        fill_windows(3000);
        (void)marked();
    }
    say_marked();
    say("live %zu\n", sizeof jumps / sizeof jumps[0]);
    return 0;
}
