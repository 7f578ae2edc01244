/*
 * With sym_dwarf_ranges.c the only user of libdwarf.h. They absorb its versions: 20210528 (Debian
 * 12), which has no version macro, and those from 0.2 on, which have DW_LIBDWARF_VERSION_MAJOR.
 *
 * Every call is given a place for its error, so libdwarf never gets to its own way of failing,
 * which is to print and abort; a handler is installed as well, that does nothing. What a call
 * returns is one of three: there, not there, broken. Broken is remembered once and then treated as
 * not there.
 */
#include "sym_dwarf.h"

#include <dwarf.h>
#include <libdwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sym_dwarf_internal.h"

/* Longest chain of origins and specifications; real ones have three links. */
enum { CHAIN_MAX = 16 };

static void ignore_error(Dwarf_Error error, Dwarf_Ptr context)
{
    (void)error;
    (void)context;
}

const char *sym_dwarf_complaint(const struct sym_dwarf *dwarf)
{
    return dwarf->complaint[0] != '\0' ? dwarf->complaint : NULL;
}

void sym_dwarf_complain(struct sym_dwarf *dwarf, const char *text)
{
    if (dwarf->complaint[0] == '\0') {
        (void)snprintf(dwarf->complaint, sizeof dwarf->complaint, "%s", text);
    }
}

bool sym_dwarf_is_there(struct sym_dwarf *dwarf, int result, Dwarf_Error error)
{
    if (result == DW_DLV_ERROR) {
        sym_dwarf_complain(dwarf, dwarf_errmsg(error));
        dwarf_dealloc_error(dwarf->debug, error);
    }
    return result == DW_DLV_OK;
}

static int init_debug(int fd, Dwarf_Debug *debug, Dwarf_Error *error)
{
#ifdef DW_LIBDWARF_VERSION_MAJOR
    return dwarf_init_b(fd, DW_GROUPNUMBER_ANY, ignore_error, NULL, debug, error);
#else
    return dwarf_init_b(fd, DW_DLC_READ, DW_GROUPNUMBER_ANY, ignore_error, NULL, debug, error);
#endif
}

static void finish_debug(Dwarf_Debug debug)
{
#ifdef DW_LIBDWARF_VERSION_MAJOR
    (void)dwarf_finish(debug);
#else
    Dwarf_Error error = NULL;
    (void)dwarf_finish(debug, &error);
#endif
}

enum trace_status sym_dwarf_open(int fd, struct sym_dwarf **ret_dwarf, struct trace_error *error)
{
    struct sym_dwarf *dwarf = calloc(1, sizeof *dwarf);
    if (dwarf == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for debug information");
    }
    Dwarf_Error failure = NULL;
    int result = init_debug(fd, &dwarf->debug, &failure);
    if (result != DW_DLV_OK) {
        (void)sym_dwarf_is_there(dwarf, result, failure);
        enum trace_status status =
            trace_fail(error, result == DW_DLV_NO_ENTRY ? TRACE_NOT_FOUND : TRACE_CORRUPT, 0,
                       "debug information: %s", dwarf->complaint);
        free(dwarf);
        return status;
    }
    *ret_dwarf = dwarf;
    return TRACE_OK;
}

void sym_dwarf_free(struct sym_dwarf *dwarf)
{
    if (dwarf != NULL) {
        finish_debug(dwarf->debug);
        free(dwarf);
    }
}

void sym_dwarf_set_program(struct sym_dwarf *dwarf, struct sym_dwarf *program,
                           const struct sym_split_tables *tables)
{
    Dwarf_Error error = NULL;
    dwarf->split = tables;
    (void)sym_dwarf_is_there(dwarf, dwarf_set_tied_dbg(dwarf->debug, program->debug, &error),
                             error);
}

void sym_dwarf_set_alternate(struct sym_dwarf *dwarf, struct sym_dwarf *alternate)
{
    Dwarf_Error error = NULL;
    dwarf->alternate = alternate;
    (void)sym_dwarf_is_there(dwarf, dwarf_set_tied_dbg(dwarf->debug, alternate->debug, &error),
                             error);
}

/* Languages whose compilers mangle. Of the others, DW_AT_name is what the linker sees. */
static bool language_mangles(Dwarf_Unsigned language)
{
    switch (language) {
    case DW_LANG_C89:
    case DW_LANG_C:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_Cobol74:
    case DW_LANG_Cobol85:
    case DW_LANG_Fortran77:
    case DW_LANG_Pascal83:
    case DW_LANG_PLI:
    case DW_LANG_UPC:
    case DW_LANG_Mips_Assembler:
        return false;
    default:
        return true;
    }
}

static bool has_attribute(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half name)
{
    Dwarf_Bool is_present = 0;
    Dwarf_Error error = NULL;
    return sym_dwarf_is_there(dwarf, dwarf_hasattr(die, name, &is_present, &error), error) &&
           is_present;
}

uint64_t sym_dwarf_number(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half name)
{
    Dwarf_Attribute attribute = NULL;
    Dwarf_Unsigned value = 0;
    Dwarf_Signed signed_value = 0;
    Dwarf_Error error = NULL;
    if (!sym_dwarf_is_there(dwarf, dwarf_attr(die, name, &attribute, &error), error)) {
        return 0;
    }
    if (dwarf_formudata(attribute, &value, &error) != DW_DLV_OK) {
        dwarf_dealloc_error(dwarf->debug, error);
        error = NULL;
        bool is_number =
            sym_dwarf_is_there(dwarf, dwarf_formsdata(attribute, &signed_value, &error), error);
        value = is_number && signed_value > 0 ? (Dwarf_Unsigned)signed_value : 0;
    }
    dwarf_dealloc_attribute(attribute);
    return value;
}

/*
 * Look a string of a split unit up by its index: libdwarf 20210528 counts it from the skeleton's
 * DW_AT_str_offsets_base, which is meant for the program's section.
 * Return: whether it is such a string. Source: DWARF 5, section 7.26.
 */
static bool split_text_of(const struct sym_dwarf *dwarf, Dwarf_Attribute attribute,
                          const char **ret_text)
{
    Dwarf_Half form = 0;
    Dwarf_Unsigned index = 0;
    Dwarf_Error error = NULL;
    if (dwarf->split == NULL || dwarf_whatform(attribute, &form, &error) != DW_DLV_OK) {
        return false;
    }
    bool is_indexed = form == DW_FORM_strx || (form >= DW_FORM_strx1 && form <= DW_FORM_strx4);
    if (!is_indexed || dwarf_get_debug_str_index(attribute, &index, &error) != DW_DLV_OK) {
        return false;
    }
    *ret_text = sym_split_string(dwarf->split, index);
    return true;
}

/* Return: an attribute's value as a string, or NULL. */
static const char *text_of(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half name)
{
    Dwarf_Attribute attribute = NULL;
    char *text = NULL;
    Dwarf_Error error = NULL;
    if (!sym_dwarf_is_there(dwarf, dwarf_attr(die, name, &attribute, &error), error)) {
        return NULL;
    }
    const char *split_text = NULL;
    bool is_text = true;
    if (!split_text_of(dwarf, attribute, &split_text)) {
        is_text = sym_dwarf_is_there(dwarf, dwarf_formstring(attribute, &text, &error), error);
        split_text = text;
    }
    dwarf_dealloc_attribute(attribute);
    return is_text ? split_text : NULL;
}

bool sym_dwarf_next_unit(struct sym_dwarf *dwarf, struct sym_dwarf_unit *ret_unit)
{
    Dwarf_Unsigned header_bytes = 0;
    Dwarf_Unsigned abbreviations = 0;
    Dwarf_Unsigned type_offset = 0;
    Dwarf_Unsigned next = 0;
    Dwarf_Half version = 0;
    Dwarf_Half address_bytes = 0;
    Dwarf_Half length_bytes = 0;
    Dwarf_Half extension_bytes = 0;
    Dwarf_Half unit_type = 0;
    Dwarf_Sig8 signature;
    Dwarf_Error error = NULL;
    int result = dwarf_next_cu_header_d(dwarf->debug, 1, &header_bytes, &version, &abbreviations,
                                        &address_bytes, &length_bytes, &extension_bytes, &signature,
                                        &type_offset, &next, &unit_type, &error);
    if (!sym_dwarf_is_there(dwarf, result, error)) {
        return false;
    }
    Dwarf_Die die = NULL;
    *ret_unit = (struct sym_dwarf_unit){0};
    if (!sym_dwarf_is_there(dwarf, dwarf_siblingof_b(dwarf->debug, NULL, 1, &die, &error), error)) {
        return true; // a unit without a DIE: nothing in it, go on
    }
    Dwarf_Half tag = 0;
    Dwarf_Unsigned language = 0;
    ret_unit->die_offset = sym_dwarf_offset(dwarf, die);
    if (sym_dwarf_is_there(dwarf, dwarf_tag(die, &tag, &error), error)) {
        ret_unit->is_compile_unit = tag == DW_TAG_compile_unit || tag == DW_TAG_skeleton_unit;
    }
    ret_unit->is_split =
        tag == DW_TAG_skeleton_unit || has_attribute(dwarf, die, DW_AT_GNU_dwo_name);
    ret_unit->dwo_id = sym_dwarf_number(dwarf, die, DW_AT_GNU_dwo_id);
    if (version >= 5) {
        memcpy(&ret_unit->dwo_id, signature.signature, sizeof ret_unit->dwo_id);
    }
    bool has_language = sym_dwarf_is_there(dwarf, dwarf_srclang(die, &language, &error), error);
    ret_unit->names_are_linked = has_language && !language_mangles(language);
    dwarf_dealloc_die(die);
    return true;
}

struct Dwarf_Die_s *sym_dwarf_die(struct sym_dwarf *dwarf, uint64_t offset)
{
    Dwarf_Die die = NULL;
    Dwarf_Error error = NULL;
    int result = dwarf_offdie_b(dwarf->debug, offset, 1, &die, &error);
    return sym_dwarf_is_there(dwarf, result, error) ? die : NULL;
}

struct Dwarf_Die_s *sym_dwarf_child(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    Dwarf_Die child = NULL;
    Dwarf_Error error = NULL;
    return sym_dwarf_is_there(dwarf, dwarf_child(die, &child, &error), error) ? child : NULL;
}

struct Dwarf_Die_s *sym_dwarf_sibling(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    Dwarf_Die sibling = NULL;
    Dwarf_Error error = NULL;
    int result = dwarf_siblingof_b(dwarf->debug, die, 1, &sibling, &error);
    dwarf_dealloc_die(die);
    return sym_dwarf_is_there(dwarf, result, error) ? sibling : NULL;
}

void sym_dwarf_die_free(struct Dwarf_Die_s *die)
{
    if (die != NULL) {
        dwarf_dealloc_die(die);
    }
}

uint64_t sym_dwarf_offset(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    Dwarf_Off offset = 0;
    Dwarf_Error error = NULL;
    return sym_dwarf_is_there(dwarf, dwarf_dieoffset(die, &offset, &error), error) ? offset : 0;
}

enum sym_die_kind sym_dwarf_kind(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    Dwarf_Half tag = 0;
    Dwarf_Error error = NULL;
    if (!sym_dwarf_is_there(dwarf, dwarf_tag(die, &tag, &error), error)) {
        return SYM_DIE_OTHER;
    }
    switch (tag) {
    case DW_TAG_subprogram:
    case DW_TAG_entry_point:
        return SYM_DIE_FUNCTION;
    case DW_TAG_inlined_subroutine:
        return SYM_DIE_INLINED;
    case DW_TAG_variable:
        return SYM_DIE_VARIABLE;
    case DW_TAG_lexical_block:
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
        return SYM_DIE_SCOPE;
    default:
        return SYM_DIE_OTHER;
    }
}

uint64_t sym_dwarf_low(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    Dwarf_Addr low = 0;
    Dwarf_Error error = NULL;
    return sym_dwarf_is_there(dwarf, dwarf_lowpc(die, &low, &error), error) ? low : 0;
}

struct sym_dwarf_call sym_dwarf_call_site(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    uint64_t line = sym_dwarf_number(dwarf, die, DW_AT_call_line);
    uint64_t column = sym_dwarf_number(dwarf, die, DW_AT_call_column);
    return (struct sym_dwarf_call){.file = sym_dwarf_number(dwarf, die, DW_AT_call_file),
                                   .line = line <= UINT32_MAX ? (uint32_t)line : 0,
                                   .column = column <= UINT32_MAX ? (uint32_t)column : 0};
}

Dwarf_Die sym_dwarf_follow(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half name,
                           struct sym_dwarf **ret_dwarf)
{
    Dwarf_Attribute attribute = NULL;
    Dwarf_Half form = 0;
    Dwarf_Off offset = 0;
    Dwarf_Error error = NULL;
    if (!sym_dwarf_is_there(dwarf, dwarf_attr(die, name, &attribute, &error), error)) {
        return NULL;
    }
    bool is_good =
        sym_dwarf_is_there(dwarf, dwarf_whatform(attribute, &form, &error), error) &&
        form != DW_FORM_ref_sig8 &&
        sym_dwarf_is_there(dwarf, dwarf_global_formref(attribute, &offset, &error), error);
    bool is_alternate =
        form == DW_FORM_GNU_ref_alt || form == DW_FORM_ref_sup4 || form == DW_FORM_ref_sup8;
    dwarf_dealloc_attribute(attribute);
    struct sym_dwarf *target = is_alternate ? dwarf->alternate : dwarf;
    if (!is_good || target == NULL) {
        return NULL;
    }
    *ret_dwarf = target;
    return sym_dwarf_die(target, offset);
}

struct sym_dwarf_call sym_dwarf_declaration(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    uint64_t line = sym_dwarf_number(dwarf, die, DW_AT_decl_line);
    struct sym_dwarf *other_dwarf = dwarf;
    Dwarf_Die other =
        line == 0 ? sym_dwarf_follow(dwarf, die, DW_AT_specification, &other_dwarf) : NULL;
    if (other != NULL && other_dwarf == dwarf) {
        die = other;
        line = sym_dwarf_number(dwarf, die, DW_AT_decl_line);
    }
    const struct sym_dwarf_call at = {.file = sym_dwarf_number(dwarf, die, DW_AT_decl_file),
                                      .line = line <= UINT32_MAX ? (uint32_t)line : 0};
    sym_dwarf_die_free(other);
    return at;
}

static bool unit_names_are_linked(struct sym_dwarf *dwarf, Dwarf_Die die,
                                  bool (*names_are_linked)(const void *, uint64_t),
                                  const void *context)
{
    Dwarf_Off unit = 0;
    Dwarf_Error error = NULL;
    return sym_dwarf_is_there(dwarf, dwarf_CU_dieoffset_given_die(die, &unit, &error), error) &&
           names_are_linked(context, unit);
}

struct sym_dwarf_name sym_dwarf_function_name(struct sym_dwarf *dwarf, struct Dwarf_Die_s *die,
                                              bool (*names_are_linked)(const void *context,
                                                                       uint64_t unit_offset),
                                              const void *context)
{
    struct sym_dwarf *start = dwarf;
    struct sym_dwarf_name name = {0};
    Dwarf_Die link = die;
    for (int i = 0; i < CHAIN_MAX && link != NULL; i++) {
        const char *linker_name = text_of(dwarf, link, DW_AT_linkage_name);
        if (linker_name == NULL) {
            linker_name = text_of(dwarf, link, DW_AT_MIPS_linkage_name);
        }
        if (linker_name != NULL) {
            name = (struct sym_dwarf_name){.text = linker_name, .is_linker_name = true};
            break;
        }
        if (name.text == NULL && (name.text = text_of(dwarf, link, DW_AT_name)) != NULL) {
            name.is_linker_name =
                dwarf == start && unit_names_are_linked(dwarf, link, names_are_linked, context);
        }
        struct sym_dwarf *next_dwarf = dwarf;
        Dwarf_Die next = sym_dwarf_follow(dwarf, link, DW_AT_abstract_origin, &next_dwarf);
        if (next == NULL) {
            next = sym_dwarf_follow(dwarf, link, DW_AT_specification, &next_dwarf);
        }
        if (link != die) {
            dwarf_dealloc_die(link);
        }
        link = next;
        dwarf = next_dwarf;
    }
    if (link != die) {
        sym_dwarf_die_free(link);
    }
    return name;
}

const char *sym_dwarf_directory(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die)
{
    return text_of(dwarf, unit_die, DW_AT_comp_dir);
}

const char *sym_dwarf_split_name(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die)
{
    const char *name = text_of(dwarf, unit_die, DW_AT_dwo_name);
    return name != NULL ? name : text_of(dwarf, unit_die, DW_AT_GNU_dwo_name);
}

/* Return: the value of an attribute that is an offset in a section, or 0. */
static uint64_t offset_of(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half name, bool *ret_found)
{
    Dwarf_Attribute attribute = NULL;
    Dwarf_Off offset = 0;
    Dwarf_Error error = NULL;
    *ret_found = false;
    if (!sym_dwarf_is_there(dwarf, dwarf_attr(die, name, &attribute, &error), error)) {
        return 0;
    }
    *ret_found = sym_dwarf_is_there(dwarf, dwarf_global_formref(attribute, &offset, &error), error);
    dwarf_dealloc_attribute(attribute);
    return *ret_found ? offset : 0;
}

uint64_t sym_dwarf_address_base(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die)
{
    bool is_found = false;
    uint64_t base = offset_of(dwarf, unit_die, DW_AT_addr_base, &is_found);
    return is_found ? base : offset_of(dwarf, unit_die, DW_AT_GNU_addr_base, &is_found);
}

bool sym_dwarf_line_program(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die,
                            uint64_t *ret_offset)
{
    bool is_found = false;
    uint64_t offset = offset_of(dwarf, unit_die, DW_AT_stmt_list, &is_found);
    if (is_found) {
        *ret_offset = offset;
    }
    return is_found;
}
