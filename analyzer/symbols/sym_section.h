/* The contents of a section of debug information, and its smallest pieces. */
#ifndef ANALYZER_SYM_SECTION_H
#define ANALYZER_SYM_SECTION_H

#include <stddef.h>
#include <stdint.h>

#include "trace_codec.h"

struct sym_section {
    const uint8_t *bytes; /* NULL: not there */
    size_t size;
};

/* Return: a cursor over a section from @offset on; a bad one if that is beyond it. */
static inline struct trace_cursor sym_section_from(const struct sym_section *section,
                                                   uint64_t offset)
{
    bool is_inside = section->bytes != NULL && offset <= section->size;
    struct trace_cursor cursor =
        trace_cursor_over(is_inside ? section->bytes + offset : (const uint8_t *)"",
                          is_inside ? section->size - (size_t)offset : 0);
    cursor.is_bad = !is_inside;
    return cursor;
}

/* Return: a little-endian number of @bytes bytes, of which the lowest eight count. */
static inline uint64_t sym_get_fixed(struct trace_cursor *cursor, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        uint64_t byte = trace_get_byte(cursor);
        value |= i < sizeof value ? byte << (8 * i) : 0;
    }
    return cursor->is_bad ? 0 : value;
}

static inline void sym_skip(struct trace_cursor *cursor, uint64_t bytes)
{
    if (cursor->is_bad || bytes > (uint64_t)(cursor->end - cursor->next)) {
        cursor->is_bad = true;
        return;
    }
    cursor->next += bytes;
}

#endif
