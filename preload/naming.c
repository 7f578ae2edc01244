/* Stacks and sites that are new, or not the last ones. See naming.h. */
#include "naming.h"

#include "code_map.h"
#include "enter.h"
#include "sys.h"
#include "unwind_memo.h"
#include "writing.h"

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Write down what is called what in a module whose file the reader of the trace may not have. */
static __attribute__((noinline, cold)) void define_names(struct thread_state *state, uint32_t id,
                                                         const struct module *module)
{
    struct module_symbols symbols = module_symbols_of(module);
    struct module_symbol next;
    while (module_symbols_peek(&symbols, &next) &&
           DEFINE(state, define_symbols(&state->definitions, id, &symbols))) {
    }
}

void naming_save_code_map(uintptr_t sp)
{
    int fd = atomic_load(&process.has_code_map) ? code_map_open() : -1;
    struct thread_state *state = fd >= 0 ? enter(sp) : NULL;
    if (state != NULL && !state->is_detached) {
        uint64_t offset = 0;
        size_t bytes = 1;
        while (bytes > 0 &&
               DEFINE(state, define_code_map(&state->definitions, fd, offset, &bytes))) {
            offset += bytes;
        }
    }
    if (state != NULL) {
        leave(state);
    }
    if (fd >= 0) {
        (void)sys_close(fd);
    }
}

/* Make the stack that adds a frame to @parent. Return: its id, defined in the file; or STACK_NONE.
 */
static __attribute__((noinline)) uint32_t add_stack(struct thread_state *state, uint32_t parent,
                                                    const struct unwind_memo_frame *frame)
{
    struct stack_table *table = &process.stacks;
    if (state->is_detached) {
        return STACK_NONE; /* its definition would not be in the file */
    }
    const uint32_t number = rule_module(frame->rule);
    if (number != 0) {
        struct module *module = modules_get(number);
        if (!atomic_load_explicit(&module->is_defined, memory_order_acquire)) {
            if (!DEFINE(state, define_module(&state->definitions, number, module))) {
                return STACK_NONE;
            }
            if (module->is_fleeting) {
                define_names(state, number, module);
            }
            atomic_store_explicit(&module->is_defined, true, memory_order_release);
        }
    } else {
        atomic_store_explicit(&process.has_code_map, true, memory_order_relaxed);
    }
    uint32_t id = stack_table_create(table, parent, number, frame->frame.pc);
    if (id == STACK_NONE ||
        !DEFINE(state, define_stack(&state->definitions, id, stack_table_node(table, id)))) {
        return STACK_NONE;
    }
    return stack_table_publish(table, id);
}

/* Return: the id of the stack that adds a frame to @parent, defined in the file; or STACK_NONE. */
static inline uint32_t intern_frame(struct thread_state *state, uint32_t parent,
                                    const struct unwind_memo_frame *frame)
{
    uint32_t id =
        stack_table_find_next(&process.stacks, parent, rule_module(frame->rule), frame->frame.pc);
    if (LIKELY(id != 0)) {
        return id;
    }
    uint64_t key = (frame->frame.pc ^ (uint64_t)parent << 32) * 0x9e3779b97f4a7c15u;
    struct cached_stack *cached = &state->stack_cache[key >> (64 - THREAD_STACK_CACHE_BITS)];
    if (LIKELY(cached->address == frame->frame.pc && cached->parent == parent && cached->id != 0)) {
        return cached->id;
    }
    id = stack_table_find(&process.stacks, parent, rule_module(frame->rule), frame->frame.pc);
    if (UNLIKELY(id == 0)) {
        id = add_stack(state, parent, frame);
    }
    if (LIKELY(id != STACK_NONE)) {
        state->has_cached_stacks = true;
        *cached = (struct cached_stack){frame->frame.pc, parent, id};
    }
    return id;
}

void naming_renew(struct thread_state *state, uint32_t generation)
{
    uint64_t gate_state = atomic_load(&gate.state);
    uint32_t clears = atomic_load(&process.clears);
    thread_state_forget(state);
    if (clears != state->clears) {
        site_table_clear(&state->sites);
        state->clears = clears;
    }
    state->generation = generation;
    process_settle(state, gate_state);
}

uint32_t naming_find_changed_stack(struct thread_state *state, const struct frame *caller)
{
    struct unwinder *unwinder = &state->unwinder;
    struct unwind_stack stack;
    unwind_capture(unwinder, &process.unwind, caller, &stack);
    if (LIKELY(stack.known != 0)) {
        return stack.known;
    }
    uint32_t id = stack.reused > 0 ? unwinder->memo[stack.reused - 1].id : stack.root;
    for (size_t i = stack.reused; i < stack.count; i++) {
        id = intern_frame(state, id, &unwinder->memo[i]);
        if (UNLIKELY(id == STACK_NONE)) {
            unwind_memo_drop(unwinder); /* its frames have no ids */
            return STACK_NONE;
        }
        unwinder->memo[i].id = id;
    }
    unwind_keep(unwinder, &process.unwind, &stack, id);
    return id;
}

uint32_t naming_add_site(struct thread_state *state, uint32_t stack, size_t size)
{
    uint32_t site = state->is_detached ? 0 : site_directory_add(&process.sites, stack, size);
    if ((state->sites.used & (state->sites.used - 1)) == 0) { /* now and then, and early */
        writing_refresh_name(state);
    }
    if (site == 0 || !DEFINE(state, define_site(&state->definitions, site, stack, size)) ||
        !site_table_insert(&state->sites, stack, size, site)) {
        return 0;
    }
    return site;
}
