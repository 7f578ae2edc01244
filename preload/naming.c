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

/* Let the file say what module number @id is. Return: false if it has no room. */
static __attribute__((noinline, cold)) bool add_module(struct thread_state *state, uint32_t id,
                                                       struct module *module)
{
    if (!DEFINE(state, define_module(&state->definitions, id, module))) {
        return false;
    }
    if (module->is_fleeting) {
        define_names(state, id, module);
    }
    atomic_store_explicit(&module->is_defined, true, memory_order_release);
    return true;
}

/* Return: true if the file defines the module of a frame, or now does; or there is none. */
static inline bool is_module_defined(struct thread_state *state, uint32_t id)
{
    if (UNLIKELY(id == 0)) {
        atomic_store_explicit(&process.has_code_map, true, memory_order_relaxed);
        return true;
    }
    struct module *module = modules_get(id);
    return LIKELY(atomic_load_explicit(&module->is_defined, memory_order_acquire)) ||
           add_module(state, id, module);
}

static bool define_branch(struct thread_state *state, const struct stack_branch *branch)
{
    for (size_t done = 0; done < branch->count;) {
        size_t more = define_stacks(&state->definitions, branch->first + (uint32_t)done,
                                    branch->nodes + done, branch->count - done);
        if (UNLIKELY(more == 0) && !writing_make_definition_room(state)) {
            return false;
        }
        done += more;
    }
    return true;
}

/* Return: the id of the stack that adds a frame to @parent; 0 if there is none yet. */
static inline uint32_t find_stack(uint32_t parent, const struct unwind_memo_frame *frame)
{
    const uintptr_t address = frame->frame.pc;
    const uint32_t module = rule_module(frame->rule);
    const uint32_t id = stack_table_find_next(&process.stacks, parent, module, address);
    return LIKELY(id != 0) ? id : stack_table_find(&process.stacks, parent, module, address);
}

/*
 * Make the stacks that add one frame after the other to @parent, define them in the file, and set
 * the ids of the frames.
 * Return: of how many, at most @count; 0 if that is not possible.
 */
static __attribute__((noinline)) size_t add_stacks(struct thread_state *state, uint32_t parent,
                                                   struct unwind_memo_frame *frames, size_t count)
{
    if (state->is_detached) {
        return 0; /* their definitions would not be in the file */
    }
    const struct stack_branch branch = stack_table_make_branch(&process.stacks, count);
    for (uint32_t i = 0; i < branch.count; i++) {
        const uint32_t module = rule_module(frames[i].rule);
        if (UNLIKELY(!is_module_defined(state, module))) {
            return 0;
        }
        stack_branch_put(&branch, i, parent, module, frames[i].frame.pc);
        frames[i].id = branch.first + i;
    }
    if (branch.count == 0 || UNLIKELY(!define_branch(state, &branch))) {
        return 0;
    }
    frames->id = stack_table_publish_branch(&process.stacks, &branch);
    return LIKELY(frames->id == branch.first) ? branch.count : 1;
}

/*
 * Set the ids of frames that come one after the other above @parent.
 * Return: the last one's; or STACK_NONE.
 */
static inline uint32_t name_frames(struct thread_state *state, uint32_t parent,
                                   struct unwind_memo_frame *frame,
                                   const struct unwind_memo_frame *end)
{
    while (frame < end) {
        const uint32_t known = find_stack(parent, frame);
        if (LIKELY(known != 0)) {
            frame->id = parent = known;
            frame++;
            continue;
        }
        const size_t added = add_stacks(state, parent, frame, (size_t)(end - frame));
        if (UNLIKELY(added == 0)) {
            return STACK_NONE;
        }
        frame += added;
        parent = frame[-1].id;
    }
    return parent;
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
    state->again_size = NO_SIZE; /* the leaf will be another */
    unwind_capture(unwinder, &process.unwind, caller, &stack);
    if (LIKELY(stack.known != 0)) {
        return stack.known;
    }
    struct unwind_memo_frame *const first = &unwinder->memo[stack.reused];
    uint32_t id = stack.reused > 0 ? first[-1].id : stack.root;
    id = name_frames(state, id, first, &unwinder->memo[stack.count]);
    if (UNLIKELY(id == STACK_NONE)) {
        unwind_memo_drop(unwinder); /* its frames have no ids */
        return STACK_NONE;
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
