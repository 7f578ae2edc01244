/*
 * The order of work on one file: addresses are sorted by unit, each unit is read once, for all of
 * its addresses, and forgotten again. An address that a unit claims but says nothing about is
 * offered to the next unit that claims it; one that no unit claims, to the units that make no
 * claims.
 *
 * A frame's function comes from the scopes (sym_scopes.c). The innermost frame's file and line come
 * from the line table (sym_lines.c), those of the frames around it from where the inlined function
 * says that it was called.
 */
#include "sym_debug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "sym_dwarf.h"
#include "sym_line_program.h"
#include "sym_lines.h"
#include "sym_locals.h"
#include "sym_scopes.h"
#include "sym_split.h"
#include "sym_units.h"

/* Deepest inlining shown; and how often an address is offered to yet another unit. */
enum { FRAMES_MAX = 512, ROUNDS_MAX = 8 };

/*
 * DIEs, rows and address tests spent on one file before it is called hostile: 500 times what all of
 * python3.11 takes (12 MB of .debug_info).
 */
#define WORK_MAX 1000000000U

struct sym_debug {
    struct sym_dwarf *dwarf;
    struct sym_dwarf *alternate;
    struct sym_units *units;
    struct sym_line_sections sections;
    struct sym_section addresses; /* .debug_addr */
    struct sym_split_places places;
    uint64_t work;
};

/* Who takes the answers, and what is asked about the addresses. */
struct inquiry {
    sym_debug_sink sink;
    void *context;
    const struct stack_word *words; /* by pc, whose locals are wanted; NULL: positions are */
    size_t word_count;
};

/* An address that waits for an answer. */
struct request {
    uint64_t address;
    uint32_t unit; /* the one to ask now */
    bool is_done;
};

/* All that is read of one unit, while its addresses are answered. */
struct unit_view {
    struct sym_debug *debug;
    struct Dwarf_Die_s *die;
    struct sym_split_unit split; /* where the tree is instead, if it is split; dwarf NULL: not */
    const char *directory;
    struct sym_line_program *program; /* NULL: has none */
    struct sym_lines *lines;
    struct sym_scopes scopes;
    char **files; /* joined names by file index, made when needed */
    size_t file_count;
};

static struct sym_section section(const struct elf_file *file, const char *name)
{
    struct sym_section result = {0};
    return elf_file_section(file, name, &result.bytes, &result.size) ? result
                                                                     : (struct sym_section){0};
}

enum trace_status sym_debug_open(const struct sym_debug_files *files, struct sym_debug **ret_debug,
                                 struct trace_error *error)
{
    const struct elf_file *file = files->file;
    struct sym_debug *debug = calloc(1, sizeof *debug);
    if (debug == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for debug information");
    }
    debug->work = WORK_MAX;
    debug->sections.line = section(file, ".debug_line");
    debug->sections.line_strings = section(file, ".debug_line_str");
    debug->sections.strings = section(file, ".debug_str");
    debug->addresses = section(file, ".debug_addr");
    debug->places = (struct sym_split_places){.package = files->package,
                                              .symbols_dir = files->symbols_dir,
                                              .sysroot_dir = files->sysroot_dir};
    enum trace_status status = sym_dwarf_open(file->fd, &debug->dwarf, error);
    if (status == TRACE_OK && files->alternate != NULL &&
        sym_dwarf_open(files->alternate->fd, &debug->alternate, NULL) == TRACE_OK) {
        sym_dwarf_set_alternate(debug->dwarf, debug->alternate);
    }
    if (status == TRACE_OK) {
        debug->units = sym_units_new(debug->dwarf);
        if (debug->units == NULL) {
            status = trace_fail(error, TRACE_NOMEM, 0, "no memory for debug information");
        }
    }
    if (status != TRACE_OK) {
        sym_debug_free(debug);
        return status;
    }
    *ret_debug = debug;
    return TRACE_OK;
}

void sym_debug_free(struct sym_debug *debug)
{
    if (debug != NULL) {
        sym_units_free(debug->units);
        sym_dwarf_free(debug->dwarf);
        sym_dwarf_free(debug->alternate);
        free(debug);
    }
}

/* Return: the joined name of a file of the unit's line table; NULL unknown, or without memory. */
static const char *file_name(struct unit_view *view, uint64_t file)
{
    const char *name = NULL;
    const char *directory = NULL;
    if (view->program == NULL || !sym_line_program_file(view->program, file, &name, &directory)) {
        return NULL;
    }
    if (file >= view->file_count) {
        size_t wanted = (size_t)file * 2 + 16; // the index is in the table, so this is bounded
        char **moved = realloc(view->files, wanted * sizeof *moved);
        if (moved == NULL) {
            return NULL;
        }
        memset(moved + view->file_count, 0, (wanted - view->file_count) * sizeof *moved);
        view->files = moved;
        view->file_count = wanted;
    }
    if (view->files[file] == NULL) {
        view->files[file] = sym_line_program_path(view->program, file, view->directory);
    }
    return view->files[file];
}

/* Return: false without memory. */
static bool read_lines(struct unit_view *view)
{
    struct sym_debug *debug = view->debug;
    uint64_t offset = 0;
    bool is_there = sym_dwarf_line_program(debug->dwarf, view->die, &offset);
    if (is_there) {
        view->program = sym_line_program_new(&debug->sections, offset);
    }
    view->lines = sym_lines_new();
    if (view->lines == NULL ||
        (view->program != NULL && !sym_lines_run(view->lines, view->program, &debug->work))) {
        return false;
    }
    if (is_there && (view->program == NULL || sym_line_program_is_broken(view->program))) {
        sym_dwarf_complain(debug->dwarf, "a line table is broken");
    }
    sym_lines_finish(view->lines);
    return true;
}

/* Return: a scope, with its name looked up. */
static const struct sym_scope *named_scope(struct unit_view *view, uint32_t index)
{
    struct sym_scope *scope = &view->scopes.items[index];
    if (!scope->is_named) {
        struct sym_debug *debug = view->debug;
        bool is_split = view->split.dwarf != NULL;
        struct sym_dwarf *dwarf = is_split ? view->split.dwarf : debug->dwarf;
        struct Dwarf_Die_s *die = sym_dwarf_die(dwarf, scope->die_offset);
        if (die != NULL) {
            scope->name =
                is_split
                    ? sym_dwarf_function_name(dwarf, die, sym_split_names_are_linked, &view->split)
                    : sym_dwarf_function_name(dwarf, die, sym_units_names_are_linked, debug->units);
        }
        sym_dwarf_die_free(die);
        scope->is_named = true;
    }
    return scope;
}

/* Return: how many frames an address has; 0 if the unit says nothing about it. */
static size_t make_frames(struct unit_view *view, uint64_t address, uint32_t index,
                          struct sym_debug_frame *frames)
{
    const struct sym_line_row *row = sym_lines_find(view->lines, address);
    size_t count = 0;
    if (row == NULL && index == SYM_SCOPE_NONE) {
        return 0;
    }
    frames[0] = (struct sym_debug_frame){0};
    if (row != NULL) {
        frames[0].file = file_name(view, row->file);
        frames[0].line = row->line;
        frames[0].column = row->column;
    }
    while (index != SYM_SCOPE_NONE) {
        const struct sym_scope *scope = named_scope(view, index);
        struct sym_debug_frame *frame = &frames[count++];
        frame->function = scope->name.text;
        frame->is_linker_name = scope->name.is_linker_name;
        frame->function_addr = scope->low;
        if (!scope->is_inlined || scope->parent == SYM_SCOPE_NONE || count == FRAMES_MAX) {
            break;
        }
        frame->is_inlined = true;
        frames[count] = (struct sym_debug_frame){.file = file_name(view, scope->call.file),
                                                 .line = scope->call.line,
                                                 .column = scope->call.column};
        index = scope->parent;
    }
    return count > 0 ? count : 1;
}

static void close_unit(struct unit_view *view)
{
    for (size_t i = 0; i < view->file_count; i++) {
        free(view->files[i]);
    }
    free(view->files);
    sym_scopes_fini(&view->scopes);
    sym_lines_free(view->lines);
    sym_line_program_free(view->program);
    sym_split_close(&view->split);
    sym_dwarf_die_free(view->die);
}

/* Read the scopes around @addresses, from wherever the unit's tree is. */
static bool read_scopes(struct unit_view *view, uint32_t unit, const uint64_t *addresses,
                        size_t count)
{
    struct sym_debug *debug = view->debug;
    const struct sym_dwarf_unit *facts = sym_units_facts(debug->units, unit);
    struct sym_dwarf *dwarf = debug->dwarf;
    struct Dwarf_Die_s *die = view->die;
    if (facts->is_split && sym_split_open(&debug->places, debug->dwarf, view->die, facts,
                                          &debug->addresses, &view->split)) {
        dwarf = view->split.dwarf;
        die = view->split.die;
    }
    bool has_memory = sym_scopes_read(dwarf, die, sym_dwarf_low(debug->dwarf, view->die), addresses,
                                      count, &debug->work, &view->scopes);
    const char *complaint = dwarf != debug->dwarf ? sym_dwarf_complaint(dwarf) : NULL;
    if (complaint != NULL) {
        sym_dwarf_complain(debug->dwarf, complaint);
    }
    return has_memory;
}

/* Return: the first word whose pc is not below @address. */
static size_t first_word(const struct inquiry *inquiry, uint64_t address)
{
    size_t low = 0;
    size_t high = inquiry->word_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (inquiry->words[middle].pc < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Give the locals of the words whose pc is @address. Return: false without memory. */
static bool answer_words(struct unit_view *view, uint64_t address, uint32_t index,
                         const struct inquiry *inquiry)
{
    struct sym_debug *debug = view->debug;
    const struct sym_scope *scopes = view->scopes.items;
    while (index != SYM_SCOPE_NONE && scopes[index].is_inlined) {
        index = scopes[index].parent;
    }
    struct sym_locals locals = {
        .dwarf = view->split.dwarf != NULL ? view->split.dwarf : debug->dwarf,
        .unit_low = sym_dwarf_low(debug->dwarf, view->die),
        .work = &debug->work,
    };
    locals.function =
        index != SYM_SCOPE_NONE ? sym_dwarf_die(locals.dwarf, scopes[index].die_offset) : NULL;
    bool has_memory = true;
    size_t end = locals.function != NULL ? inquiry->word_count : 0;
    for (size_t i = first_word(inquiry, address);
         i < end && inquiry->words[i].pc == address && has_memory; i++) {
        const char *name = sym_locals_find(&locals, &inquiry->words[i]);
        has_memory = name == NULL || inquiry->sink(inquiry->context, i,
                                                   &(struct sym_debug_frame){.function = name}, 1);
    }
    sym_dwarf_die_free(locals.function);
    return has_memory;
}

/*
 * Answer the requests of one unit.
 * @addresses: those of the requests, in the same order: sorted.
 * Return: false without memory.
 */
static bool resolve_unit(struct sym_debug *debug, struct request *requests,
                         const uint64_t *addresses, size_t count, const struct inquiry *inquiry)
{
    struct unit_view view = {
        .debug = debug,
        .die = sym_dwarf_die(debug->dwarf,
                             sym_units_facts(debug->units, requests[0].unit)->die_offset),
        .split = {.file.fd = -1, .fd = -1}};
    struct sym_debug_frame *frames = malloc((FRAMES_MAX + 1) * sizeof *frames);
    bool has_memory = frames != NULL;
    if (view.die != NULL && has_memory) {
        view.directory = sym_dwarf_directory(debug->dwarf, view.die);
        has_memory = read_lines(&view) && read_scopes(&view, requests[0].unit, addresses, count);
        for (size_t i = 0; i < count && has_memory; i++) {
            uint32_t scope = view.scopes.innermost[i];
            size_t frame_count = make_frames(&view, addresses[i], scope, frames);
            requests[i].is_done = frame_count > 0;
            if (inquiry->words != NULL) {
                has_memory = answer_words(&view, addresses[i], scope, inquiry);
            } else if (frame_count > 0) {
                has_memory = inquiry->sink(inquiry->context, addresses[i], frames, frame_count);
            }
        }
    }
    free(frames);
    close_unit(&view);
    return has_memory;
}

static int compare_requests(const void *left, const void *right)
{
    const struct request *a = left;
    const struct request *b = right;
    if (a->unit != b->unit) {
        return a->unit < b->unit ? -1 : 1;
    }
    return a->address < b->address ? -1 : a->address > b->address;
}

/* Ask each request's unit. @addresses: scratch for @count. Return: false without memory. */
static bool resolve_round(struct sym_debug *debug, struct request *requests, size_t count,
                          uint64_t *addresses, const struct inquiry *inquiry)
{
    qsort(requests, count, sizeof *requests, compare_requests);
    for (size_t i = 0; i < count; i++) {
        addresses[i] = requests[i].address;
    }
    for (size_t first = 0, end = 0; first < count; first = end) {
        while (end < count && requests[end].unit == requests[first].unit) {
            end++;
        }
        if (!resolve_unit(debug, requests + first, addresses + first, end - first, inquiry)) {
            return false;
        }
    }
    return true;
}

/* Keep the requests that are open and that another unit claims. Return: how many. */
static size_t keep_open(const struct sym_debug *debug, struct request *requests, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct request request = requests[i];
        if (request.is_done) {
            continue;
        }
        request.unit = sym_units_find(debug->units, request.address, request.unit);
        if (request.unit != SYM_UNIT_NONE) {
            requests[kept++] = request;
        }
    }
    return kept;
}

/* Make a request of each address that a unit claims. Return: how many. */
static size_t start_requests(const struct sym_debug *debug, const uint64_t *addresses, size_t count,
                             struct request *requests)
{
    for (size_t i = 0; i < count; i++) {
        requests[i] = (struct request){.address = addresses[i], .unit = SYM_UNIT_NONE};
    }
    return keep_open(debug, requests, count);
}

/* @addresses: sorted, no duplicates. */
static enum trace_status resolve(struct sym_debug *debug, const uint64_t *addresses, size_t count,
                                 const struct inquiry *inquiry, struct trace_error *error)
{
    struct request *requests = calloc(count + 1, sizeof *requests);
    uint64_t *scratch = calloc(count + 1, sizeof *scratch);
    bool has_memory = requests != NULL && scratch != NULL;
    if (has_memory) {
        size_t open = start_requests(debug, addresses, count, requests);
        if (open < count) {
            has_memory =
                sym_units_read_lines(debug->units, debug->dwarf, &debug->sections, &debug->work);
            open = start_requests(debug, addresses, count, requests);
        }
        for (int i = 0; i < ROUNDS_MAX && open > 0 && has_memory; i++) {
            has_memory = resolve_round(debug, requests, open, scratch, inquiry);
            open = keep_open(debug, requests, open);
        }
    }
    free(requests);
    free(scratch);
    if (!has_memory) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for debug information");
    }
    const char *complaint = sym_dwarf_complaint(debug->dwarf);
    if (debug->work == 0) {
        complaint = "it takes too long to read";
    }
    return complaint == NULL
               ? TRACE_OK
               : trace_fail(error, TRACE_CORRUPT, 0, "debug information: %s", complaint);
}

enum trace_status sym_debug_resolve(struct sym_debug *debug, const uint64_t *addresses,
                                    size_t count, sym_debug_sink sink, void *context,
                                    struct trace_error *error)
{
    const struct inquiry inquiry = {.sink = sink, .context = context};
    return resolve(debug, addresses, count, &inquiry, error);
}

enum trace_status sym_debug_locals(struct sym_debug *debug, const struct stack_word *words,
                                   size_t count, sym_debug_sink sink, void *context,
                                   struct trace_error *error)
{
    const struct inquiry inquiry = {sink, context, words, count};
    uint64_t *addresses = calloc(count + 1, sizeof *addresses);
    size_t kept = 0;
    if (addresses == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for debug information");
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || addresses[kept - 1] != words[i].pc) {
            addresses[kept++] = words[i].pc;
        }
    }
    enum trace_status status = resolve(debug, addresses, kept, &inquiry, error);
    free(addresses);
    return status;
}
