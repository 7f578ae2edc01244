/*
 * Where variables are, of the few expressions that say one place for all time.
 * Source: DWARF 5, section 2.6.1 (location descriptions).
 */
#include <dwarf.h>
#include <libdwarf.h>

#include "sym_dwarf_internal.h"
#include "sym_section.h"

/* Look an address, or a thread-local variable's offset, up in the table of them. */
static bool indexed_place(struct sym_dwarf *dwarf, Dwarf_Die die, uint64_t index,
                          uint64_t *ret_place)
{
    Dwarf_Addr address = 0;
    Dwarf_Error error = NULL;
    if (dwarf->split != NULL) {
        return sym_split_address(dwarf->split, index, ret_place);
    }
    bool is_there = sym_dwarf_is_there(
        dwarf, dwarf_debug_addr_index_to_addr(die, index, &address, &error), error);
    *ret_place = address;
    return is_there;
}

/* Read a place off an expression of the forms that compilers give variables of one place. */
static bool static_place(struct sym_dwarf *dwarf, Dwarf_Die die, struct trace_cursor expression,
                         bool is_local, uint64_t *ret_place)
{
    const unsigned operation = trace_get_byte(&expression);
    bool is_known = false;
    switch (operation) {
    case DW_OP_addr:
    case DW_OP_const8u:
        is_known = (operation == DW_OP_const8u) == is_local;
        *ret_place = sym_get_fixed(&expression, sizeof *ret_place);
        break;
    case DW_OP_addrx:
    case DW_OP_GNU_addr_index:
        is_known = !is_local && indexed_place(dwarf, die, trace_get_varint(&expression), ret_place);
        break;
    case DW_OP_constx:
    case DW_OP_GNU_const_index:
        is_known = is_local && indexed_place(dwarf, die, trace_get_varint(&expression), ret_place);
        break;
    default:
        break;
    }
    if (is_known && is_local) {
        const unsigned last = trace_get_byte(&expression);
        is_known = last == DW_OP_form_tls_address || last == DW_OP_GNU_push_tls_address;
    }
    return is_known && !expression.is_bad && expression.next == expression.end;
}

/* Return: an attribute's expression, empty if it is none: DWARF 2 and 3 have it in a block. */
static struct trace_cursor expression_of(struct sym_dwarf *dwarf, Dwarf_Attribute attribute)
{
    Dwarf_Unsigned length = 0;
    Dwarf_Ptr bytes = NULL;
    Dwarf_Block *block = NULL;
    Dwarf_Half form = 0;
    Dwarf_Error error = NULL;
    if (!sym_dwarf_is_there(dwarf, dwarf_whatform(attribute, &form, &error), error)) {
        length = 0;
    } else if (form == DW_FORM_exprloc) {
        (void)sym_dwarf_is_there(dwarf, dwarf_formexprloc(attribute, &length, &bytes, &error),
                                 error);
    } else if ((form == DW_FORM_block1 || form == DW_FORM_block) &&
               sym_dwarf_is_there(dwarf, dwarf_formblock(attribute, &block, &error), error)) {
        length = block->bl_len;
        bytes = block->bl_data;
        dwarf_dealloc(dwarf->debug, block, DW_DLA_BLOCK); // the bytes are the section's
    }
    return trace_cursor_over(bytes != NULL ? bytes : (const void *)"", length);
}

bool sym_dwarf_static_place(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die, bool is_local,
                            uint64_t *ret_place)
{
    Dwarf_Attribute attribute = NULL;
    Dwarf_Error error = NULL;
    if (!sym_dwarf_is_there(dwarf, dwarf_attr(die, DW_AT_location, &attribute, &error), error)) {
        return false;
    }
    bool is_place = static_place(dwarf, die, expression_of(dwarf, attribute), is_local, ret_place);
    dwarf_dealloc_attribute(attribute);
    return is_place;
}
