/*
 * The rule of a pc that is not in the table yet.
 *
 * A rule is entered for ever, but not that of code which was made at run time and may change. What
 * fits no rule is RULE_IRREGULAR: captures through it are full walks.
 */
#ifndef PRELOAD_UNWIND_LEARN_H
#define PRELOAD_UNWIND_LEARN_H

#include <stdint.h>

#include "unwind.h"

/*
 * Find or learn the rule of @pc, and enter it.
 * Return: it, packed; never 0.
 * Context: async-signal-safe; on the tracer's own stack, under @shared->lock.
 */
uint64_t unwind_learn_locked(struct unwind_shared *shared, uintptr_t pc);

/*
 * The same from any stack.
 * @own_stack_top: of this thread's stack for such work.
 * Context: async-signal-safe; takes @shared->lock.
 */
uint64_t unwind_learn(struct unwind_shared *shared, uintptr_t pc, void *own_stack_top);

#endif
