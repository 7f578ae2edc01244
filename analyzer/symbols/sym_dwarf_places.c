/*
 * Where variables are, of the few expressions that say one place for all time.
 * Source: DWARF 5, section 2.6.1 (location descriptions).
 */
#include <dwarf.h>
#include <libdwarf.h>
#include <string.h>

#include "sym_dwarf_internal.h"

/* Read a place off an expression of the forms that compilers give variables of one place. */
static bool static_place(const uint8_t *bytes, uint64_t length, bool is_local, uint64_t *ret_place)
{
    const uint64_t operand = sizeof *ret_place;
    uint8_t operation = is_local ? DW_OP_const8u : DW_OP_addr;
    if (length != 1 + operand + (is_local ? 1 : 0) || bytes[0] != operation) {
        return false;
    }
    memcpy(ret_place, bytes + 1, sizeof *ret_place);
    return !is_local || bytes[1 + operand] == DW_OP_form_tls_address ||
           bytes[1 + operand] == DW_OP_GNU_push_tls_address;
}

/* The form of DWARF 5 that clang writes: an index into .debug_addr. */
static bool indexed_place(struct sym_dwarf *dwarf, Dwarf_Die die, const uint8_t *bytes,
                          uint64_t length, uint64_t *ret_place)
{
    uint64_t index = 0;
    Dwarf_Addr address = 0;
    Dwarf_Error error = NULL;
    if (length < 2 || length > 6 || bytes[0] != DW_OP_addrx) {
        return false;
    }
    for (uint64_t i = 1; i < length; i++) {
        index |= (uint64_t)(bytes[i] & 0x7f) << (7 * (i - 1));
    }
    bool is_there = sym_dwarf_is_there(
        dwarf, dwarf_debug_addr_index_to_addr(die, index, &address, &error), error);
    *ret_place = address;
    return is_there;
}

bool sym_dwarf_static_place(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die, bool is_local,
                            uint64_t *ret_place)
{
    Dwarf_Attribute attribute = NULL;
    Dwarf_Unsigned length = 0;
    Dwarf_Ptr bytes = NULL;
    Dwarf_Half form = 0;
    Dwarf_Error error = NULL;
    if (!sym_dwarf_is_there(dwarf, dwarf_attr(die, DW_AT_location, &attribute, &error), error)) {
        return false;
    }
    bool is_place =
        sym_dwarf_is_there(dwarf, dwarf_whatform(attribute, &form, &error), error) &&
        form == DW_FORM_exprloc &&
        sym_dwarf_is_there(dwarf, dwarf_formexprloc(attribute, &length, &bytes, &error), error) &&
        (static_place(bytes, length, is_local, ret_place) ||
         (!is_local && indexed_place(dwarf, die, bytes, length, ret_place)));
    dwarf_dealloc_attribute(attribute);
    return is_place;
}
