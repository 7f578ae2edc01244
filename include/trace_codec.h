/*
 * Bytes and numbers: LEB128 varints, zig-zag, codes of events, and the check sum of headers, for
 * the writer inside the traced process and for the reader of untrusted files alike.
 *
 * Nothing here allocates, locks or touches errno: any function may run in a signal handler.
 * Writers are given room for the longest encoding by their caller; readers go through one
 * bounds-checked cursor that turns bad once and stays so.
 */
#ifndef TRACE_CODEC_H
#define TRACE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "trace_format.h"

#define TRACE_VARINT_BYTES 10 /* longest varint: 64 bits, seven a byte */

/* Map small negative numbers to small unsigned ones: 0, -1, 1, -2 become 0, 1, 2, 3. */
static inline uint64_t trace_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

/* The same for a difference of sites, which is one of 32 bits. */
static inline uint32_t trace_zigzag_site(uint32_t difference)
{
    return difference << 1 ^ (uint32_t)((int32_t)difference >> 31);
}

static inline int64_t trace_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/* Return: the site that is written as @zigzag of its difference to @last. */
static inline uint32_t trace_site(uint32_t last, uint64_t zigzag)
{
    return last + (uint32_t)trace_unzigzag(zigzag);
}

/*
 * Write a varint at @to.
 * @to: room for TRACE_VARINT_BYTES.
 * Return: the byte after the last one written.
 */
static inline uint8_t *trace_put_varint(uint8_t *to, uint64_t value)
{
    while (value >= 0x80) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

/* Write the difference @value - @base so that either may be the larger one. */
static inline uint8_t *trace_put_delta(uint8_t *to, uint64_t value, uint64_t base)
{
    return trace_put_varint(to, trace_zigzag((int64_t)(value - base)));
}

/* Write a length and that many bytes. @to: room for TRACE_VARINT_BYTES + @length. */
static inline uint8_t *trace_put_bytes(uint8_t *to, const void *bytes, size_t length)
{
    to = trace_put_varint(to, length);
    if (length > 0) {
        memcpy(to, bytes, length);
    }
    return to + length;
}

/* What is left to read. Once @is_bad every read gives 0 and nothing moves. */
struct trace_cursor {
    const uint8_t *next;
    const uint8_t *end;
    bool is_bad; /* read past the end, or found a varint of more than 64 bits */
};

static inline struct trace_cursor trace_cursor_over(const void *bytes, size_t length)
{
    const uint8_t *start = (const uint8_t *)bytes;
    return (struct trace_cursor){start, start + length, false};
}

static inline uint8_t trace_get_byte(struct trace_cursor *cursor)
{
    if (cursor->is_bad || cursor->next == cursor->end) {
        cursor->is_bad = true;
        return 0;
    }
    return *cursor->next++;
}

static inline uint64_t trace_get_varint(struct trace_cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = trace_get_byte(cursor);
        uint64_t bits = byte & 0x7fu;
        if (shift == 63 && bits > 1) {
            break;
        }
        value |= bits << shift;
        if ((byte & 0x80) == 0) {
            return cursor->is_bad ? 0 : value;
        }
    }
    cursor->is_bad = true;
    return 0;
}

static inline uint64_t trace_get_delta(struct trace_cursor *cursor, uint64_t base)
{
    return base + (uint64_t)trace_unzigzag(trace_get_varint(cursor));
}

/*
 * Read a length and that many bytes.
 * @limit: a longer length is bad.
 * @ret_length: the length, 0 when bad.
 * Return: the bytes, inside what the cursor was made over; never NULL.
 */
static inline const uint8_t *trace_get_bytes(struct trace_cursor *cursor, size_t limit,
                                             size_t *ret_length)
{
    uint64_t length = trace_get_varint(cursor);
    const uint8_t *bytes = cursor->next;
    if (cursor->is_bad || length > limit || length > (uint64_t)(cursor->end - cursor->next)) {
        cursor->is_bad = true;
        *ret_length = 0;
        return bytes;
    }
    cursor->next += length;
    *ret_length = (size_t)length;
    return bytes;
}

/*
 * Check sum of a header: FNV-1a of 32 bits. It finds damage, not malice.
 * Source: http://www.isthe.com/chongo/tech/comp/fnv/
 */
static inline uint32_t trace_check(const void *bytes, size_t length)
{
    const uint8_t *byte = (const uint8_t *)bytes;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ byte[i]) * 16777619u;
    }
    return hash;
}

/* Return: the code of an event's first varint. */
static inline enum trace_event_code trace_event_code(uint64_t record)
{
    return (enum trace_event_code)((record & 3) == 3 ? record & 7 : record & 3);
}

/* Return: what is above the code. */
static inline uint64_t trace_event_operand(uint64_t record)
{
    return (record & 3) == 3 ? record >> 3 : record >> 2;
}

/* Return: the first varint of an event. */
static inline uint64_t trace_event(enum trace_event_code code, uint64_t operand)
{
    return operand << ((code & 3) == 3 ? 3 : 2) | code;
}

#endif
