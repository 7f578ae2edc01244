/*
 * What programs may call: include/libtrace.h has the contract. And the snapshot signal, which is
 * the same for programs that cannot be changed.
 */
#include "libtrace.h"

#include <signal.h>
#include <stddef.h>

#include "tracer.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int libtrace_api_is_tracing(void)
{
    return tracer_is_recording();
}

EXPORT int libtrace_api_start(void)
{
    return tracer_set_recording(true) ? 0 : -1;
}

EXPORT void libtrace_api_stop(void)
{
    (void)tracer_set_recording(false);
}

EXPORT int libtrace_api_snapshot(const char *name)
{
    return tracer_snapshot(name, (uintptr_t)__builtin_frame_address(0) + 2 * sizeof(uintptr_t))
               ? 0
               : -1;
}

static void take_snapshot(int signal)
{
    (void)signal;
    (void)tracer_snapshot("signal", (uintptr_t)__builtin_frame_address(0) + 2 * sizeof(uintptr_t));
}

void tracer_snapshot_at(int signal)
{
    struct sigaction action = {.sa_handler = take_snapshot, .sa_flags = SA_RESTART | SA_ONSTACK};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(signal, &action, NULL);
}
