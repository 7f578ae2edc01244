/*
 * The exported functions: the real call, and a word to the tracer.
 *
 * Order: an allocation is told after the real call, a free before it, a reallocation both before
 * and after (tracer.c says why). errno is left exactly as the real call left it: the tracer makes
 * its system calls without libc.
 *
 * Before the real functions are known, blocks come from bootstrap.c. Such a block may be freed or
 * reallocated at any later time, and must never reach the real allocator.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap.h"
#include "real.h"
#include "tracer.h"

#define EXPORT __attribute__((visibility("default")))
/* The two that matter: with the tracer's part of the event in them, at link time, so that the
 * caller's registers need not be handed on and nothing is saved twice. */
#define EVENT EXPORT __attribute__((flatten))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#define X(type, name, parameters) EXPORT type name parameters;
#include "hooked.h"
#undef X

/* Is it too early for the real allocator? */
static inline bool is_early(void)
{
    return UNLIKELY(real.malloc == NULL) && !tracer_find_allocator();
}

/* What to ask the real allocator for; tracer_least_size() says why. */
static inline size_t at_least(size_t size)
{
    return UNLIKELY(size < 9) && size < tracer_least_size() ? tracer_least_size() : size;
}

/*
 * What malloc() calls once there is nothing to be asked before: NULL until then. No address is in
 * it from the start, for resolvers of IFUNCs call malloc() before our relocations are made.
 */
static void *(*_Atomic next_malloc)(size_t);

static void *malloc_of_least_size(size_t size)
{
    return real.malloc(at_least(size));
}

static __attribute__((noinline, cold)) void *ask_and_allocate(size_t size,
                                                              const struct frame *caller)
{
    if (is_early()) {
        return bootstrap_allocate(1, size);
    }
    if (tracer_has_started()) {
        void *(*next)(size_t) = tracer_least_size() == 0 ? real.malloc : malloc_of_least_size;
        atomic_store_explicit(&next_malloc, next, memory_order_relaxed);
    }
    void *block = real.malloc(at_least(size));
    return LIKELY(block != NULL) ? tracer_hand_out(block, size, *caller) : NULL;
}

EVENT void *malloc(size_t size)
{
    void *(*const next)(size_t) = atomic_load_explicit(&next_malloc, memory_order_relaxed);
    if (UNLIKELY(next == NULL)) {
        return ask_and_allocate(size, CALLER());
    }
    void *block = next(size);
    return LIKELY(block != NULL) ? tracer_hand_out(block, size, *CALLER()) : NULL;
}

EXPORT void *calloc(size_t count, size_t size)
{
    size_t bytes = 0;
    bool is_too_large = __builtin_mul_overflow(count, size, &bytes);
    if (is_early()) {
        return is_too_large ? NULL : bootstrap_allocate(1, bytes);
    }
    void *block = UNLIKELY(bytes < 9 && !is_too_large) ? real.calloc(1, at_least(bytes))
                                                       : real.calloc(count, size);
    return LIKELY(block != NULL) ? tracer_hand_out(block, bytes, *CALLER()) : NULL;
}

/* A block from the bootstrap arena moves to the real allocator; the old one is left where it is. */
static void *move_from_bootstrap(void *old_block, size_t size)
{
    size_t old_size = bootstrap_size(old_block);
    void *block = is_early() ? bootstrap_allocate(1, size) : real.malloc(at_least(size));
    if (block != NULL) {
        memcpy(block, old_block, old_size < size ? old_size : size);
    }
    return block;
}

/* realloc() and reallocarray() of NULL: an allocation. */
static inline void *allocate_by_realloc(size_t size, const struct frame *caller)
{
    if (is_early()) {
        return bootstrap_allocate(1, size);
    }
    void *block = real.realloc(NULL, at_least(size));
    return LIKELY(block != NULL) ? tracer_hand_out(block, size, *caller) : NULL;
}

/* What realloc() and reallocarray() have in common. */
static inline void *reallocate(void *old_block, size_t size, const struct frame *caller)
{
    if (old_block == NULL) {
        return allocate_by_realloc(size, caller);
    }
    if (UNLIKELY(bootstrap_owns(old_block))) {
        void *moved = move_from_bootstrap(old_block, size);
        if (moved != NULL && !is_early()) {
            tracer_allocated(moved, size, caller);
        }
        return moved;
    }
    live_entry entry = tracer_reallocating(old_block, caller->sp);
    /* where realloc(p, 0) frees, it must stay so */
    bool is_free = size == 0 && !real_keeps_empty_blocks();
    void *block = real.realloc(old_block, is_free ? 0 : at_least(size));
    tracer_reallocated(old_block, entry, block, size, caller);
    return block;
}

EXPORT void *realloc(void *old_block, size_t size)
{
    return reallocate(old_block, size, CALLER());
}

EXPORT void *reallocarray(void *old_block, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM; /* as reallocarray(3) says */
        return NULL;
    }
    return reallocate(old_block, bytes, CALLER());
}

/* Return: true if the real function must be called. */
static inline bool prepare_free(void *block, const struct frame *caller)
{
    if (UNLIKELY(block == NULL || bootstrap_owns(block) || real.malloc == NULL)) {
        return block == NULL && real.malloc != NULL;
    }
    tracer_freeing(block, caller);
    return true;
}

static __attribute__((noinline)) void free_anyhow(void *block, uintptr_t pc, uintptr_t sp,
                                                  uintptr_t bp)
{
    const struct frame caller = {.pc = pc, .sp = sp, .bp = bp};
    if (prepare_free(block, &caller)) {
        real.free(block);
    }
}

EVENT void free(void *block)
{
    /* NULL: nothing of the tracer is there yet */
    if (LIKELY(real.free != NULL) && LIKELY(tracer_take_back(block, CALLER_SP()))) {
        real.free(block);
        return;
    }
    const struct frame *caller = CALLER();
    free_anyhow(block, caller->pc, caller->sp, caller->bp);
}

EXPORT void cfree(void *block)
{
    if (prepare_free(block, CALLER())) {
        real.cfree(block);
    }
}

EXPORT void free_sized(void *block, size_t size)
{
    if (prepare_free(block, CALLER())) {
        real.free_sized(block, at_least(size));
    }
}

EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
    if (prepare_free(block, CALLER())) {
        real.free_aligned_sized(block, alignment, at_least(size));
    }
}

EXPORT int posix_memalign(void **ret_block, size_t alignment, size_t size)
{
    if (is_early() || real.posix_memalign == NULL) {
        return ENOMEM;
    }
    int result = real.posix_memalign(ret_block, alignment, at_least(size));
    if (LIKELY(result == 0) && *ret_block != NULL) {
        tracer_allocated(*ret_block, size, CALLER());
    }
    return result;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    if (is_early() || real.aligned_alloc == NULL) {
        return bootstrap_allocate(alignment, size);
    }
    void *block = real.aligned_alloc(alignment, at_least(size));
    return LIKELY(block != NULL) ? tracer_hand_out(block, size, *CALLER()) : NULL;
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    if (is_early() || real.memalign == NULL) {
        return bootstrap_allocate(alignment, size);
    }
    void *block = real.memalign(alignment, at_least(size));
    return LIKELY(block != NULL) ? tracer_hand_out(block, size, *CALLER()) : NULL;
}

EXPORT void *valloc(size_t size)
{
    if (is_early() || real.valloc == NULL) {
        return bootstrap_allocate((size_t)getpagesize(), size);
    }
    void *block = real.valloc(at_least(size));
    return LIKELY(block != NULL) ? tracer_hand_out(block, size, *CALLER()) : NULL;
}

EXPORT void *pvalloc(size_t size)
{
    if (is_early() || real.pvalloc == NULL) {
        size_t page = (size_t)getpagesize();
        return bootstrap_allocate(page, (size + page - 1) & ~(page - 1));
    }
    void *block = real.pvalloc(at_least(size));
    return LIKELY(block != NULL) ? tracer_hand_out(block, size, *CALLER()) : NULL;
}

EXPORT size_t malloc_usable_size(void *block)
{
    if (UNLIKELY(block != NULL && bootstrap_owns(block))) {
        return bootstrap_size(block);
    }
    return is_early() || real.malloc_usable_size == NULL ? 0 : real.malloc_usable_size(block);
}

EXPORT int dlclose(void *handle)
{
    if (is_early()) {
        return -1;
    }
    int result = real.dlclose(handle);
    tracer_code_unloaded();
    return result;
}
