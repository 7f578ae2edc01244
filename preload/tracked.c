/*
 * What a program tracks itself: objects of its pools and arenas, each in a domain of the program's
 * choice. See include/libtrace.h for the contract, which is that of CPython's
 * PyTraceMalloc_Track().
 *
 * To the trace such an object is a block like any other: its site is one of (stack, size, domain).
 * To have that without a field more for every site, the domain is a node of the stack table, below
 * the stack, which no STACK record ever defines: sites are interned under it, and written with the
 * stack itself, then with their domain.
 *
 * Domain 0 is malloc's, so there it is as if malloc() had returned the block, or realloc() where it
 * had been known, or free() were told of it.
 */
#include "block_records.h"
#include "enter.h"
#include "naming.h"
#include "tracer.h"
#include "writing.h"

#define DOMAIN_MODULE UINT32_MAX /* of nodes that are no frames: no module has this number */

/* Return: the node of the stack in the domain, or STACK_NONE. */
static uint32_t find_stack_in_domain(uint32_t stack, uint32_t domain)
{
    struct stack_table *table = &process.stacks;
    uint32_t id = stack_table_find(table, stack, DOMAIN_MODULE, domain);
    if (id == 0) {
        id = stack_table_create(table, stack, DOMAIN_MODULE, domain);
        id = id != STACK_NONE ? stack_table_publish(table, id) : STACK_NONE;
    }
    return id;
}

/* Return: the site, defined in the file; or 0. */
static uint32_t find_site(struct thread_state *state, uint32_t stack, uint32_t domain, size_t size)
{
    uint32_t key = stack != STACK_NONE ? find_stack_in_domain(stack, domain) : STACK_NONE;
    if (key == STACK_NONE) {
        return 0;
    }
    uint32_t site = site_table_find(&state->sites, key, size);
    if (site != 0 || state->is_detached) {
        return site;
    }
    site = site_directory_add(&process.sites, key, size);
    bool is_defined = site != 0 &&
                      DEFINE(state, define_site(&state->definitions, site, stack, size)) &&
                      DEFINE(state, define_domain(&state->definitions, site, domain)) &&
                      site_table_insert(&state->sites, key, size, site);
    return is_defined ? site : 0;
}

/* Return: false if the event is lost, and counted; what was known of the object still is. */
static bool record_track(struct thread_state *state, uint32_t domain, uintptr_t address,
                         size_t size, const struct frame *caller)
{
    uint32_t site = find_site(state, naming_find_stack(state, caller), domain, size);
    live_entry old_entry = 0;
    _Atomic live_entry *place =
        site != 0 ? domain_map_reach(&process.domains, domain, address, &old_entry) : NULL;
    if (place == NULL) {
        process_count(site == 0 ? TRACE_LOST_MEMORY : TRACE_LOST_ADDRESS);
        return false;
    }
    uint8_t *to = writing_begin(state, ENCODER_EVENT_BYTES);
    live_entry entry = to != NULL ? live_entry_make(site, thread_tick(state)) : old_entry;
    atomic_store_explicit(place, entry, memory_order_release);
    if (to != NULL) {
        /* no malloc() can repeat it */
        const struct allocation allocation = {.site = site, .size = NO_SIZE};
        writing_end(state, encode_block_begin(to, state, allocation, old_entry));
    }
    return to != NULL;
}

/* Nothing is counted of an object that is not known. */
static void record_untrack(struct thread_state *state, uint32_t domain, uintptr_t address,
                           const struct frame *caller)
{
    live_entry entry = domain_map_take(&process.domains, domain, address);
    if (entry != 0) {
        tracer_record_end(state, entry, caller);
    }
}

static void track_as_malloc(void *block, size_t size, const struct frame *caller)
{
    live_entry entry = tracer_reallocating(block, caller->sp);
    if (entry != 0) {
        tracer_reallocated(block, entry, block, size, caller);
    } else {
        tracer_allocated(block, size, caller);
    }
}

static void untrack_as_free(void *block, const struct frame *caller)
{
    live_entry entry = tracer_reallocating(block, caller->sp);
    if (entry != 0) {
        tracer_reallocated(block, entry, NULL, 0, caller);
    }
}

enum tracer_track tracer_track(uint32_t domain, void *address, size_t size,
                               const struct frame *caller)
{
    if (!tracer_is_recording()) {
        return TRACER_TRACK_OFF;
    }
    if (domain == 0) {
        track_as_malloc(address, size, caller);
        return TRACER_TRACKED;
    }
    struct thread_state *state = enter(caller->sp);
    bool is_done = state != NULL && record_track(state, domain, (uintptr_t)address, size, caller);
    if (state != NULL) {
        leave(state);
    }
    return is_done ? TRACER_TRACKED : TRACER_TRACK_LOST;
}

enum tracer_track tracer_untrack(uint32_t domain, void *address, const struct frame *caller)
{
    bool is_recording = tracer_is_recording();
    if (domain == 0) {
        untrack_as_free(address, caller);
    } else {
        struct thread_state *state = enter(caller->sp);
        if (state != NULL) {
            record_untrack(state, domain, (uintptr_t)address, caller);
            leave(state);
        }
    }
    return is_recording ? TRACER_TRACKED : TRACER_TRACK_OFF;
}
