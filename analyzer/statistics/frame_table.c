/*
 * A hash table from (module, address) to a list of frames. Entries that were asked for but not
 * resolved are the tail of one array; resolving sorts them by module and hands each module's
 * addresses to the symbolizer in one go.
 */
#include "frame_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "grow.h"
#include "hash.h"
#include "plumbing.h"
#include "progress.h"
#include "source_path.h"

#define TRACER_NAME "libtrace.so"

struct location {
    uint64_t address;
    struct frame_list list;
    uint32_t module;
};

struct frame_table {
    struct symbolizer *symbolizer;
    struct module_table *modules;
    struct strings *strings;
    const struct frame_rules *rules;
    char *directory;            /* with a slash at its end, or NULL */
    struct location *locations; /* numbered from 1: [0] is not used */
    size_t count;               /* with [0] */
    size_t capacity;
    size_t resolved; /* locations before it are resolved */
    size_t unresolvable;
    uint32_t *slots; /* hash table of numbers, 0 where nothing is; at most half full */
    size_t slot_count;
    struct frame unknown;
    struct arena arena;
};

enum { FIRST_SLOTS = 4096 };

/* Of locations that were added with their frames: no address leads to them. */
#define MODULE_ADDED (UINT32_MAX - 1)

struct frame_table *frame_table_new(struct symbolizer *symbolizer, struct module_table *modules,
                                    struct strings *strings, const struct frame_rules *rules,
                                    const char *directory)
{
    struct frame_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->symbolizer = symbolizer;
    table->modules = modules;
    table->strings = strings;
    table->rules = rules;
    table->count = 1;
    table->resolved = 1;
    table->slots = calloc(FIRST_SLOTS, sizeof *table->slots);
    table->slot_count = FIRST_SLOTS;
    // tracemalloc shows an empty traceback so.
    const char *place = strings_text(strings, "<unknown>");
    table->unknown = (struct frame){
        .place = place,
        .has_line = true,
        .is_included = rules->include.count == 0,
    };
    if (directory != NULL && strcmp(directory, "/") != 0) {
        table->directory = arena_format(&table->arena, "%s/", directory);
    }
    if (table->slots == NULL || place == NULL) {
        frame_table_free(table);
        return NULL;
    }
    return table;
}

void frame_table_free(struct frame_table *table)
{
    if (table != NULL) {
        free(table->locations);
        free(table->slots);
        arena_fini(&table->arena);
        free(table);
    }
}

static uint32_t *find_slot(const struct frame_table *table, uint32_t *slots, size_t slot_count,
                           uint32_t module, uint64_t address)
{
    size_t at = (size_t)hash_number(hash_number(HASH_START, module), address) & (slot_count - 1);
    while (slots[at] != 0) {
        const struct location *location = &table->locations[slots[at]];
        if (location->module == module && location->address == address) {
            break;
        }
        at = (at + 1) & (slot_count - 1);
    }
    return &slots[at];
}

static bool grow_slots(struct frame_table *table)
{
    size_t slot_count = table->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 1; i < table->count; i++) {
        const struct location *location = &table->locations[i];
        if (location->module != MODULE_ADDED) {
            *find_slot(table, slots, slot_count, location->module, location->address) = (uint32_t)i;
        }
    }
    free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    return true;
}

/* Return: the number of a new location, 0 without memory. */
static uint32_t append_location(struct frame_table *table, uint32_t module, uint64_t address)
{
    struct location *locations =
        table->count < UINT32_MAX
            ? grow_array(table->locations, table->count, &table->capacity, sizeof *locations)
            : NULL;
    if (locations == NULL) {
        return 0;
    }
    table->locations = locations;
    table->locations[table->count] = (struct location){.module = module, .address = address};
    return (uint32_t)table->count++;
}

uint32_t frame_table_ask(struct frame_table *table, uint32_t module, uint64_t address)
{
    uint32_t *slot = find_slot(table, table->slots, table->slot_count, module, address);
    if (*slot != 0) {
        return *slot;
    }
    if (table->count >= table->slot_count / 2) {
        if (!grow_slots(table)) {
            return 0;
        }
        slot = find_slot(table, table->slots, table->slot_count, module, address);
    }
    *slot = append_location(table, module, address);
    return *slot;
}

/* Give @frame the text that stands for it where there is no line. */
static bool name_place(struct frame_table *table, struct frame *frame,
                       const struct location *location, const struct symbol_frame *symbol)
{
    if (frame->file != NULL && frame->line != 0) {
        frame->place = frame->file;
        frame->has_line = true;
        return true;
    }
    const char *module = frame->module == NULL ? "<unknown>" : pattern_base_name(frame->module);
    char *text = NULL;
    if (frame->function == NULL) {
        text = arena_format(&table->arena, "%s!0x%" PRIx64, module, location->address);
    } else if (symbol->is_inlined) {
        text = arena_format(&table->arena, "%s!%s", module, frame->function);
    } else {
        text = arena_format(&table->arena, "%s!%s+0x%" PRIx64, module, frame->function,
                            symbol->offset);
    }
    frame->line = 0;
    frame->place = strings_text(table->strings, text);
    return frame->place != NULL;
}

/* Return: @file as it is to be shown, interned; NULL without memory or when @file is NULL. */
static const char *shown_file(const struct frame_table *table, const char *file)
{
    if (file == NULL || file[0] == '\0') {
        return NULL;
    }
    char text[SOURCE_PATH_BYTES];
    return strings_text(table->strings, table->directory != NULL
                                            ? source_path_below(file, table->directory, text)
                                            : file);
}

/* What the rules say about a frame whose names are known. */
static void apply_rules(const struct frame_rules *rules, struct frame *frame)
{
    frame->is_tracer =
        frame->module != NULL && strcmp(pattern_base_name(frame->module), TRACER_NAME) == 0;
    frame->is_plumbing = plumbing_matches(frame->function, frame->path);
    frame->is_skipped = patterns_match(&rules->skip, frame);
    frame->is_own = patterns_match(&rules->own, frame);
    frame->is_included = rules->include.count == 0 || patterns_match(&rules->include, frame);
    frame->is_excluded = patterns_match(&rules->exclude, frame);
    frame->is_annotated = patterns_match_file(&rules->annotate, frame);
    frame->is_suppressed = suppressions_match(&rules->suppressions, frame);
}

static bool make_frame(struct frame_table *table, const struct location *location,
                       const struct symbol_frame *symbol, struct frame *frame)
{
    *frame = (struct frame){
        .line = symbol->line,
        .is_inlined = symbol->is_inlined,
        .function = strings_text(table->strings, symbol->function),
        .file = shown_file(table, symbol->file),
        .path = strings_text(table->strings, symbol->file),
        .module = module_table_path(table->modules, location->module),
        .build_id = module_table_build_id(table->modules, location->module),
        .address = location->address,
    };
    if (!name_place(table, frame, location, symbol)) {
        return false;
    }
    apply_rules(table->rules, frame);
    return true;
}

uint32_t frame_table_add(struct frame_table *table, const struct frame *known)
{
    struct frame *frame = arena_array(&table->arena, 1, sizeof *frame);
    if (frame == NULL || table->resolved != table->count) {
        return 0;
    }
    *frame = (struct frame){
        .line = known->line,
        .has_line = known->has_line,
        .is_inlined = known->is_inlined,
        .function = strings_text(table->strings, known->function),
        .file = shown_file(table, known->path),
        .path = strings_text(table->strings, known->path),
        .module = strings_text(table->strings, known->module),
        .build_id = strings_text(table->strings, known->build_id),
        .address = known->address,
    };
    bool has_file = frame->has_line && frame->file != NULL;
    frame->place = has_file ? frame->file : strings_text(table->strings, known->place);
    if (frame->place == NULL) {
        return 0;
    }
    apply_rules(table->rules, frame);
    uint32_t number = append_location(table, MODULE_ADDED, frame->address);
    if (number != 0) {
        table->locations[number].list = (struct frame_list){frame, 1};
        table->resolved = table->count;
    }
    return number;
}

static bool make_frames(struct frame_table *table, struct location *location)
{
    static const struct symbol_frame nothing = {0};
    struct symbol_frames symbols = {0};
    if (location->module != MODULE_NONE) {
        symbols = symbolizer_frames(table->symbolizer,
                                    module_table_symbols(table->modules, location->module),
                                    location->address);
    }
    if (symbols.count == 0) {
        symbols = (struct symbol_frames){&nothing, 1};
        table->unresolvable++;
    }
    struct frame *frames = arena_array(&table->arena, symbols.count, sizeof *frames);
    if (frames == NULL) {
        return false;
    }
    for (size_t i = 0; i < symbols.count; i++) {
        if (!make_frame(table, location, &symbols.frames[i], &frames[i])) {
            return false;
        }
    }
    location->list = (struct frame_list){frames, symbols.count};
    return true;
}

struct wanted {
    uint32_t module;
    uint64_t address;
};

static int compare_wanted(const void *left, const void *right)
{
    const struct wanted *a = left;
    const struct wanted *b = right;
    if (a->module != b->module) {
        return a->module < b->module ? -1 : 1;
    }
    return a->address < b->address ? -1 : a->address > b->address;
}

/* Return: how many modules @wanted, which is sorted, has addresses of. */
static size_t count_modules(const struct wanted *wanted, size_t count)
{
    size_t modules = 0;
    for (size_t i = 0; i < count; i++) {
        modules += i == 0 || wanted[i].module != wanted[i - 1].module ? 1 : 0;
    }
    return modules;
}

/* A symbol_progress. */
static void go_on(void *context, size_t addresses)
{
    progress_add(context, addresses);
}

/* Have the symbolizer resolve @wanted, which is sorted, with a request for each module. */
static enum trace_status ask_symbolizer(struct frame_table *table, const struct wanted *wanted,
                                        uint64_t *addresses, size_t count)
{
    struct symbol_request *requests = calloc(count_modules(wanted, count) + 1, sizeof *requests);
    size_t request_count = 0;
    if (requests == NULL) {
        return TRACE_NOMEM;
    }
    // MODULE_NONE is the largest number, so it comes last.
    for (size_t i = 0; i < count && wanted[i].module != MODULE_NONE; i++) {
        if (i == 0 || wanted[i].module != wanted[i - 1].module) {
            requests[request_count++] = (struct symbol_request){
                .module = module_table_symbols(table->modules, wanted[i].module),
                .addresses = addresses + i};
        }
        addresses[i] = wanted[i].address;
        requests[request_count - 1].count++;
    }
    struct progress progress;
    progress_start(&progress, "reading debug information", count);
    enum trace_status status =
        symbolizer_resolve(table->symbolizer, requests, request_count, go_on, &progress);
    progress_finish(&progress);
    free(requests);
    return status;
}

enum trace_status frame_table_resolve(struct frame_table *table, struct trace_error *error)
{
    size_t count = table->count - table->resolved;
    if (count == 0) {
        return TRACE_OK;
    }
    struct wanted *wanted = calloc(count, sizeof *wanted);
    uint64_t *addresses = calloc(count, sizeof *addresses);
    enum trace_status status = wanted == NULL || addresses == NULL ? TRACE_NOMEM : TRACE_OK;
    if (status == TRACE_OK) {
        for (size_t i = 0; i < count; i++) {
            const struct location *location = &table->locations[table->resolved + i];
            wanted[i] = (struct wanted){location->module, location->address};
        }
        qsort(wanted, count, sizeof *wanted, compare_wanted);
        status = ask_symbolizer(table, wanted, addresses, count);
    }
    for (; table->resolved < table->count && status == TRACE_OK; table->resolved++) {
        status = make_frames(table, &table->locations[table->resolved]) ? TRACE_OK : TRACE_NOMEM;
    }
    free(wanted);
    free(addresses);
    return status == TRACE_OK
               ? TRACE_OK
               : trace_fail(error, status, 0, "no memory for the names of %zu addresses", count);
}

struct frame_list frame_table_at(const struct frame_table *table, uint32_t number)
{
    return number > 0 && number < table->count ? table->locations[number].list
                                               : (struct frame_list){0};
}

const struct frame *frame_table_unknown(const struct frame_table *table)
{
    return &table->unknown;
}

size_t frame_table_count(const struct frame_table *table, size_t *ret_unresolved)
{
    *ret_unresolved = table->unresolvable;
    return table->count - 1;
}

void frame_table_tally(const struct frame_table *table, struct frame_tally *tallies, size_t count)
{
    for (size_t i = 1; i < table->resolved; i++) {
        const struct location *location = &table->locations[i];
        if (location->module >= count || location->list.count == 0) {
            continue;
        }
        struct frame_tally *tally = &tallies[location->module];
        tally->addresses++;
        tally->unnamed += location->list.frames[0].function == NULL;
        tally->lineless += !location->list.frames[0].has_line;
    }
}
