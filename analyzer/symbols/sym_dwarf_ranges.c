/*
 * Where the code of a DIE is: one range in two attributes, or a list of them elsewhere, which
 * DWARF 5 writes in another way than those before.
 */
#include <dwarf.h>
#include <libdwarf.h>

#include "grow.h"
#include "sym_dwarf.h"
#include "sym_dwarf_internal.h"

bool sym_ranges_add(struct sym_ranges *ranges, uint64_t low, uint64_t high)
{
    if (low >= high) { // empty, or broken
        return true;
    }
    struct sym_range *moved =
        grow_array(ranges->items, ranges->count, &ranges->capacity, sizeof *moved);
    if (moved == NULL) {
        return false;
    }
    ranges->items = moved;
    ranges->items[ranges->count++] = (struct sym_range){.low = low, .high = high};
    return true;
}

/* DWARF 3 and 4, .debug_ranges. */
static bool add_old_ranges(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Unsigned offset,
                           uint64_t base, struct sym_ranges *ranges)
{
    Dwarf_Ranges *entries = NULL;
    Dwarf_Signed count = 0;
    Dwarf_Unsigned bytes = 0;
    Dwarf_Off real_offset = 0;
    Dwarf_Error error = NULL;
    int result = dwarf_get_ranges_b(dwarf->debug, offset, die, &real_offset, &entries, &count,
                                    &bytes, &error);
    bool has_memory = true;
    if (!sym_dwarf_is_there(dwarf, result, error)) {
        return true;
    }
    for (Dwarf_Signed i = 0; i < count && has_memory; i++) {
        if (entries[i].dwr_type == DW_RANGES_ADDRESS_SELECTION) {
            base = entries[i].dwr_addr2;
        } else if (entries[i].dwr_type == DW_RANGES_ENTRY) {
            has_memory =
                sym_ranges_add(ranges, base + entries[i].dwr_addr1, base + entries[i].dwr_addr2);
        }
    }
#ifdef DW_LIBDWARF_VERSION_MAJOR
    dwarf_dealloc_ranges(dwarf->debug, entries, count);
#else
    dwarf_ranges_dealloc(dwarf->debug, entries, count);
#endif
    return has_memory;
}

/* DWARF 5, .debug_rnglists. */
static bool add_new_ranges(struct sym_dwarf *dwarf, Dwarf_Attribute attribute, Dwarf_Half form,
                           Dwarf_Unsigned value, struct sym_ranges *ranges)
{
    Dwarf_Rnglists_Head head = NULL;
    Dwarf_Unsigned count = 0;
    Dwarf_Unsigned offset = 0;
    Dwarf_Error error = NULL;
    int result =
        dwarf_rnglists_get_rle_head(attribute, form, value, &head, &count, &offset, &error);
    bool has_memory = true;
    if (!sym_dwarf_is_there(dwarf, result, error)) {
        return true;
    }
    for (Dwarf_Unsigned i = 0; i < count && has_memory; i++) {
        unsigned length = 0;
        unsigned code = 0;
        Dwarf_Unsigned raw[2] = {0, 0};
        Dwarf_Unsigned cooked[2] = {0, 0};
        Dwarf_Bool is_unresolved = 0;
        result = dwarf_get_rnglists_entry_fields_a(head, i, &length, &code, &raw[0], &raw[1],
                                                   &is_unresolved, &cooked[0], &cooked[1], &error);
        if (!sym_dwarf_is_there(dwarf, result, error) || code == DW_RLE_end_of_list) {
            break;
        }
        if (code != DW_RLE_base_address && code != DW_RLE_base_addressx && !is_unresolved) {
            has_memory = sym_ranges_add(ranges, cooked[0], cooked[1]);
        }
    }
#ifdef DW_LIBDWARF_VERSION_MAJOR
    dwarf_dealloc_rnglists_head(head);
#else
    (void)dwarf_dealloc_rnglists_head(head);
#endif
    return has_memory;
}

static bool add_listed_ranges(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Attribute attribute,
                              uint64_t unit_low, struct sym_ranges *ranges)
{
    Dwarf_Half form = 0;
    Dwarf_Half version = 0;
    Dwarf_Half offset_bytes = 0;
    Dwarf_Unsigned value = 0;
    Dwarf_Error error = NULL;
    if (!sym_dwarf_is_there(dwarf, dwarf_whatform(attribute, &form, &error), error) ||
        dwarf_get_version_of_die(die, &version, &offset_bytes) != DW_DLV_OK) {
        return true;
    }
    bool is_value = form == DW_FORM_rnglistx || form == DW_FORM_data4 || form == DW_FORM_data8;
    int result = is_value ? dwarf_formudata(attribute, &value, &error)
                          : dwarf_global_formref(attribute, &value, &error);
    if (!sym_dwarf_is_there(dwarf, result, error)) {
        return true;
    }
    if (version >= 5 && dwarf->split != NULL) {
        return sym_split_ranges(dwarf->split, value, form == DW_FORM_rnglistx, unit_low, ranges);
    }
    return version >= 5 ? add_new_ranges(dwarf, attribute, form, value, ranges)
                        : add_old_ranges(dwarf, die, value, unit_low, ranges);
}

bool sym_dwarf_ranges(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die, uint64_t unit_low,
                      struct sym_ranges *ranges)
{
    Dwarf_Attribute attribute = NULL;
    Dwarf_Error error = NULL;
    if (sym_dwarf_is_there(dwarf, dwarf_attr(die, DW_AT_ranges, &attribute, &error), error)) {
        bool has_memory = add_listed_ranges(dwarf, die, attribute, unit_low, ranges);
        dwarf_dealloc_attribute(attribute);
        return has_memory;
    }
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    Dwarf_Half form = 0;
    enum Dwarf_Form_Class class = DW_FORM_CLASS_UNKNOWN;
    if (!sym_dwarf_is_there(dwarf, dwarf_lowpc(die, &low, &error), error) ||
        !sym_dwarf_is_there(dwarf, dwarf_highpc_b(die, &high, &form, &class, &error), error)) {
        return true;
    }
    if (class != DW_FORM_CLASS_ADDRESS) {
        high = high <= UINT64_MAX - low ? high + low : low;
    }
    return sym_ranges_add(ranges, low, high);
}
