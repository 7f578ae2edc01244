/*
 * How a pc gets its rule: once for each pc of the process. See unwind_learn.h.
 *
 * Most are read off the unwind tables where they are (call_frames.h): without a lock, on the stack
 * that the thread is on. For what is not usual there, and for the first pc of a module, libunwind
 * steps an imaginary frame, and what it reads tells the rule (unwind_rules.h).
 */
#include "unwind_learn.h"

#include "call_frames.h"
#include "modules.h"
#include "own_stack.h"

/* Return: the rule of @pc, packed and entered; or 0: libunwind is to be asked. */
static uint64_t learn_from_table(struct unwind_shared *shared, uintptr_t pc)
{
    struct dl_find_object object;
    struct rule rule;
    if (_dl_find_object((void *)(pc - 1), &object) != 0 ||
        !call_frames_read_rule(&object, pc - 1, &rule)) {
        return 0;
    }
    rule.module = modules_find_entered(&object);
    const uint64_t packed = rule.module != 0 ? rule_pack(&rule) : 0;
    if (packed != 0) {
        rule_table_put(&shared->rules, pc, packed);
    }
    return packed;
}

/* Return: the rule of @pc, packed; entered, but for code made at run time. Under the lock. */
static uint64_t learn_from_libunwind(struct unwind_shared *shared, uintptr_t pc)
{
    struct probe probe;
    struct rule rule = {.kind = RULE_IRREGULAR};
    if (libunwind_is_outside(pc)) {
        return rule_pack(&RULE_OF_GUESS(0)); /* not entered: code made at run time may change */
    }
    uint32_t module = modules_find(pc - 1);
    if (module == 0) {
        return rule_pack(&rule);
    }
    if (libunwind_probe(pc, &probe)) {
        rule = rule_from_probe(&probe);
    } else if (probe.is_unknown) {
        rule = RULE_OF_GUESS(0);
    }
    rule.module = module;
    uint64_t packed = rule_pack(&rule);
    if (packed == 0) {
        packed = rule_pack(&(struct rule){.kind = RULE_IRREGULAR, .module = module});
    }
    rule_table_put(&shared->rules, pc, packed);
    return packed;
}

uint64_t unwind_learn_locked(struct unwind_shared *shared, uintptr_t pc)
{
    uint64_t packed = rule_table_find(&shared->rules, pc);
    packed = packed == 0 ? learn_from_table(shared, pc) : packed;
    return packed == 0 ? learn_from_libunwind(shared, pc) : packed;
}

struct learn_task {
    struct unwind_shared *shared;
    uintptr_t pc;
    uint64_t packed;
};

static void learn_on_own_stack(void *argument)
{
    struct learn_task *task = argument;
    lock_acquire(&task->shared->lock);
    task->packed = rule_table_find(&task->shared->rules, task->pc); /* by another thread since */
    if (task->packed == 0) {
        task->packed = learn_from_libunwind(task->shared, task->pc);
    }
    lock_release(&task->shared->lock);
}

__attribute__((noinline, cold)) uint64_t unwind_learn(struct unwind_shared *shared, uintptr_t pc,
                                                      void *own_stack_top)
{
    struct learn_task task = {.shared = shared, .pc = pc, .packed = learn_from_table(shared, pc)};
    if (task.packed != 0) {
        return task.packed;
    }
    if (libunwind_is_outside(pc)) {
        return rule_pack(&RULE_OF_GUESS(0)); /* without a lock: as often as the program allocates */
    }
    own_stack_call(learn_on_own_stack, &task, own_stack_top);
    return task.packed;
}
