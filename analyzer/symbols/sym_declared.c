/*
 * A walk through the trees of all units: no index says where data is declared. First past the
 * functions, which hold most of the entries, and into them only for what was not found outside
 * (variables that are static in a function).
 */
#include "sym_declared.h"

#include <stdlib.h>

#include "sym_dwarf.h"
#include "sym_line_program.h"

enum { DEPTH_MAX = 400 };

/* Entries that are looked at before the file is called hostile; python3.11 has 800,000. */
#define WORK_MAX 100000000U

struct finding {
    struct sym_dwarf *dwarf;
    struct sym_line_sections sections;
    bool is_local;
    bool is_everywhere; /* the second walk */
    const uint64_t *places;
    bool *is_found; /* of each place */
    size_t count;
    size_t left; /* not found yet */
    uint64_t work;
    uint64_t last_offset; /* of the entry read last */
    sym_debug_sink sink;
    void *context;
    bool has_memory;
    /* of this unit */
    struct sym_line_program *program; /* NULL: has none, or nothing was found in it yet */
    struct Dwarf_Die_s *unit;
};

static int compare_places(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

static void open_line_program(struct finding *finding)
{
    uint64_t offset = 0;
    if (finding->program == NULL &&
        sym_dwarf_line_program(finding->dwarf, finding->unit, &offset)) {
        finding->program = sym_line_program_new(&finding->sections, offset);
    }
}

static void visit_variable(struct finding *finding, struct Dwarf_Die_s *die)
{
    uint64_t place = 0;
    if (!sym_dwarf_static_place(finding->dwarf, die, finding->is_local, &place)) {
        return;
    }
    const uint64_t *wanted =
        bsearch(&place, finding->places, finding->count, sizeof place, compare_places);
    struct sym_dwarf_call at = sym_dwarf_declaration(finding->dwarf, die);
    if (wanted == NULL || finding->is_found[wanted - finding->places] || at.line == 0) {
        return;
    }
    open_line_program(finding);
    char *path = finding->program != NULL
                     ? sym_line_program_path(finding->program, at.file,
                                             sym_dwarf_directory(finding->dwarf, finding->unit))
                     : NULL;
    if (path != NULL) {
        const struct sym_debug_frame frame = {.file = path, .line = at.line};
        finding->is_found[wanted - finding->places] = true;
        finding->left--;
        finding->has_memory = finding->sink(finding->context, place, &frame, 1);
    }
    free(path);
}

/* Return: whether to go on: a walk meets entries in the order of the file, or it would not end. */
static bool is_next(struct finding *finding, struct Dwarf_Die_s *die)
{
    uint64_t offset = sym_dwarf_offset(finding->dwarf, die);
    bool is_good = offset > finding->last_offset && finding->work > 0;
    finding->last_offset = offset;
    finding->work -= finding->work > 0 ? 1 : 0;
    return is_good && finding->has_memory && finding->left > 0;
}

static void visit_children(struct finding *finding, struct Dwarf_Die_s *parent, unsigned depth)
{
    struct Dwarf_Die_s *die = depth < DEPTH_MAX ? sym_dwarf_child(finding->dwarf, parent) : NULL;
    while (die != NULL && is_next(finding, die)) {
        enum sym_die_kind kind = sym_dwarf_kind(finding->dwarf, die);
        bool is_function = kind == SYM_DIE_FUNCTION || kind == SYM_DIE_INLINED;
        if (kind == SYM_DIE_VARIABLE) {
            visit_variable(finding, die);
        } else if (kind == SYM_DIE_SCOPE || (is_function && finding->is_everywhere)) {
            visit_children(finding, die, depth + 1);
        }
        die = sym_dwarf_sibling(finding->dwarf, die);
    }
    sym_dwarf_die_free(die);
}

static void visit_unit(struct finding *finding, uint64_t offset)
{
    finding->unit = sym_dwarf_die(finding->dwarf, offset);
    if (finding->unit != NULL) {
        finding->last_offset = offset;
        visit_children(finding, finding->unit, 0);
    }
    sym_line_program_free(finding->program);
    sym_dwarf_die_free(finding->unit);
    finding->program = NULL;
}

static struct sym_section section_of(const struct elf_file *file, const char *name)
{
    struct sym_section section = {0};
    return elf_file_section(file, name, &section.bytes, &section.size) ? section
                                                                       : (struct sym_section){0};
}

/* Walk over all units once. */
static enum trace_status walk(struct finding *finding, const struct sym_debug_files *files,
                              struct trace_error *error)
{
    struct sym_dwarf_unit unit;
    struct sym_dwarf *alternate = NULL;
    enum trace_status status = sym_dwarf_open(files->file->fd, &finding->dwarf, error);
    if (status != TRACE_OK) {
        return status;
    }
    if (files->alternate != NULL &&
        sym_dwarf_open(files->alternate->fd, &alternate, NULL) == TRACE_OK) {
        sym_dwarf_set_alternate(finding->dwarf, alternate);
    }
    while (finding->left > 0 && finding->has_memory && sym_dwarf_next_unit(finding->dwarf, &unit)) {
        if (unit.is_compile_unit && !unit.is_split) {
            visit_unit(finding, unit.die_offset);
        }
    }
    sym_dwarf_free(finding->dwarf);
    sym_dwarf_free(alternate);
    return TRACE_OK;
}

enum trace_status sym_declared_find(const struct sym_debug_files *files, bool is_local,
                                    const uint64_t *places, size_t count, sym_debug_sink sink,
                                    void *context, struct trace_error *error)
{
    struct finding finding = {
        .sections = {.line = section_of(files->file, ".debug_line"),
                     .line_strings = section_of(files->file, ".debug_line_str"),
                     .strings = section_of(files->file, ".debug_str")},
        .is_local = is_local,
        .places = places,
        .is_found = calloc(count + 1, sizeof *finding.is_found),
        .count = count,
        .left = count,
        .work = WORK_MAX,
        .sink = sink,
        .context = context,
        .has_memory = true,
    };
    enum trace_status status = finding.is_found != NULL ? walk(&finding, files, error) : TRACE_OK;
    if (status == TRACE_OK && finding.is_found != NULL && finding.left > 0) {
        finding.is_everywhere = true;
        status = walk(&finding, files, error);
    }
    if (finding.is_found == NULL || !finding.has_memory) {
        status = trace_fail(error, TRACE_NOMEM, 0, "no memory for debug information");
    }
    free(finding.is_found);
    return status;
}
