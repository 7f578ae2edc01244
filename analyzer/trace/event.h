/*
 * Records of events that are not allocations or frees (format.md, 5): those that move time, and
 * how to pass over any record. Inline, for the replay's inner loop is built from them.
 */
#ifndef ANALYZER_EVENT_H
#define ANALYZER_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_codec.h"
#include "trace_format.h"

struct event_moment {
    uint32_t tick;
    uint64_t epoch;
};

/* Read the fields of TIME. Return: false if they are bad, @moment is then as before. */
static inline bool event_get_time(struct trace_cursor *cursor, struct event_moment *moment)
{
    uint64_t ticks = trace_get_varint(cursor);
    uint64_t epochs = trace_get_varint(cursor);
    if (cursor->is_bad || ticks > UINT32_MAX - moment->tick ||
        epochs > UINT64_MAX - moment->epoch) {
        return false;
    }
    moment->tick += (uint32_t)ticks;
    moment->epoch += epochs;
    return true;
}

/*
 * Pass over one record, whatever it is.
 * @moment: moved on by TIME.
 * Return: false at a record that is cut or unknown.
 */
static inline bool event_skip(struct trace_cursor *cursor, struct event_moment *moment)
{
    size_t length = 0;
    uint64_t record = trace_get_varint(cursor);
    enum trace_event_code code = trace_event_code(record);
    unsigned varints = code == TRACE_EV_FREE ? 1 : 0;
    if (code == TRACE_EV_OTHER) {
        uint64_t number = trace_event_operand(record);
        switch (number) {
        case TRACE_EV_TIME:
            return event_get_time(cursor, moment);
        case TRACE_EV_REALLOCATION:
            varints = 3;
            break;
        case TRACE_EV_IMPLIED_FREE:
            varints = 2;
            break;
        case TRACE_EV_INHERITED_FREE:
            varints = 1;
            break;
        default:
            if (number != TRACE_EV_SNAPSHOT && number < TRACE_EV_SIZED) {
                return false;
            }
            (void)trace_get_bytes(cursor, TRACE_WINDOW_BYTES, &length);
            break;
        }
    }
    for (unsigned i = 0; i < varints; i++) {
        (void)trace_get_varint(cursor);
    }
    return !cursor->is_bad;
}

#endif
