/*
 * What becomes of a block, as records of the thread that tells: docs/format.md, section 5. The
 * block is known by its live entry; one of a parent process has no site in this trace.
 *
 * Inline: tracer.c's events are made of it. Room for ENCODER_EVENT_BYTES is enough for each.
 */
#ifndef PRELOAD_BLOCK_RECORDS_H
#define PRELOAD_BLOCK_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "encoder.h"
#include "process.h"

static inline uint32_t block_age(const struct thread_state *state, live_entry entry)
{
    uint32_t birth = live_entry_birth(entry);
    return thread_tick(state) > birth ? thread_tick(state) - birth : 0;
}

static inline bool block_is_inherited(live_entry entry)
{
    /* not live_entry_site(), which would copy what free() needs a moment later as it is */
    return __builtin_expect((uint32_t)entry < process.first_site, 0);
}

static inline uint8_t *encode_inherited_block(uint8_t *to, live_entry entry)
{
    const struct site *site = site_directory_get(&process.sites, live_entry_site(entry));
    return encode_inherited_free(to, site->size);
}

static inline uint8_t *encode_birth(uint8_t *to, const struct thread_state *state, uint32_t site,
                                    live_entry old_entry)
{
    const uint32_t last = thread_last_site(state);
    if (old_entry == 0) {
        return encode_allocation(to, last, site);
    }
    if (block_is_inherited(old_entry)) {
        to = encode_inherited_block(to, old_entry);
        return encode_allocation(to, last, site);
    }
    return encode_reallocation(to, last, live_entry_site(old_entry), block_age(state, old_entry),
                               site);
}

/*
 * A block of the site @next has begun; in the place of the block of @old_entry, unless that is 0.
 * It is the last allocation from now on, so the record must be ended.
 */
static inline uint8_t *encode_block_begin(uint8_t *to, struct thread_state *state,
                                          struct allocation next, live_entry old_entry)
{
    const uint8_t *records = window_place_in(state->events.chunk, 0);
    thread_state_change_bases(state);
    state->unpaired = old_entry == 0 ? (uint32_t)(to - records) : NO_RECORD;
    to = encode_birth(to, state, next.site, old_entry);
    thread_state_set_last(state, next);
    return to;
}

/* A block that has a site in this trace has ended. */
static inline uint8_t *encode_own_block_end(uint8_t *to, const struct thread_state *state,
                                            live_entry entry)
{
    const uint32_t birth = live_entry_birth(entry);
    const uint32_t site = live_entry_site(entry);
    if (thread_tick(state) > birth) {
        return encode_free(to, thread_last_site(state), site, thread_tick(state) - birth);
    }
    return encode_free_young(to, thread_last_site(state), site);
}

static inline uint8_t *encode_block_end(uint8_t *to, const struct thread_state *state,
                                        live_entry entry)
{
    if (block_is_inherited(entry)) {
        return encode_inherited_block(to, entry);
    }
    return encode_own_block_end(to, state, entry);
}

#endif
