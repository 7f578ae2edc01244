/*
 * A walk through the trees of all units: no index says where data is declared. First past the
 * functions, which hold most of the entries, and into them only for what was not found outside
 * (variables that are static in a function).
 */
#include "sym_declared.h"

#include <stdlib.h>

#include "grow.h"
#include "sym_dwarf.h"
#include "sym_line_program.h"
#include "sym_split.h"

enum { DEPTH_MAX = 400 };

/* Entries that are looked at before the file is called hostile; python3.11 has 800,000. */
#define WORK_MAX 100000000U

struct finding {
    struct sym_dwarf *program;
    struct sym_dwarf_unit *units;
    size_t unit_count;
    size_t unit_capacity;
    struct sym_line_sections sections;
    struct sym_section addresses; /* .debug_addr */
    struct sym_split_places split_places;
    bool is_local;
    uint64_t template_addr; /* of thread-local ones: GCC 12 counts from 0 in .debug_addr */
    bool is_everywhere;     /* the second walk */
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
    struct sym_dwarf *dwarf;        /* where its tree is */
    struct sym_line_program *lines; /* NULL: has none, or nothing was found in it yet */
    struct Dwarf_Die_s *unit;       /* in the program: the skeleton of a split one */
};

static int compare_places(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

static const uint64_t *find_place(const struct finding *finding, uint64_t place)
{
    return bsearch(&place, finding->places, finding->count, sizeof place, compare_places);
}

static void open_line_program(struct finding *finding)
{
    uint64_t offset = 0;
    if (finding->lines == NULL &&
        sym_dwarf_line_program(finding->program, finding->unit, &offset)) {
        finding->lines = sym_line_program_new(&finding->sections, offset);
    }
}

static void visit_variable(struct finding *finding, struct Dwarf_Die_s *die)
{
    uint64_t place = 0;
    if (!sym_dwarf_static_place(finding->dwarf, die, finding->is_local, &place)) {
        return;
    }
    const uint64_t *wanted = find_place(finding, place);
    if (wanted == NULL && finding->is_local) {
        wanted = find_place(finding, place - finding->template_addr);
    }
    struct sym_dwarf_call at = sym_dwarf_declaration(finding->dwarf, die);
    if (wanted == NULL || finding->is_found[wanted - finding->places] || at.line == 0) {
        return;
    }
    open_line_program(finding);
    char *path = finding->lines != NULL
                     ? sym_line_program_path(finding->lines, at.file,
                                             sym_dwarf_directory(finding->program, finding->unit))
                     : NULL;
    if (path != NULL) {
        const struct sym_debug_frame frame = {.file = path, .line = at.line};
        finding->is_found[wanted - finding->places] = true;
        finding->left--;
        finding->has_memory = finding->sink(finding->context, *wanted, &frame, 1);
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

static void visit_tree(struct finding *finding, struct sym_dwarf *dwarf, struct Dwarf_Die_s *die)
{
    finding->dwarf = dwarf;
    finding->last_offset = sym_dwarf_offset(dwarf, die);
    visit_children(finding, die, 0);
}

static void visit_unit(struct finding *finding, const struct sym_dwarf_unit *facts)
{
    struct sym_split_unit split = {.file.fd = -1, .fd = -1};
    finding->unit = sym_dwarf_die(finding->program, facts->die_offset);
    if (finding->unit != NULL && !facts->is_split) {
        visit_tree(finding, finding->program, finding->unit);
    } else if (finding->unit != NULL &&
               sym_split_open(&finding->split_places, finding->program, finding->unit, facts,
                              &finding->addresses, &split)) {
        visit_tree(finding, split.dwarf, split.die);
    }
    sym_split_close(&split);
    sym_line_program_free(finding->lines);
    sym_dwarf_die_free(finding->unit);
    finding->lines = NULL;
}

static struct sym_section section_of(const struct elf_file *file, const char *name)
{
    struct sym_section section = {0};
    return elf_file_section(file, name, &section.bytes, &section.size) ? section
                                                                       : (struct sym_section){0};
}

/*
 * List the units: a walk through a split one's tree sets libdwarf back to the program's first unit.
 * Return: false without memory.
 */
static bool list_units(struct finding *finding)
{
    struct sym_dwarf_unit unit;
    while (sym_dwarf_next_unit(finding->program, &unit)) {
        struct sym_dwarf_unit *units =
            grow_array(finding->units, finding->unit_count, &finding->unit_capacity, sizeof *units);
        if (units == NULL) {
            return false;
        }
        finding->units = units;
        if (unit.is_compile_unit) {
            units[finding->unit_count++] = unit;
        }
    }
    return true;
}

/* Walk over all units, then once more for what was not found. */
static void walk(struct finding *finding)
{
    finding->has_memory = list_units(finding);
    for (int round = 0; round < 2; round++) {
        finding->is_everywhere = round > 0;
        for (size_t i = 0; i < finding->unit_count && finding->left > 0 && finding->has_memory;
             i++) {
            visit_unit(finding, &finding->units[i]);
        }
    }
}

enum trace_status sym_declared_find(const struct sym_debug_files *files, bool is_local,
                                    const uint64_t *places, size_t count, sym_debug_sink sink,
                                    void *context, struct trace_error *error)
{
    struct finding finding = {
        .sections = {.line = section_of(files->file, ".debug_line"),
                     .line_strings = section_of(files->file, ".debug_line_str"),
                     .strings = section_of(files->file, ".debug_str")},
        .addresses = section_of(files->file, ".debug_addr"),
        .split_places = {.package = files->package,
                         .symbols_dir = files->symbols_dir,
                         .sysroot_dir = files->sysroot_dir},
        .is_local = is_local,
        .places = places,
        .is_found = calloc(count + 1, sizeof *finding.is_found),
        .count = count,
        .left = count,
        .work = WORK_MAX,
        .sink = sink,
        .context = context,
    };
    struct sym_dwarf *alternate = NULL;
    GElf_Phdr thread_locals;
    if (elf_file_thread_locals(files->file, &thread_locals)) {
        finding.template_addr = thread_locals.p_vaddr;
    }
    enum trace_status status = sym_dwarf_open(files->file->fd, &finding.program, error);
    if (status == TRACE_OK && files->alternate != NULL &&
        sym_dwarf_open(files->alternate->fd, &alternate, NULL) == TRACE_OK) {
        sym_dwarf_set_alternate(finding.program, alternate);
    }
    if (status == TRACE_OK && finding.is_found != NULL) {
        walk(&finding);
    }
    if (status == TRACE_OK && !finding.has_memory) {
        status = trace_fail(error, TRACE_NOMEM, 0, "no memory for debug information");
    }
    sym_dwarf_free(finding.program);
    sym_dwarf_free(alternate);
    free(finding.units);
    free(finding.is_found);
    return status;
}
