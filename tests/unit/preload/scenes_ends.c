/* Scenes of the start and the end of a process. */
#include "scene.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "process.h"
#include "tracer.h"

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

const struct scene scenes_of_ends[] = {
    {"nothing", scene_nothing},
    {"environment", scene_environment},
    {"untraced", scene_untraced},
    {"quick", scene_quick},
    {"exec", scene_exec},
    {"exec_failed", scene_exec_failed},
    {"killed", scene_killed},
    {"stop", scene_stop},
    {0},
};
