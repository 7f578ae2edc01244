/*
 * Events to bytes: docs/format.md, section 5. One function a kind; each is given room for
 * ENCODER_EVENT_BYTES and returns the byte after the last one written. The code is the two lowest
 * bits, or the three lowest if those two are set:
 *
 *     bit  n ... 2     1 0
 *          operand     code
 *
 * Sites are written as differences to @last, the site of the last allocation in the window (0 in an
 * empty one): blocks of one site come one after another, and what is freed is often what was
 * allocated just before.
 */
#ifndef PRELOAD_ENCODER_H
#define PRELOAD_ENCODER_H

#include <stdint.h>

#include "trace_codec.h"
#include "trace_format.h"
#include "window.h"

/* A TIME record and the longest event after it, names apart. */
#define ENCODER_EVENT_BYTES WINDOW_USUAL_BYTES

/* One and two bytes are the most frequent: one comparison and one store for them. */
static inline uint8_t *encode_short_varint(uint8_t *to, uint64_t value)
{
    if (__builtin_expect(value < 0x80, 1)) {
        *to = (uint8_t)value;
        return to + 1;
    }
    if (__builtin_expect(value < 0x4000, 1)) {
        uint16_t both = (uint16_t)((value & 0x7f) | 0x80 | (value >> 7) << 8);
        memcpy(to, &both, sizeof both);
        return to + 2;
    }
    return trace_put_varint(to, value);
}

static inline uint8_t *encode_other(uint8_t *to, enum trace_event_other number)
{
    return encode_short_varint(to, trace_event(TRACE_EV_OTHER, number));
}

static inline uint64_t encoder_difference(uint32_t site, uint32_t last)
{
    return trace_zigzag_site(site - last);
}

static inline uint64_t encoder_event(enum trace_event_code code, uint32_t site, uint32_t last)
{
    return trace_event(code, encoder_difference(site, last));
}

/* | site | 0 0 | */
static inline uint8_t *encode_allocation(uint8_t *to, uint32_t last, uint32_t site)
{
    return encode_short_varint(to, encoder_event(TRACE_EV_ALLOCATION, site, last));
}

/* | 0 | 0 0 |, the last one's site once more: one byte. */
static inline void encode_allocation_again(uint8_t *to)
{
    *to = TRACE_EV_ALLOCATION;
}

/*
 * | site | 0 1 |, in the place of an allocation's record at @record: a block of the site has been
 * freed, too, in this tick. One store: the record is whole before and after.
 */
static inline void encode_pair(uint8_t *record)
{
    *record |= TRACE_EV_PAIR;
}

/* | site | 1 0 |: of a block that was born in this tick. */
static inline uint8_t *encode_free_young(uint8_t *to, uint32_t last, uint32_t site)
{
    return encode_short_varint(to, encoder_event(TRACE_EV_FREE_YOUNG, site, last));
}

/* | site | 0 1 1 | age |. @age: not 0. */
static inline uint8_t *encode_free(uint8_t *to, uint32_t last, uint32_t site, uint32_t age)
{
    to = encode_short_varint(to, encoder_event(TRACE_EV_FREE, site, last));
    return encode_short_varint(to, age);
}

/* The last one's site once more: one byte. */
static inline void encode_free_young_again(uint8_t *to)
{
    *to = TRACE_EV_FREE_YOUNG;
}

#define ENCODER_SHORT_AGE 0x80 /* a younger block's age is one byte */

/* Likewise, for a short age, not 0: two bytes. */
static inline void encode_free_again(uint8_t *to, uint64_t age)
{
    const uint16_t both = (uint16_t)(TRACE_EV_FREE | age << 8);
    memcpy(to, &both, sizeof both);
}

/* | 0 | 1 1 1 | ticks | epochs | */
static inline uint8_t *encode_time(uint8_t *to, uint32_t ticks, uint64_t epochs)
{
    to = encode_other(to, TRACE_EV_TIME);
    to = trace_put_varint(to, ticks);
    return trace_put_varint(to, epochs);
}

/* | 1 | 1 1 1 | old site | age | new site | */
static inline uint8_t *encode_reallocation(uint8_t *to, uint32_t last, uint32_t old_site,
                                           uint32_t age, uint32_t new_site)
{
    to = encode_other(to, TRACE_EV_REALLOCATION);
    to = encode_short_varint(to, encoder_difference(old_site, last));
    to = encode_short_varint(to, age);
    return encode_short_varint(to, encoder_difference(new_site, last));
}

/* | 2 | 1 1 1 | site | age | */
static inline uint8_t *encode_implied_free(uint8_t *to, uint32_t last, uint32_t site, uint32_t age)
{
    to = encode_other(to, TRACE_EV_IMPLIED_FREE);
    to = trace_put_varint(to, encoder_difference(site, last));
    return trace_put_varint(to, age);
}

/* | 3 | 1 1 1 | size | */
static inline uint8_t *encode_inherited_free(uint8_t *to, uint64_t size)
{
    to = encode_other(to, TRACE_EV_INHERITED_FREE);
    return trace_put_varint(to, size);
}

/* A record that carries its length, with one number in it. */
static inline uint8_t *encode_sized(uint8_t *to, enum trace_event_other number, uint64_t field)
{
    uint8_t *length = encode_other(to, number);
    to = trace_put_varint(length + 1, field);
    *length = (uint8_t)(to - length - 1); /* one byte of varint: the record is short */
    return to;
}

/* | 17 | 1 1 1 | length | first site | */
static inline uint8_t *encode_clear(uint8_t *to, uint32_t first_site)
{
    return encode_sized(to, TRACE_EV_CLEAR, first_site);
}

/* | 18 | 1 1 1 | length | bytes | */
static inline uint8_t *encode_resident(uint8_t *to, uint64_t bytes)
{
    return encode_sized(to, TRACE_EV_RESIDENT, bytes);
}

/* | 19 | 1 1 1 | length | stack | */
static inline uint8_t *encode_freer(uint8_t *to, uint32_t stack)
{
    return encode_sized(to, TRACE_EV_FREER, stack);
}

/* | 4 | 1 1 1 | length | name ... |. Needs room for the name as well. */
static inline uint8_t *encode_snapshot(uint8_t *to, const char *name, size_t length)
{
    to = encode_other(to, TRACE_EV_SNAPSHOT);
    return trace_put_bytes(to, name, length);
}

#endif
