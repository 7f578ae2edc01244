/*
 * A .dwo file may hold type units as well: the tree is the first unit with the skeleton's dwo_id.
 * Sections of a package are cut down to what is the unit's, so that libdwarf sees the same in both
 * cases. (That of Debian 12 does not come to an end with the packages of DWARF 5.)
 */
#include "sym_split.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pattern.h"
#include "sym_dwp.h"

/* Units looked at in a .dwo file. */
enum { UNITS_MAX = 65536 };

/* Read a file as the unit's tree. @sections: of it. Return: whether it is. */
static bool open_tree(struct sym_split_unit *unit, struct sym_dwarf *program, int fd,
                      const struct sym_split_sections *sections, uint64_t dwo_id)
{
    unit->tables.lists = sections->items[SYM_SPLIT_RNGLISTS];
    unit->tables.string_offsets = sections->items[SYM_SPLIT_STR_OFFSETS];
    unit->tables.strings = sections->items[SYM_SPLIT_STR];
    if (sym_dwarf_open(fd, &unit->dwarf, NULL) != TRACE_OK) {
        return false;
    }
    sym_dwarf_set_program(unit->dwarf, program, &unit->tables);
    for (int i = 0; i < UNITS_MAX && sym_dwarf_next_unit(unit->dwarf, &unit->facts); i++) {
        if (unit->facts.is_compile_unit && unit->facts.dwo_id == dwo_id) {
            unit->die = sym_dwarf_die(unit->dwarf, unit->facts.die_offset);
            return unit->die != NULL;
        }
    }
    sym_dwarf_free(unit->dwarf);
    unit->dwarf = NULL;
    return false;
}

/* Try one file. Return: whether it has the tree. @ret_refused: set if it is there, and has not. */
static bool try_file(struct sym_split_unit *unit, struct sym_dwarf *program, uint64_t dwo_id,
                     char *ret_refused, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static bool try_file(struct sym_split_unit *unit, struct sym_dwarf *program, uint64_t dwo_id,
                     char *ret_refused, const char *format, ...)
{
    char path[PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof path ||
        elf_file_open(path, &unit->file, NULL) != TRACE_OK) {
        return false;
    }
    struct sym_split_sections sections = sym_dwp_whole(&unit->file);
    if (open_tree(unit, program, unit->file.fd, &sections, dwo_id)) {
        return true;
    }
    elf_file_close(&unit->file);
    (void)snprintf(ret_refused, PATH_MAX, "%s", path);
    return false;
}

/* Look for the .dwo file that the compiler named. */
static bool try_files(const struct sym_split_places *places, struct sym_dwarf *program,
                      struct Dwarf_Die_s *skeleton, const char *name, uint64_t dwo_id,
                      struct sym_split_unit *unit, char *ret_refused)
{
    const char *root = places->sysroot_dir != NULL ? places->sysroot_dir : "";
    const char *symbols = places->symbols_dir;
    const char *directory = sym_dwarf_directory(program, skeleton);
    const char *base = pattern_base_name(name);
    if (symbols != NULL && (try_file(unit, program, dwo_id, ret_refused, "%s/%s", symbols, name) ||
                            try_file(unit, program, dwo_id, ret_refused, "%s/%s", symbols, base))) {
        return true;
    }
    return name[0] == '/' || directory == NULL
               ? try_file(unit, program, dwo_id, ret_refused, "%s%s", root, name)
               : try_file(unit, program, dwo_id, ret_refused, "%s%s/%s", root, directory, name);
}

/* Look for the unit in the package. */
static bool try_package(struct sym_split_unit *unit, const struct elf_file *package,
                        struct sym_dwarf *program, uint64_t dwo_id)
{
    struct sym_split_sections sections;
    if (package == NULL || !sym_dwp_find(package, dwo_id, &sections)) {
        return false;
    }
    unit->fd = sym_dwp_as_file(&sections);
    return unit->fd >= 0 && open_tree(unit, program, unit->fd, &sections, dwo_id);
}

bool sym_split_open(const struct sym_split_places *places, struct sym_dwarf *program,
                    struct Dwarf_Die_s *skeleton, const struct sym_dwarf_unit *facts,
                    const struct sym_section *addresses, struct sym_split_unit *ret_unit)
{
    char refused[PATH_MAX] = "";
    char text[400];
    const char *name = sym_dwarf_split_name(program, skeleton);
    *ret_unit = (struct sym_split_unit){
        .file.fd = -1,
        .fd = -1,
        .tables = {.addresses = *addresses,
                   .address_base = sym_dwarf_address_base(program, skeleton)}};
    if (try_package(ret_unit, places->package, program, facts->dwo_id) ||
        (name != NULL &&
         try_files(places, program, skeleton, name, facts->dwo_id, ret_unit, refused))) {
        return true;
    }
    if (refused[0] != '\0') {
        (void)snprintf(text, sizeof text, "%.300s is not used: it is of another build", refused);
    } else {
        (void)snprintf(text, sizeof text,
                       "%.200s is missing, a part of it (-gsplit-dwarf); keep it, or make a "
                       "package with dwp",
                       name != NULL ? name : "a .dwo file");
    }
    sym_dwarf_complain(program, text);
    return false;
}

void sym_split_close(struct sym_split_unit *unit)
{
    sym_dwarf_die_free(unit->die);
    sym_dwarf_free(unit->dwarf);
    elf_file_close(&unit->file);
    if (unit->fd >= 0) {
        (void)close(unit->fd);
    }
    *unit = (struct sym_split_unit){.file.fd = -1, .fd = -1};
}

bool sym_split_names_are_linked(const void *context, uint64_t die_offset)
{
    const struct sym_split_unit *unit = context;
    (void)die_offset;
    return unit->facts.names_are_linked;
}
