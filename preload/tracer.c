/*
 * An event's way through the tracer. Start reading here.
 *
 *     hook -> enter -> unwind -> stack table -> site table -> live map -> encoder -> window
 *                     (-------- naming.h --------)
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
#include "enter.h"
#include "naming.h"
#include "unwind_expected.h"
#include "writing.h"

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
/* What an event consists of. Left to itself the compiler makes calls of some stages, and saves and
 * restores more registers than they use. */
#define STAGE static inline __attribute__((always_inline))

/* An entry that is still there when the address is handed out again: freed behind our back. */
static __attribute__((noinline, cold)) uint8_t *encode_implied(const struct thread_state *state,
                                                               uint8_t *to, live_entry entry)
{
    if (block_is_inherited(entry)) {
        return encode_inherited_block(to, entry);
    }
    return encode_implied_free(to, thread_last_site(state), live_entry_site(entry),
                               block_age(state, entry));
}

/*
 * Enter a new block and record it; with @old_entry the record is that of a reallocation.
 * Without a site, an entry or room for the record the event is lost, and counted.
 */
STAGE void record_birth(struct thread_state *state, void *block, struct allocation allocation,
                        live_entry old_entry)
{
    uintptr_t address = (uintptr_t)block;
    if (UNLIKELY(allocation.site == 0)) {
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
    live_entry left = live_map_put(place, live_entry_make(allocation.site, thread_tick(state)));
    if (UNLIKELY(left != 0)) {
        to = encode_implied(state, to, left);
    }
    writing_end(state, encode_block_begin(to, state, allocation, old_entry));
    thread_state_await_again(state);
}

STAGE struct allocation last_allocation(const struct thread_state *state)
{
    return (struct allocation){
        .stack = state->last_stack, .site = thread_last_site(state), .size = state->last_size};
}

STAGE struct allocation name(struct thread_state *state, uint32_t stack, size_t size)
{
    return (struct allocation){
        .stack = stack, .site = naming_find_site(state, stack, size), .size = size};
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
    uint32_t stack = naming_find_stack(state, caller);
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
            record_birth(state, block, name(state, naming_find_stack(state, caller), size), 0);
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

static __attribute__((noinline)) void *hand_out_named(struct thread_state *state, void *block,
                                                      struct allocation next)
{
    record_birth(state, block, next, 0);
    leave(state);
    return block;
}

static __attribute__((noinline, cold)) void *
hand_out_instead(struct thread_state *state, void *block, struct allocation next, live_entry left)
{
    uint8_t *to = encode_implied(state, window_place(&state->events), left);
    writing_end(state, encode_block_begin(to, state, next, 0));
    thread_state_await_again(state);
    leave(state);
    return block;
}

static __attribute__((noinline)) void *hand_out_unnamed(struct thread_state *state, void *block,
                                                        size_t size, uint32_t stack)
{
    record_birth(state, block, name(state, stack, size), 0);
    leave(state);
    return block;
}

/* @place: of the block in the live map. @is_leaf: whether the stack may be the memo's. */
STAGE void *hand_out_usually(struct thread_state *state, void *block, struct allocation next,
                             _Atomic live_entry *place, bool is_leaf)
{
    struct trace_chunk *const chunk = state->events.chunk;
    const uint64_t used = chunk->used;
    if (UNLIKELY(place == NULL) || UNLIKELY(!writing_is_ready(state, used))) {
        return hand_out_named(state, block, next);
    }
    live_entry left = live_map_put(place, live_entry_make(next.site, thread_tick(state)));
    if (UNLIKELY(left != 0)) {
        return hand_out_instead(state, block, next, left);
    }
    const uint8_t *end = encode_block_begin(window_place_in(chunk, used), state, next, 0);
    if (is_leaf) {
        thread_state_await_again(state);
    } else {
        state->again_size = NO_SIZE;
    }
    window_commit_in(chunk, (uint32_t)(end - window_place_in(chunk, 0)));
    leave(state);
    return block;
}

static __attribute__((noinline)) void *hand_out_at_stack(struct thread_state *state, void *block,
                                                         size_t size, uint32_t stack)
{
    const uint32_t site = naming_recall_site(state, stack, size);
    if (UNLIKELY(site == 0)) {
        return hand_out_unnamed(state, block, size, stack);
    }
    const struct allocation next = {.stack = stack, .site = site, .size = size};
    _Atomic live_entry *place = live_map_find(&process.live, (uintptr_t)block);
    return hand_out_usually(state, block, next, place, true);
}

static __attribute__((noinline)) void *hand_out_new(struct thread_state *state, void *block,
                                                    size_t size, uintptr_t pc, uintptr_t sp,
                                                    uintptr_t bp)
{
    const struct frame caller = {.pc = pc, .sp = sp, .bp = bp};
    uint32_t stack = naming_find_changed_stack(state, &caller);
#ifdef TRACE_VERIFY
    verify_stack(stack);
#endif
    return hand_out_at_stack(state, block, size, stack);
}

static __attribute__((noinline)) void *hand_out_changed(struct thread_state *state, void *block,
                                                        size_t size, uintptr_t pc, uintptr_t sp,
                                                        uintptr_t bp)
{
    const struct frame caller = {.pc = pc, .sp = sp, .bp = bp};
    _Atomic live_entry *place = live_map_find(&process.live, (uintptr_t)block);
    __builtin_prefetch((const void *)place, 1);
    struct unwind_segment *segment = unwind_find_expected(&state->unwinder, &caller);
    if (UNLIKELY(segment == NULL)) {
        return hand_out_new(state, block, size, pc, sp, bp);
    }
#ifdef TRACE_VERIFY
    verify_stack(segment->id);
#endif
    const struct unwind_segment_site *known = unwind_segment_site(segment, size);
    if (UNLIKELY(known->size != size) || UNLIKELY(known->site == 0)) {
        return hand_out_unnamed(state, block, size, segment->id);
    }
    const struct allocation next = {.stack = segment->id, .site = known->site, .size = size};
    return hand_out_usually(state, block, next, place, false);
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
    if (UNLIKELY(!unwind_is_leaf(&state->unwinder, &caller))) {
        return hand_out_changed(state, block, size, caller.pc, caller.sp, caller.bp);
    }
    if (UNLIKELY(!unwind_is_unchanged(&state->unwinder))) {
        return hand_out_new(state, block, size, caller.pc, caller.sp, caller.bp);
    }
#ifdef TRACE_VERIFY
    verify_stack(state->unwinder.leaf->id);
#endif
    if (UNLIKELY(size != state->again_size)) {
        return hand_out_at_stack(state, block, size, state->unwinder.leaf->id);
    }
    _Atomic live_entry *place = live_map_find(&process.live, (uintptr_t)block);
    struct trace_chunk *const chunk = state->events.chunk;
    const uint64_t used = chunk->used;
    if (UNLIKELY(place == NULL) || UNLIKELY(!writing_is_ready(state, used))) {
        return hand_out_named(state, block, last_allocation(state));
    }
    live_entry left = live_map_put(place, state->newest);
    if (UNLIKELY(left != 0)) {
        return hand_out_instead(state, block, last_allocation(state), left);
    }
    state->unpaired = (uint32_t)used;
    encode_allocation_again(window_place_in(chunk, used));
    window_commit_in(chunk, (uint32_t)used + 1);
    leave(state);
    return block;
}

/*
 * A block of the last allocation's site, born in this tick, is freed: it may as well be that
 * allocation's block, and then one record stands for both, unless somebody has counted it already.
 */
STAGE void record_young_death_again(struct thread_state *state, struct trace_chunk *chunk,
                                    uint64_t used)
{
    if (state->unpaired != NO_RECORD &&
        !atomic_load_explicit(&process.tally.is_on, memory_order_relaxed)) {
        encode_pair(window_place_in(chunk, state->unpaired));
        state->unpaired = NO_RECORD;
    } else {
        encode_free_young_again(window_place_in(chunk, used));
        window_commit_in(chunk, (uint32_t)used + 1);
    }
}

/*
 * Record the usual free, after @used bytes of the window: of a block of the last allocation's site.
 * Return: false if it is of another, or an old one.
 */
STAGE bool record_death_again(struct thread_state *state, live_entry entry,
                              struct trace_chunk *chunk, uint64_t used)
{
    const live_entry ahead = state->newest - entry; /* the age, if the sites are one */
    if ((uint32_t)ahead != 0) {
        return false;
    }
    const uint64_t age = live_entry_birth(ahead);
    if (age == 0) {
        record_young_death_again(state, chunk, used);
    } else if (LIKELY(age < ENCODER_SHORT_AGE)) {
        encode_free_again(window_place_in(chunk, used), age);
        window_commit_in(chunk, (uint32_t)used + 2);
    } else {
        return false;
    }
    return true;
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
    struct trace_chunk *const chunk = state->events.chunk;
    const uint64_t used = chunk->used;
    if (UNLIKELY(atomic_load_explicit(&gate.state, memory_order_acquire) != state->as_of) ||
        UNLIKELY(block_is_inherited(entry)) /* site 0 is none */ ||
        UNLIKELY(!writing_is_ready(state, used))) {
        leave(state);
        return false;
    }
    atomic_store_explicit(place, 0, memory_order_relaxed);
    if (!record_death_again(state, entry, chunk, used)) {
        const uint8_t *end = encode_own_block_end(window_place_in(chunk, used), state, entry);
        window_commit_in(chunk, (uint32_t)(end - window_place_in(chunk, 0)));
    }
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
        record_birth(state, block, name(state, naming_find_stack(state, caller), size), entry);
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
