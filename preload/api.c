/*
 * What programs may call: include/libtrace.h has the contract. And the signals for snapshots
 * and heap pictures, which are the same for programs that cannot be changed.
 */
#include "libtrace.h"

#include <signal.h>
#include <stddef.h>

#include "memory.h"
#include "tracer.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int libtrace_api_is_tracing(void)
{
    return tracer_is_recording();
}

EXPORT int libtrace_api_start(void)
{
    if (tracer_is_recording()) {
        return 0;
    }
    return tracer_clear(CALLER_SP()) && tracer_set_recording(true) ? 0 : -1;
}

EXPORT void libtrace_api_stop(void)
{
    (void)tracer_set_recording(false);
}

EXPORT int libtrace_api_snapshot(const char *name)
{
    return tracer_snapshot(name, CALLER_SP()) ? 0 : -1;
}

EXPORT void libtrace_api_clear_traces(void)
{
    if (tracer_is_recording()) {
        (void)tracer_clear(CALLER_SP());
    }
}

EXPORT void libtrace_api_get_traced_memory(size_t *current, size_t *peak)
{
    struct traced_memory traced = tracer_traced_memory(false);
    if (current != NULL) {
        *current = traced.current;
    }
    if (peak != NULL) {
        *peak = traced.peak;
    }
}

EXPORT void libtrace_api_reset_peak(void)
{
    (void)tracer_traced_memory(true);
}

EXPORT int libtrace_api_get_object_traceback(const void *block, void **frames, int max)
{
    return tracer_traceback((uintptr_t)block, frames, max);
}

EXPORT size_t libtrace_api_get_tracer_memory(void)
{
    return tracer_is_recording() ? memory_resident_bytes() : 0;
}

EXPORT int libtrace_api_track(unsigned int domain, const void *pointer, size_t size)
{
    return tracer_track(domain, (void *)pointer, size, CALLER());
}

EXPORT int libtrace_api_untrack(unsigned int domain, const void *pointer)
{
    return tracer_untrack(domain, (void *)pointer, CALLER());
}

EXPORT int libtrace_api_heap_picture(const char *name)
{
    return tracer_heap_picture(name, true) ? 0 : -1;
}

static void take_snapshot(int signal)
{
    (void)signal;
    (void)tracer_snapshot("signal", CALLER_SP());
}

static void take_picture(int signal)
{
    (void)signal;
    (void)tracer_heap_picture("signal", false);
}

static void call_at(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(signal, &action, NULL);
}

void tracer_snapshot_at(int signal)
{
    call_at(signal, take_snapshot);
}

void tracer_picture_at(int signal)
{
    call_at(signal, take_picture);
}
