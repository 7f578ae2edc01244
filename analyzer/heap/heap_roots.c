/*
 * Words in modules and in thread-local storage are collected by module, so that each module's files
 * are opened once; then every word gets its text, and equal texts the same number.
 *
 * Static thread-local variables of the program stand right below the thread pointer, those of
 * libraries below them in an order that only the loader knows, and tells the picture.
 * Source: Ulrich Drepper, "ELF Handling For Thread-Local Storage", 3 (variant II).
 */
#include "heap_roots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "heap_chains.h"
#include "pattern.h"

enum { TEXT_BYTES = 1024, WORD_BYTES = 8 };

struct heap_roots {
    struct symbolizer *symbolizer;
    const struct module_table *modules;
    struct strings *strings;
    const char **names; /* by label */
    size_t name_count;
    size_t name_capacity;
};

/* One call of heap_roots_label(). */
struct labelling {
    struct heap_roots *roots;
    const struct heap_picture *picture;
    const struct attribution *attribution;
    uint32_t program;                  /* in the module table */
    struct symbol_variable *variables; /* of each root, a name of NULL if none is known */
    uint32_t *functions; /* of each root on a stack: in the frame table, 0 if it is not known */
    const char **locals; /* of each root on a stack: the variable, or NULL */
};

struct heap_roots *heap_roots_new(struct symbolizer *symbolizer, const struct module_table *modules)
{
    struct heap_roots *roots = calloc(1, sizeof *roots);
    if (roots != NULL) {
        roots->symbolizer = symbolizer;
        roots->modules = modules;
        roots->strings = strings_new();
        if (roots->strings == NULL) {
            free(roots);
            return NULL;
        }
    }
    return roots;
}

void heap_roots_free(struct heap_roots *roots)
{
    if (roots != NULL) {
        strings_free(roots->strings);
        free(roots->names);
        free(roots);
    }
}

const char *heap_roots_name(const struct heap_roots *roots, uint32_t label)
{
    return roots->names[label];
}

static const struct heap_region *region_of(const struct heap_picture *picture,
                                           const struct heap_root *root)
{
    return root->region < picture->region_count ? &picture->regions[root->region] : NULL;
}

uint64_t heap_roots_address(const struct heap_picture *picture, uint32_t root)
{
    const struct heap_region *region =
        root < picture->graph.root_count ? region_of(picture, &picture->graph.roots[root]) : NULL;
    bool is_memory = region != NULL && region->kind != TRACE_REGION_REGISTERS;
    return is_memory ? region->start + picture->graph.roots[root].slot * WORD_BYTES : 0;
}

uint8_t heap_roots_rank(const struct heap_picture *picture, const struct heap_root *root)
{
    static const uint8_t ranks[] = {
        [TRACE_REGION_MODULE] = 0, [TRACE_REGION_TLS] = 1,       [TRACE_REGION_MAPPING] = 2,
        [TRACE_REGION_STACK] = 3,  [TRACE_REGION_REGISTERS] = 4,
    };
    const struct heap_region *region = region_of(picture, root);
    bool is_known = region != NULL && region->kind < sizeof ranks / sizeof ranks[0];
    return is_known ? ranks[region->kind] : HEAP_RANKS - 1;
}

/* Return: the module of the module table that the program itself is; MODULE_NONE unknown. */
static uint32_t program_module(const struct labelling *labelling)
{
    const struct definitions *definitions = labelling->attribution->definitions;
    const char *executable = definitions->process.executable;
    for (size_t i = 0; executable != NULL && i < definitions->module_count; i++) {
        const char *path = definitions->modules[i].path;
        if (path != NULL && strcmp(path, executable) == 0) {
            return labelling->attribution->modules[i];
        }
    }
    return MODULE_NONE;
}

/* A word that may be part of a variable of a module. */
struct place {
    uint32_t module; /* MODULE_NONE: it is none */
    enum symbol_storage storage;
    uint32_t root;
    uint64_t address; /* as the storage says */
};

/* Return: the module of the module table that a module of the trace is. */
static uint32_t module_at(const struct labelling *labelling, uint32_t module)
{
    bool is_defined = module < labelling->attribution->definitions->module_count;
    return is_defined ? labelling->attribution->modules[module] : MODULE_NONE;
}

/*
 * Return: the place of a root among thread-local variables. An older picture does not say where
 * those of libraries are; those of the program are right below the thread pointer.
 */
static struct place local_place(const struct labelling *labelling, const struct heap_region *region,
                                uint64_t address)
{
    const struct heap_picture *picture = labelling->picture;
    if (picture->tls_count == 0) {
        return (struct place){.module = labelling->program,
                              .storage = SYMBOL_LOCAL_OF_PROGRAM,
                              .address = address - region->base};
    }
    const struct picture_tls *tls = heap_picture_tls(picture, region->base - address);
    if (tls == NULL) {
        return (struct place){.module = MODULE_NONE};
    }
    return (struct place){.module = module_at(labelling, tls->module),
                          .storage = SYMBOL_LOCAL_OF_MODULE,
                          .address = address - (region->base - tls->distance)};
}

/* Return: the place of a root that may be a variable's. */
static struct place place_of(const struct labelling *labelling, size_t root)
{
    const struct heap_region *region =
        region_of(labelling->picture, &labelling->picture->graph.roots[root]);
    uint64_t address = heap_roots_address(labelling->picture, (uint32_t)root);
    struct place place = {.module = MODULE_NONE};
    if (region != NULL && region->kind == TRACE_REGION_TLS) {
        place = local_place(labelling, region, address);
    } else if (region != NULL && region->kind == TRACE_REGION_MODULE) {
        place.module = module_at(labelling, region->module);
        place.storage = SYMBOL_GLOBAL;
        place.address = address - region->base;
    }
    place.root = (uint32_t)root;
    return place;
}

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    if (a->module != b->module) {
        return a->module < b->module ? -1 : 1;
    }
    return (int)a->storage - (int)b->storage;
}

/* Collect the words that variables are to be found for. Return: how many. */
static size_t collect_places(const struct labelling *labelling, const bool *is_used,
                             struct place *places)
{
    size_t count = 0;
    for (size_t i = 0; i < labelling->picture->graph.root_count; i++) {
        struct place place = is_used[i] ? place_of(labelling, i) : (struct place){0};
        if (is_used[i] && place.module != MODULE_NONE) {
            places[count++] = place;
        }
    }
    return count;
}

/* Find the variables of all roots that are used, one module and kind after another. */
static enum trace_status find_variables(struct labelling *labelling, const bool *is_used)
{
    const size_t room = labelling->picture->graph.root_count + 1;
    struct place *places = calloc(room, sizeof *places);
    uint64_t *addresses = calloc(room, sizeof *addresses);
    struct symbol_variable *found = calloc(room, sizeof *found);
    enum trace_status status =
        places != NULL && addresses != NULL && found != NULL ? TRACE_OK : TRACE_NOMEM;
    size_t count = status == TRACE_OK ? collect_places(labelling, is_used, places) : 0;
    if (count > 0) {
        qsort(places, count, sizeof *places, compare_places);
    }
    for (size_t first = 0, end = 0; first < count && status == TRACE_OK; first = end) {
        for (; end < count && compare_places(&places[first], &places[end]) == 0; end++) {
            addresses[end] = places[end].address;
        }
        status = symbolizer_variables(
            labelling->roots->symbolizer,
            module_table_symbols(labelling->roots->modules, places[first].module),
            places[first].storage, addresses + first, end - first, found + first);
    }
    for (size_t i = 0; i < count && status == TRACE_OK; i++) {
        labelling->variables[places[i].root] = found[i];
    }
    free(places);
    free(addresses);
    free(found);
    return status;
}

/* Return: the frame that a root is in; NULL if it is on no stack, or that is not known. */
static const struct heap_frame *frame_of(const struct labelling *labelling, size_t root)
{
    const struct heap_picture *picture = labelling->picture;
    uint64_t address = heap_roots_address(picture, (uint32_t)root);
    const struct heap_region *region = region_of(picture, &picture->graph.roots[root]);
    bool is_stack = region != NULL &&
                    (region->kind == TRACE_REGION_STACK || region->kind == TRACE_REGION_MAPPING);
    return is_stack ? heap_picture_frame(picture, address) : NULL;
}

/* Find the functions whose locals the roots on stacks are. */
static enum trace_status find_functions(struct labelling *labelling, const bool *is_used,
                                        struct trace_error *error)
{
    const struct attribution *attribution = labelling->attribution;
    const struct definitions *definitions = attribution->definitions;
    for (size_t i = 0; i < labelling->picture->graph.root_count; i++) {
        const struct heap_frame *frame = is_used[i] ? frame_of(labelling, i) : NULL;
        if (frame == NULL || frame->module >= definitions->module_count ||
            attribution->modules[frame->module] == MODULE_NONE) {
            continue;
        }
        labelling->functions[i] =
            frame_table_ask(attribution->frames, attribution->modules[frame->module],
                            frame->pc - definitions->modules[frame->module].bias - 1);
        if (labelling->functions[i] == 0) {
            return TRACE_NOMEM;
        }
    }
    return frame_table_resolve(attribution->frames, error);
}

/* A word that may be part of a local. */
struct stack_place {
    uint32_t module;
    uint32_t root;
    struct stack_word word;
};

static int compare_stack_places(const void *left, const void *right)
{
    const struct stack_place *a = left;
    const struct stack_place *b = right;
    if (a->module != b->module) {
        return a->module < b->module ? -1 : 1;
    }
    return a->word.pc < b->word.pc ? -1 : a->word.pc > b->word.pc;
}

/* Collect the words on stacks whose functions are known. Return: how many. */
static size_t collect_stack_places(const struct labelling *labelling, struct stack_place *places)
{
    const struct attribution *attribution = labelling->attribution;
    size_t count = 0;
    for (size_t i = 0; i < labelling->picture->graph.root_count; i++) {
        if (labelling->functions[i] == 0) {
            continue;
        }
        const struct heap_frame *frame = frame_of(labelling, i);
        places[count++] = (struct stack_place){
            .module = attribution->modules[frame->module],
            .root = (uint32_t)i,
            .word = {.pc = frame->pc - attribution->definitions->modules[frame->module].bias - 1,
                     .address = heap_roots_address(labelling->picture, (uint32_t)i),
                     .cfa = frame->end,
                     .sp = frame->sp,
                     .bp = frame->bp},
        };
    }
    qsort(places, count, sizeof *places, compare_stack_places);
    return count;
}

/* Find the locals that the roots on stacks are, one module after another. */
static enum trace_status find_locals(struct labelling *labelling)
{
    const size_t room = labelling->picture->graph.root_count + 1;
    struct stack_place *places = calloc(room, sizeof *places);
    struct stack_word *words = calloc(room, sizeof *words);
    const char **names = calloc(room, sizeof(const char *));
    enum trace_status status =
        places != NULL && words != NULL && names != NULL ? TRACE_OK : TRACE_NOMEM;
    size_t count = status == TRACE_OK ? collect_stack_places(labelling, places) : 0;
    for (size_t first = 0, end = 0; first < count && status == TRACE_OK; first = end) {
        for (; end < count && places[end].module == places[first].module; end++) {
            words[end] = places[end].word;
        }
        status =
            symbolizer_locals(labelling->roots->symbolizer,
                              module_table_symbols(labelling->roots->modules, places[first].module),
                              words + first, end - first, names + first);
    }
    for (size_t i = 0; i < count && status == TRACE_OK; i++) {
        labelling->locals[places[i].root] = names[i];
    }
    free(places);
    free(words);
    free(names);
    return status;
}

/* Return: the function that a root is a local of, not one that is inlined there; or NULL. */
static const char *function_of(const struct labelling *labelling, size_t root)
{
    struct frame_list list = {0};
    if (labelling->functions[root] != 0) {
        list = frame_table_at(labelling->attribution->frames, labelling->functions[root]);
    }
    return list.count > 0 ? list.frames[list.count - 1].function : NULL;
}

/* " (thread worker 4711)": the thread that a region belongs to. */
static void append_thread(const struct labelling *labelling, uint64_t thread, char *text)
{
    const struct definitions *definitions = labelling->attribution->definitions;
    size_t used = strlen(text);
    const char *name = "";
    if (thread == 0) {
        return;
    }
    for (size_t i = 0; i < definitions->thread_count; i++) {
        if (definitions->threads[i].thread == thread && definitions->threads[i].name != NULL) {
            name = definitions->threads[i].name;
        }
    }
    (void)snprintf(text + used, TEXT_BYTES - used, " (thread %s%s%" PRIu64 ")", name,
                   name[0] != '\0' ? " " : "", thread);
}

static void describe_variable(const struct symbol_variable *variable, bool is_local, char *text)
{
    const char *kind = is_local ? "thread-local variable" : "global variable";
    if (variable->file != NULL) {
        (void)snprintf(text, TEXT_BYTES, "%s %s (%s:%" PRIu32 ")", kind, variable->name,
                       variable->file, variable->line);
    } else {
        (void)snprintf(text, TEXT_BYTES, "%s %s", kind, variable->name);
    }
}

static void describe_region(const struct labelling *labelling, const struct heap_region *region,
                            char *text)
{
    switch (region->kind) {
    case TRACE_REGION_MODULE:
        (void)snprintf(text, TEXT_BYTES, "data of %s",
                       region->name[0] != '\0' ? pattern_base_name(region->name) : "a module");
        break;
    case TRACE_REGION_STACK:
        (void)snprintf(text, TEXT_BYTES, "stack");
        append_thread(labelling, region->thread, text);
        break;
    case TRACE_REGION_TLS:
        (void)snprintf(text, TEXT_BYTES, "thread-local data");
        append_thread(labelling, region->thread, text);
        break;
    case TRACE_REGION_REGISTERS:
        (void)snprintf(text, TEXT_BYTES, "register");
        append_thread(labelling, region->thread, text);
        break;
    default:
        (void)snprintf(text, TEXT_BYTES, "mapping %s",
                       region->name[0] != '\0' ? region->name : "without a name");
        break;
    }
}

/* Say what a root is. */
static void describe(const struct labelling *labelling, size_t root, char *text)
{
    const struct heap_graph *graph = &labelling->picture->graph;
    if (root >= graph->root_count) {
        bool is_lost = root == HEAP_START_LOST(graph);
        (void)snprintf(text, TEXT_BYTES,
                       is_lost ? "nothing: it is lost" : "nothing yet: it is young");
        return;
    }
    const struct heap_region *region = region_of(labelling->picture, &graph->roots[root]);
    const struct symbol_variable *variable = &labelling->variables[root];
    const char *function = function_of(labelling, root);
    if (region == NULL) {
        (void)snprintf(text, TEXT_BYTES, "memory of an unknown kind");
    } else if (variable->name != NULL) {
        bool is_local = region->kind == TRACE_REGION_TLS;
        describe_variable(variable, is_local, text);
        if (is_local) {
            append_thread(labelling, region->thread, text);
        }
    } else if (function != NULL) {
        const char *local = labelling->locals[root];
        (void)snprintf(text, TEXT_BYTES, "%s's local%s%s", function, local != NULL ? " " : "",
                       local != NULL ? local : "");
        append_thread(labelling, frame_of(labelling, root)->thread, text);
    } else {
        describe_region(labelling, region, text);
    }
}

/* Return: the number of a name, HEAP_NONE without memory. */
static uint32_t number_name(struct heap_roots *roots, const char *text)
{
    uint32_t number = 0;
    const char *kept = strings_intern(roots->strings, text, strlen(text), &number);
    if (kept == NULL) {
        return HEAP_NONE;
    }
    if (number == roots->name_count) {
        const char **names = grow_array((void *)roots->names, roots->name_count,
                                        &roots->name_capacity, sizeof(const char *));
        if (names == NULL) {
            return HEAP_NONE;
        }
        roots->names = names;
        roots->names[roots->name_count++] = kept;
    }
    return number;
}

enum trace_status heap_roots_label(struct heap_roots *roots, const struct heap_picture *picture,
                                   const struct attribution *attribution, const bool *is_used,
                                   uint32_t *labels, struct trace_error *error)
{
    char text[TEXT_BYTES];
    const size_t count = picture->graph.root_count;
    struct labelling labelling = {
        .roots = roots,
        .picture = picture,
        .attribution = attribution,
        .variables = calloc(count + 1, sizeof *labelling.variables),
        .functions = calloc(count + 1, sizeof *labelling.functions),
        .locals = calloc(count + 1, sizeof(const char *)),
    };
    labelling.program = program_module(&labelling);
    bool has_memory = labelling.variables != NULL && labelling.functions != NULL &&
                      labelling.locals != NULL && find_variables(&labelling, is_used) == TRACE_OK &&
                      find_functions(&labelling, is_used, error) == TRACE_OK &&
                      find_locals(&labelling) == TRACE_OK;
    for (size_t i = 0; i < count + 2 && has_memory; i++) {
        if (is_used[i]) {
            describe(&labelling, i, text);
            labels[i] = number_name(roots, text);
            has_memory = labels[i] != HEAP_NONE;
        }
    }
    free(labelling.variables);
    free(labelling.functions);
    free(labelling.locals);
    return has_memory ? TRACE_OK
                      : trace_fail(error, TRACE_NOMEM, 0, "no memory for the names of roots");
}
