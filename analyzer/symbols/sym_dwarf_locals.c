/*
 * Where locals are at one place of the code, of those in memory that count from the frame or a
 * register of it. What is computed in another way, and what is in a register, is in no word.
 * Source: DWARF 5, sections 2.6 (locations), 3.3.5 (frame base), 4.1 (variables); System V ABI for
 * x86-64, 3.6.2 (numbers of registers).
 */
#include <dwarf.h>
#include <libdwarf.h>
#include <string.h>

#include "sym_dwarf_internal.h"

enum { REGISTER_BP = 6, REGISTER_SP = 7, WORD_BYTES = 8 };
enum { PARTS_MAX = 64, CHAIN_MAX = 16, DIMENSIONS_MAX = 16 };

/* A location: an operation, or several with the bytes of the piece that each is of. */
struct part {
    Dwarf_Small code;
    Dwarf_Unsigned operand;
    Dwarf_Unsigned bytes; /* 0: all */
};

struct location {
    struct part parts[PARTS_MAX];
    size_t count;
};

/* Read an expression's operations. Return: false if one is broken. */
static bool read_operations(struct sym_dwarf *dwarf, Dwarf_Locdesc_c entry, Dwarf_Unsigned count,
                            struct location *ret_location)
{
    bool is_good = count <= PARTS_MAX;
    ret_location->count = 0;
    for (Dwarf_Unsigned i = 0; i < count && is_good; i++) {
        struct part part = {0};
        Dwarf_Unsigned others[6] = {0};
        Dwarf_Error error = NULL;
        int result = dwarf_get_location_op_value_d(entry, i, &part.code, &part.operand, &others[0],
                                                   &others[1], &others[2], &others[3], &others[4],
                                                   &others[5], &error);
        is_good = sym_dwarf_is_there(dwarf, result, error);
        if (part.code != DW_OP_piece) {
            ret_location->parts[ret_location->count++] = part;
        } else if (ret_location->count > 0) {
            ret_location->parts[ret_location->count - 1].bytes = part.operand;
        }
    }
    return is_good;
}

/* Read the entry of a location if it holds at @pc. */
static bool read_entry(struct sym_dwarf *dwarf, Dwarf_Loc_Head_c head, Dwarf_Unsigned index,
                       uint64_t pc, struct location *ret_location)
{
    Dwarf_Small kind = 0;
    Dwarf_Unsigned raw[2] = {0};
    Dwarf_Bool is_unknown = 0;
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    Dwarf_Unsigned count = 0;
    Dwarf_Locdesc_c entry = NULL;
    Dwarf_Small source = 0;
    Dwarf_Unsigned offsets[2] = {0};
    Dwarf_Error error = NULL;
    int result =
        dwarf_get_locdesc_entry_d(head, index, &kind, &raw[0], &raw[1], &is_unknown, &low, &high,
                                  &count, &entry, &source, &offsets[0], &offsets[1], &error);
    bool is_everywhere = source == DW_LKIND_expression; // one place, all the time
    return sym_dwarf_is_there(dwarf, result, error) && !is_unknown &&
           (is_everywhere || (pc >= low && pc < high)) &&
           read_operations(dwarf, entry, count, ret_location);
}

/* Read an attribute that is a location. Return: false if it has none at @pc. */
static bool read_location(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half name, uint64_t pc,
                          struct location *ret_location)
{
    Dwarf_Attribute attribute = NULL;
    Dwarf_Loc_Head_c head = NULL;
    Dwarf_Unsigned count = 0;
    Dwarf_Error error = NULL;
    if (!sym_dwarf_is_there(dwarf, dwarf_attr(die, name, &attribute, &error), error)) {
        return false;
    }
    bool is_found = false;
    error = NULL;
    if (sym_dwarf_is_there(dwarf, dwarf_get_loclist_c(attribute, &head, &count, &error), error)) {
        for (Dwarf_Unsigned i = 0; i < count && !is_found; i++) {
            is_found = read_entry(dwarf, head, i, pc, ret_location);
        }
        dwarf_loc_head_c_dealloc(head);
    }
    dwarf_dealloc_attribute(attribute);
    return is_found;
}

/* Return: whether a register of a frame is known. */
static bool register_of(const struct stack_word *word, unsigned number, uint64_t *ret_value)
{
    *ret_value = number == REGISTER_BP ? word->bp : word->sp;
    return number == REGISTER_BP || number == REGISTER_SP;
}

bool sym_dwarf_frame_base(struct sym_dwarf *dwarf, struct Dwarf_Die_s *function,
                          const struct stack_word *word, uint64_t *ret_base)
{
    struct location location;
    if (!read_location(dwarf, function, DW_AT_frame_base, word->pc, &location) ||
        location.count != 1) {
        return false;
    }
    const struct part *part = &location.parts[0];
    if (part->code == DW_OP_call_frame_cfa) {
        *ret_base = word->cfa;
        return true;
    }
    bool is_based = part->code >= DW_OP_breg0 && part->code <= DW_OP_breg31;
    unsigned number = part->code - (unsigned)(is_based ? DW_OP_breg0 : DW_OP_reg0);
    bool is_known = register_of(word, number, ret_base);
    *ret_base += is_based ? part->operand : 0;
    return is_known;
}

/* Return: how many elements a dimension of an array has; 0 if that is not constant. */
static uint64_t dimension_count(struct sym_dwarf *dwarf, Dwarf_Die dimension)
{
    uint64_t count = sym_dwarf_number(dwarf, dimension, DW_AT_count);
    return count > 0 ? count : sym_dwarf_number(dwarf, dimension, DW_AT_upper_bound) + 1;
}

/* Return: how many elements an array has. */
static uint64_t element_count(struct sym_dwarf *dwarf, Dwarf_Die array)
{
    uint64_t count = 1;
    Dwarf_Die dimension = sym_dwarf_child(dwarf, array);
    for (int i = 0; i < DIMENSIONS_MAX && dimension != NULL; i++) {
        count *= dimension_count(dwarf, dimension);
        dimension = sym_dwarf_sibling(dwarf, dimension);
    }
    sym_dwarf_die_free(dimension);
    return count;
}

/* Return: the type of a variable or type, at the end of its origins; NULL if it has none. */
static Dwarf_Die type_of(struct sym_dwarf **dwarf, Dwarf_Die die)
{
    Dwarf_Die link = die;
    Dwarf_Die type = NULL;
    for (int i = 0; i < CHAIN_MAX && link != NULL && type == NULL; i++) {
        struct sym_dwarf *from = *dwarf;
        type = sym_dwarf_follow(from, link, DW_AT_type, dwarf);
        Dwarf_Die next =
            type == NULL ? sym_dwarf_follow(from, link, DW_AT_abstract_origin, dwarf) : NULL;
        if (link != die) {
            sym_dwarf_die_free(link);
        }
        link = next;
    }
    if (link != die) {
        sym_dwarf_die_free(link);
    }
    return type;
}

/* Return: how many bytes a variable has; 0 unknown. */
static uint64_t bytes_of(struct sym_dwarf *dwarf, Dwarf_Die variable)
{
    uint64_t bytes = 0;
    uint64_t count = 1;
    Dwarf_Die type = type_of(&dwarf, variable);
    for (int i = 0; i < CHAIN_MAX && type != NULL && bytes == 0; i++) {
        Dwarf_Half tag = 0;
        Dwarf_Error error = NULL;
        (void)sym_dwarf_is_there(dwarf, dwarf_tag(type, &tag, &error), error);
        bytes = sym_dwarf_number(dwarf, type, DW_AT_byte_size);
        bool is_pointer = tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type ||
                          tag == DW_TAG_rvalue_reference_type;
        bytes = bytes == 0 && is_pointer ? WORD_BYTES : bytes;
        count *= bytes == 0 && tag == DW_TAG_array_type ? element_count(dwarf, type) : 1;
        Dwarf_Die next = bytes == 0 ? type_of(&dwarf, type) : NULL;
        sym_dwarf_die_free(type);
        type = next;
    }
    sym_dwarf_die_free(type);
    return bytes * count;
}

bool sym_dwarf_is_local(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    Dwarf_Half tag = 0;
    Dwarf_Error error = NULL;
    return sym_dwarf_is_there(dwarf, dwarf_tag(die, &tag, &error), error) &&
           (tag == DW_TAG_variable || tag == DW_TAG_formal_parameter);
}

bool sym_dwarf_local_has(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die, uint64_t base,
                         const struct stack_word *word)
{
    struct location location;
    if (!read_location(dwarf, die, DW_AT_location, word->pc, &location)) {
        return false;
    }
    const bool is_whole = location.count == 1 && location.parts[0].bytes == 0;
    bool is_found = false;
    for (size_t i = 0; i < location.count && !is_found; i++) {
        const struct part *part = &location.parts[i];
        uint64_t start = base;
        bool is_based = part->code >= DW_OP_breg0 && part->code <= DW_OP_breg31;
        bool is_there = part->code == DW_OP_fbreg ||
                        (is_based && register_of(word, (unsigned)part->code - DW_OP_breg0, &start));
        uint64_t offset = word->address - (start + part->operand);
        is_found = is_there && offset < (is_whole ? bytes_of(dwarf, die) : part->bytes);
    }
    return is_found;
}

static bool is_never(const void *context, uint64_t unit_offset)
{
    (void)context;
    (void)unit_offset;
    return false;
}

const char *sym_dwarf_local_name(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    return sym_dwarf_function_name(dwarf, die, is_never, NULL).text;
}
