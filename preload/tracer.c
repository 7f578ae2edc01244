/*
 * An event's way through the tracer. Start reading here.
 *
 *     hook -> enter -> unwind -> stack table -> site table -> live map -> encoder -> window
 *
 * Order is the invariant (docs/format.md, 5). An allocation is recorded after the real call
 * returned it; a free before the real call is made; a reallocation takes the old entry out of the
 * live map before the call, and is recorded after it.
 *
 * enter() and leave() (enter.h) bracket all work on a thread's state. When in doubt an event is
 * dropped and counted, and the program goes on.
 *
 * The life of the process is elsewhere: start.c, threads.c, fork.c, and its ends in process.c.
 */
#include "tracer.h"

#include <string.h>

#include "block_records.h"
#include "bootstrap.h"
#include "code_map.h"
#include "enter.h"
#include "process.h"
#include "sys.h"
#include "unwind_memo.h"
#include "writing.h"
#ifdef TRACE_VERIFY
#include "verify.h"
#endif

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
/* What an event consists of. Left to itself the compiler makes calls of some stages, and saves and
 * restores more registers than they use. */
#define STAGE static inline __attribute__((always_inline))

/* --- naming --- */

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

void tracer_save_code_map(uintptr_t sp)
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
STAGE uint32_t intern_frame(struct thread_state *state, uint32_t parent,
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

/* Code has been unloaded, or everything that was recorded so far counts no more. */
static __attribute__((noinline, cold)) void renew_caches(struct thread_state *state,
                                                         uint32_t generation)
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

/* find_stack() for a stack that is not the last one. */
static __attribute__((noinline)) uint32_t find_changed_stack(struct thread_state *state,
                                                             const struct frame *caller)
{
    struct unwinder *unwinder = &state->unwinder;
    struct unwind_stack stack;
    unwind_capture(unwinder, &process.unwind, caller, state->generation, &stack);
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

/* Return: the id of the stack of @caller, or STACK_NONE. */
STAGE uint32_t find_stack(struct thread_state *state, const struct frame *caller)
{
    struct unwinder *unwinder = &state->unwinder;
    const uint32_t generation = atomic_load_explicit(&gate.generation, memory_order_relaxed);
    if (UNLIKELY(generation != state->generation)) {
        renew_caches(state, generation);
    }
    const struct unwind_memo_frame *leaf = unwind_find_unchanged(unwinder, caller);
    uint32_t stack = LIKELY(leaf != NULL) ? leaf->id : find_changed_stack(state, caller);
#ifdef TRACE_VERIFY
    verify_stack(stack);
#endif
    return stack;
}

static __attribute__((noinline)) uint32_t add_site(struct thread_state *state, uint32_t stack,
                                                   size_t size)
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

/* Return: the site of an allocation, defined in the file; or 0. */
STAGE uint32_t find_site(struct thread_state *state, uint32_t stack, size_t size)
{
    if (LIKELY(stack == state->last_stack && size == state->last_size)) {
        return state->last_site;
    }
    if (stack == STACK_NONE) {
        return 0;
    }
    struct unwind_segment *segment =
        stack != state->last_stack ? unwind_segments_last(&state->unwinder.segments, stack) : NULL;
    uint32_t site = segment != NULL && segment->size == size ? segment->site : 0;
    if (site == 0) {
        site = site_table_find(&state->sites, stack, size);
        if (UNLIKELY(site == 0)) {
            site = add_site(state, stack, size);
        }
        if (segment != NULL) {
            segment->size = size;
            segment->site = site;
        }
    }
    if (LIKELY(site != 0)) {
        state->last_stack = stack;
        state->last_size = size;
        state->last_site = site;
    }
    return site;
}

/* --- events --- */

/* An entry that is still there when the address is handed out again: freed behind our back. */
static __attribute__((noinline, cold)) uint8_t *encode_implied(const struct thread_state *state,
                                                               uint8_t *to, live_entry entry)
{
    if (block_is_inherited(entry)) {
        return encode_inherited_block(to, entry);
    }
    return encode_implied_free(to, live_entry_site(entry), block_age(state, entry));
}

/*
 * Enter a new block and record it; with @old_entry the record is that of a reallocation.
 * Without a site, an entry or room for the record the event is lost, and counted.
 */
STAGE void record_birth(struct thread_state *state, void *block, uint32_t site,
                        live_entry old_entry)
{
    uintptr_t address = (uintptr_t)block;
    if (UNLIKELY(site == 0)) {
        process_count(TRACE_LOST_MEMORY);
        return;
    }
    _Atomic live_entry *place = live_map_find(&process.live, address);
    if (UNLIKELY(place == NULL)) {
        place = live_map_grow(&process.live, address, &state->front);
        if (place == NULL) {
            process_count(TRACE_LOST_ADDRESS);
            return;
        }
    }
    uint8_t *to = writing_begin(state, ENCODER_EVENT_BYTES);
    if (UNLIKELY(to == NULL)) {
        return;
    }
    if (UNLIKELY(live_front_is_near(&state->front, place))) {
        live_front_advance(&state->front);
    }
    live_entry left = live_map_put(place, live_entry_make(site, state->tick));
    if (UNLIKELY(left != 0)) {
        to = encode_implied(state, to, left);
    }
    writing_end(state, encode_block_begin(to, state, site, old_entry));
}

STAGE void record_death(struct thread_state *state, live_entry entry)
{
    uint8_t *to = writing_begin(state, ENCODER_EVENT_BYTES);
    if (UNLIKELY(to == NULL)) {
        return;
    }
    writing_end(state, encode_block_end(to, state, entry));
}

void tracer_record_end(struct thread_state *state, live_entry entry, const struct frame *caller)
{
    if (!process.config.notes_frees) {
        record_death(state, entry);
        return;
    }
    uint32_t stack = find_stack(state, caller);
    if (stack == STACK_NONE) {
        process_count(TRACE_LOST_FREERS);
        stack = TRACE_STACK_WHOLE; /* nobody */
    }
    uint8_t *to = writing_begin(state, ENCODER_EVENT_BYTES);
    if (to != NULL) {
        const struct freer freer = {stack, state->events.chunk->sequence, true};
        const struct freer *known = &state->freer;
        if (!known->is_known || known->stack != stack || known->sequence != freer.sequence) {
            to = encode_freer(to, stack);
        }
        writing_end(state, encode_block_end(to, state, entry));
        state->freer = freer;
    }
}

static __attribute__((noinline, cold)) void count_unknown_free(void)
{
    if (process_is_recording()) {
        process_count(TRACE_UNKNOWN_FREES);
    }
}

void tracer_allocated(void *block, size_t size, const struct frame *caller)
{
    struct thread_state *state = enter(caller->sp);
    if (LIKELY(state != NULL)) {
        if (LIKELY(process_is_recording())) {
            record_birth(state, block, find_site(state, find_stack(state, caller), size), 0);
        }
        leave(state);
    }
}

/* --- a usual allocation, and what it may turn out to be --- */

static __attribute__((noinline, cold)) void *hand_out_anyhow(void *block, size_t size, uintptr_t pc,
                                                             uintptr_t sp, uintptr_t bp)
{
    const struct frame caller = {.pc = pc, .sp = sp, .bp = bp};
    if (!bootstrap_owns(block)) { /* or it was too early for the real allocator */
        tracer_allocated(block, size, &caller);
    }
    return block;
}

static __attribute__((noinline)) void *hand_out_of_site(struct thread_state *state, void *block,
                                                        uint32_t site)
{
    record_birth(state, block, site, 0);
    leave(state);
    return block;
}

static __attribute__((noinline, cold)) void *
hand_out_instead(struct thread_state *state, void *block, uint32_t site, live_entry left)
{
    writing_end(state, encode_allocation(encode_implied(state, writing_place(state), left), site));
    leave(state);
    return block;
}

static __attribute__((noinline)) void *hand_out_at_stack(struct thread_state *state, void *block,
                                                         size_t size, uint32_t stack)
{
    record_birth(state, block, find_site(state, stack, size), 0);
    leave(state);
    return block;
}

static __attribute__((noinline)) void *hand_out_changed(struct thread_state *state, void *block,
                                                        size_t size, uintptr_t pc, uintptr_t sp,
                                                        uintptr_t bp)
{
    const struct frame caller = {.pc = pc, .sp = sp, .bp = bp};
    uint32_t stack = find_changed_stack(state, &caller);
#ifdef TRACE_VERIFY
    verify_stack(stack);
#endif
    record_birth(state, block, find_site(state, stack, size), 0);
    leave(state);
    return block;
}

void *tracer_hand_out(void *block, size_t size, struct frame caller)
{
    struct thread_state *state = thread_self;
    if (UNLIKELY(thread_busy(state) != THREAD_IDLE)) {
        return hand_out_anyhow(block, size, caller.pc, caller.sp, caller.bp);
    }
    enter_at(state, caller.sp);
    if (UNLIKELY(atomic_load_explicit(&gate.state, memory_order_acquire) != state->as_of)) {
        leave(state);
        return hand_out_anyhow(block, size, caller.pc, caller.sp, caller.bp);
    }
    const struct unwind_memo_frame *leaf = unwind_find_unchanged(&state->unwinder, &caller);
    if (UNLIKELY(leaf == NULL)) {
        return hand_out_changed(state, block, size, caller.pc, caller.sp, caller.bp);
    }
#ifdef TRACE_VERIFY
    verify_stack(leaf->id);
#endif
    if (UNLIKELY(leaf->id != state->last_stack || size != state->last_size)) {
        return hand_out_at_stack(state, block, size, leaf->id);
    }
    const uint32_t site = state->last_site;
    _Atomic live_entry *place = live_map_find(&process.live, (uintptr_t)block);
    if (UNLIKELY(place == NULL) || UNLIKELY(!writing_is_ready(state))) {
        return hand_out_of_site(state, block, site);
    }
    uint8_t *to = writing_place(state);
    live_entry left = live_map_put(place, live_entry_make(site, state->tick));
    if (UNLIKELY(left != 0)) {
        return hand_out_instead(state, block, site, left);
    }
    writing_end(state, encode_allocation(to, site));
    leave(state);
    return block;
}

bool tracer_take_back(void *block, uintptr_t sp)
{
    struct thread_state *state = thread_self;
    if (UNLIKELY(thread_busy(state) != THREAD_IDLE)) {
        return false;
    }
    enter_at(state, sp);
    _Atomic live_entry *place = live_map_find(&process.live, (uintptr_t)block);
    live_entry entry =
        LIKELY(place != NULL) ? atomic_load_explicit(place, memory_order_relaxed) : 0;
    if (UNLIKELY(atomic_load_explicit(&gate.state, memory_order_acquire) != state->as_of) ||
        UNLIKELY(block_is_inherited(entry)) /* site 0 is none */ ||
        UNLIKELY(!writing_is_ready(state))) {
        leave(state);
        return false;
    }
    uint8_t *to = writing_place(state); /* before the store, which might change it for all that the
                                           compiler knows */
    atomic_store_explicit(place, 0, memory_order_relaxed);
    writing_end(state, encode_free(to, live_entry_site(entry), block_age(state, entry)));
    leave(state);
    return true;
}

void tracer_freeing(void *block, const struct frame *caller)
{
    struct thread_state *state = enter(caller->sp);
    if (state == NULL) {
        return;
    }
    live_entry entry = live_map_take(&process.live, (uintptr_t)block);
    if (LIKELY(entry != 0)) {
        tracer_record_end(state, entry, caller);
    } else {
        count_unknown_free();
    }
    leave(state);
}

/* Take the entry of a block that is about to be reallocated out. Whoever stops the thread, at any
 * moment, finds the block in the live map or in the thread's state. */
static live_entry take_moving(struct thread_state *state, uintptr_t block)
{
    _Atomic live_entry *place = live_map_find(&process.live, block);
    live_entry entry = place != NULL ? atomic_load_explicit(place, memory_order_relaxed) : 0;
    if (entry != 0) {
        state->moving = (struct moving_block){block, entry};
        atomic_signal_fence(memory_order_seq_cst);
        atomic_store_explicit(place, 0, memory_order_relaxed);
    }
    return entry;
}

live_entry tracer_reallocating(void *block, uintptr_t sp)
{
    live_entry entry = 0;
    struct thread_state *state = enter(sp);
    if (LIKELY(state != NULL)) {
        entry = take_moving(state, (uintptr_t)block);
        leave(state);
    }
    return entry;
}

/* The real call failed: the block is still there. */
static __attribute__((noinline, cold)) void put_back(void *block, live_entry entry)
{
    _Atomic live_entry *place = live_map_find(&process.live, (uintptr_t)block);
    if (entry != 0 && place != NULL) {
        atomic_store_explicit(place, entry, memory_order_relaxed);
    }
}

static void record_reallocation(struct thread_state *state, live_entry entry, void *block,
                                size_t size, const struct frame *caller)
{
    if (entry == 0) {
        count_unknown_free();
    }
    if (block != NULL && process_is_recording()) {
        record_birth(state, block, find_site(state, find_stack(state, caller), size), entry);
    } else if (entry != 0) {
        tracer_record_end(state, entry, caller);
    }
}

void tracer_reallocated(void *old_block, live_entry entry, void *block, size_t size,
                        const struct frame *caller)
{
    const bool is_failed = block == NULL && size != 0;
    struct thread_state *state = enter(caller->sp);
    if (UNLIKELY(is_failed)) {
        put_back(old_block, entry);
    }
    if (UNLIKELY(state == NULL)) {
        return;
    }
    if (LIKELY(!is_failed)) {
        record_reallocation(state, entry, block, size, caller);
    }
    state->moving.address = 0;
    leave(state);
}

/* --- the rest --- */

void tracer_code_unloaded(void)
{
    if (atomic_load(&gate.is_open)) {
        rule_table_clear(&process.unwind.rules);
        process_raise_generation();
    }
}

uint32_t tracer_find_stack(struct thread_state *state, const struct frame *caller)
{
    return find_stack(state, caller);
}

bool tracer_is_recording(void)
{
    if (!atomic_load(&gate.is_open)) {
        (void)process_thread(); /* a forked child may not have noticed yet that it is one */
    }
    return process_is_recording();
}

bool tracer_write_mark(uint8_t *(*encode)(uint8_t *to, const void *context), const void *context,
                       size_t room, uintptr_t sp)
{
    struct thread_state *state = enter(sp);
    if (state == NULL) {
        return false;
    }
    periods_sample(state);
    (void)process_raise_epoch();
    uint8_t *to = writing_begin(state, room);
    if (to != NULL) {
        writing_end(state, encode(to, context));
    }
    leave(state);
    return to != NULL;
}

void tracer_sample(uintptr_t sp)
{
    struct thread_state *state = enter(sp);
    if (state != NULL) {
        if (process_is_recording()) {
            periods_sample(state);
        }
        leave(state);
    }
}
