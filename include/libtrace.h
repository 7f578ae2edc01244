/*
 * Talk to libtrace.so from inside a traced program. Header only: the program links nothing, and
 * runs unchanged when libtrace.so is not preloaded (every function is then a test of a null
 * pointer). Modelled on Python's tracemalloc.
 *
 * Context: any thread; all functions are async-signal-safe and leave errno alone.
 */
#ifndef LIBTRACE_H
#define LIBTRACE_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The functions as libtrace.so exports them. Weak: null when it is not loaded. Called through the
 * global offset table (noplt), so that a program linked at a fixed address asks at run time too;
 * clang has no such attribute, so with it the program must be position-independent (the default).
 */
#ifdef __clang__
#define LIBTRACE_WEAK __attribute__((weak, visibility("default")))
#else
#define LIBTRACE_WEAK __attribute__((weak, noplt, visibility("default")))
#endif
LIBTRACE_WEAK int libtrace_api_is_tracing(void);
LIBTRACE_WEAK int libtrace_api_start(void);
LIBTRACE_WEAK void libtrace_api_stop(void);
LIBTRACE_WEAK int libtrace_api_snapshot(const char *name);
#undef LIBTRACE_WEAK

/* Return: 1 while allocations are being recorded, otherwise 0. */
static inline int libtrace_is_tracing(void)
{
    return libtrace_api_is_tracing ? libtrace_api_is_tracing() : 0;
}

/*
 * Begin to record, in a process started with LIBTRACE_START=0 or after libtrace_stop().
 * Return: 0, or -1 when libtrace.so is not loaded or has given up.
 */
static inline int libtrace_start(void)
{
    return libtrace_api_start ? libtrace_api_start() : -1;
}

/* Stop recording. Blocks allocated before remain known, and their frees remain recorded. */
static inline void libtrace_stop(void)
{
    if (libtrace_api_stop) {
        libtrace_api_stop();
    }
}

/*
 * Mark this moment: `trace-report --at NAME` counts the blocks that are live now.
 * @name: at most 255 bytes are kept; NULL is "".
 * Return: 0, or -1 when nothing is being recorded.
 */
static inline int libtrace_snapshot(const char *name)
{
    return libtrace_api_snapshot ? libtrace_api_snapshot(name) : -1;
}

#ifdef __cplusplus
}
#endif

#endif
