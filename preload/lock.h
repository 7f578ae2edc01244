/*
 * A lock for the slow path (learning, full walks). It is a leaf: whoever holds it has all signals
 * blocked and calls neither the allocator nor the loader, so it is always released soon.
 */
#ifndef PRELOAD_LOCK_H
#define PRELOAD_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "sys.h"

struct lock {
    _Atomic uint32_t state; /* 0 free, 1 held, 2 held and somebody may be waiting */
};

/* Source: Drepper, "Futexes Are Tricky", mutex 2. */
static inline void lock_acquire(struct lock *lock)
{
    uint32_t state = 0;
    if (atomic_compare_exchange_strong(&lock->state, &state, 1)) {
        return;
    }
    while (atomic_exchange(&lock->state, 2) != 0) {
        (void)sys_futex((uint32_t *)&lock->state, FUTEX_WAIT_PRIVATE, 2);
    }
}

static inline void lock_release(struct lock *lock)
{
    if (atomic_exchange(&lock->state, 0) == 2) {
        (void)sys_futex((uint32_t *)&lock->state, FUTEX_WAKE_PRIVATE, 1);
    }
}

#endif
