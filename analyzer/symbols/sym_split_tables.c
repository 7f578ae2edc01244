/*
 * A list of ranges is entries of one byte of kind and one or two operands; "x" stands for an index
 * into the table of addresses, which the linker has filled in.
 *
 *     header: length (4, or ff ff ff ff and 8) version (2) address size (1) segment size (1)
 *             offset count (4) | offset of list 0, 1, ... from here | lists
 *
 * Strings have an offset each:
 *
 *     header: length (4, or ff ff ff ff and 8) version (2) padding (2) | offset of string 0, 1, ...
 */
#include "sym_split_tables.h"

#include <dwarf.h>
#include <string.h>

enum { ADDRESS_BYTES = 8 };

/*
 * Read the part of a header that both tables begin with.
 * Return: how long offsets are.
 */
static unsigned read_header(struct trace_cursor *cursor)
{
    bool is_wide = sym_get_fixed(cursor, 4) == UINT32_MAX;
    sym_skip(cursor, is_wide ? 8 : 0);
    (void)sym_get_fixed(cursor, 4); // version and sizes
    return is_wide ? 8 : 4;
}

bool sym_split_address(const struct sym_split_tables *tables, uint64_t index, uint64_t *ret_address)
{
    if (index > tables->addresses.size / ADDRESS_BYTES) {
        return false;
    }
    struct trace_cursor entry =
        sym_section_from(&tables->addresses, tables->address_base + index * ADDRESS_BYTES);
    *ret_address = sym_get_fixed(&entry, ADDRESS_BYTES);
    return !entry.is_bad;
}

static uint64_t get_indexed(const struct sym_split_tables *tables, struct trace_cursor *cursor)
{
    uint64_t address = 0;
    cursor->is_bad |= !sym_split_address(tables, trace_get_varint(cursor), &address);
    return address;
}

/* Return: a cursor at the start of a list. */
static struct trace_cursor find_list(const struct sym_split_tables *tables, uint64_t value,
                                     bool is_index)
{
    if (!is_index) {
        return sym_section_from(&tables->lists, value);
    }
    struct trace_cursor cursor = sym_section_from(&tables->lists, 0);
    unsigned offset_bytes = read_header(&cursor);
    uint64_t count = sym_get_fixed(&cursor, 4);
    if (cursor.is_bad || value >= count) {
        cursor.is_bad = true;
        return cursor;
    }
    uint64_t base = (uint64_t)(cursor.next - tables->lists.bytes);
    sym_skip(&cursor, value * offset_bytes);
    uint64_t offset = sym_get_fixed(&cursor, offset_bytes);
    bool is_good = !cursor.is_bad && offset <= tables->lists.size;
    return sym_section_from(&tables->lists, is_good ? base + offset : UINT64_MAX);
}

/* Read one entry. Return: whether it is a range; @base is where offsets count from. */
static bool read_entry(const struct sym_split_tables *tables, struct trace_cursor *cursor,
                       unsigned kind, uint64_t *base, struct sym_range *ret_range)
{
    switch (kind) {
    case DW_RLE_base_addressx:
        *base = get_indexed(tables, cursor);
        return false;
    case DW_RLE_base_address:
        *base = sym_get_fixed(cursor, ADDRESS_BYTES);
        return false;
    case DW_RLE_startx_endx:
        ret_range->low = get_indexed(tables, cursor);
        ret_range->high = get_indexed(tables, cursor);
        return true;
    case DW_RLE_startx_length:
        ret_range->low = get_indexed(tables, cursor);
        ret_range->high = ret_range->low + trace_get_varint(cursor);
        return true;
    case DW_RLE_offset_pair:
        ret_range->low = *base + trace_get_varint(cursor);
        ret_range->high = *base + trace_get_varint(cursor);
        return true;
    case DW_RLE_start_end:
        ret_range->low = sym_get_fixed(cursor, ADDRESS_BYTES);
        ret_range->high = sym_get_fixed(cursor, ADDRESS_BYTES);
        return true;
    case DW_RLE_start_length:
        ret_range->low = sym_get_fixed(cursor, ADDRESS_BYTES);
        ret_range->high = ret_range->low + trace_get_varint(cursor);
        return true;
    default:
        cursor->is_bad = true;
        return false;
    }
}

bool sym_split_ranges(const struct sym_split_tables *tables, uint64_t value, bool is_index,
                      uint64_t unit_low, struct sym_ranges *ranges)
{
    struct trace_cursor cursor = find_list(tables, value, is_index);
    uint64_t base = unit_low;
    while (!cursor.is_bad) {
        struct sym_range range = {0};
        unsigned kind = trace_get_byte(&cursor);
        if (cursor.is_bad || kind == DW_RLE_end_of_list) {
            break;
        }
        if (read_entry(tables, &cursor, kind, &base, &range) && !cursor.is_bad &&
            !sym_ranges_add(ranges, range.low, range.high)) {
            return false;
        }
    }
    return true;
}

const char *sym_split_string(const struct sym_split_tables *tables, uint64_t index)
{
    struct trace_cursor cursor = sym_section_from(&tables->string_offsets, 0);
    unsigned offset_bytes = read_header(&cursor);
    bool is_inside = !cursor.is_bad && index <= tables->string_offsets.size / offset_bytes;
    sym_skip(&cursor, is_inside ? index * offset_bytes : UINT64_MAX);
    uint64_t offset = sym_get_fixed(&cursor, offset_bytes);
    const struct sym_section *strings = &tables->strings;
    if (cursor.is_bad || strings->bytes == NULL || offset >= strings->size ||
        memchr(strings->bytes + offset, '\0', strings->size - offset) == NULL) {
        return NULL;
    }
    return (const char *)strings->bytes + offset;
}
