/*
 * The frame cache, and the order in which the sources of names are asked.
 *
 * A call resolves all new addresses of one module: it opens the module's files, asks the debug
 * information, asks the symbol table about what is left, and closes the files, so that a report
 * over a hundred modules holds the files of one. Only answers are kept: frames in an arena, each
 * string once, each name demangled once.
 */
#include "symbolize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "debug_file.h"
#include "grow.h"
#include "strings.h"
#include "sym_answers.h"
#include "sym_cache.h"
#include "sym_demangle.h"
#include "sym_elf.h"
#include "sym_isolate.h"
#include "sym_variable.h"

struct module {
    const char *path;
    const uint8_t *build_id;
    size_t build_id_bytes;
    const char *warning; /* or NULL */
    struct sym_answers answers;
};

struct symbolizer {
    struct symbol_options options;
    struct arena arena;
    struct strings *strings;
    const char **shown; /* demangled names, by the number of the string; NULL: not made yet */
    size_t shown_count;
    struct module *modules;
    size_t module_count;
    size_t module_capacity;
};

/* One call of symbolizer_resolve(). */
struct job {
    struct symbolizer *symbolizer;
    struct module *module;
    struct debug_files files;
    struct sym_elf *symbols; /* or NULL */
    uint64_t *addresses;     /* sorted, each once, none of them answered before */
    size_t count;
    struct sym_cache_key key;
    uint64_t *asked; /* those that the cache knows nothing about */
    size_t asked_count;
    bool *is_known; /* of each address: the cache has it */
};

struct symbolizer *symbolizer_new(const struct symbol_options *options)
{
    struct symbolizer *symbolizer = calloc(1, sizeof *symbolizer);
    if (symbolizer == NULL) {
        return NULL;
    }
    symbolizer->options = *options;
    symbolizer->strings = strings_new();
    if (symbolizer->strings == NULL) {
        free(symbolizer);
        return NULL;
    }
    return symbolizer;
}

void symbolizer_free(struct symbolizer *symbolizer)
{
    if (symbolizer == NULL) {
        return;
    }
    for (size_t i = 0; i < symbolizer->module_count; i++) {
        sym_answers_fini(&symbolizer->modules[i].answers);
    }
    free(symbolizer->modules);
    free(symbolizer->shown);
    strings_free(symbolizer->strings);
    arena_fini(&symbolizer->arena);
    free(symbolizer);
}

enum trace_status symbolizer_add_module(struct symbolizer *symbolizer, const char *path,
                                        const uint8_t *build_id, size_t build_id_bytes,
                                        size_t *ret_module)
{
    struct module *moved = grow_array(symbolizer->modules, symbolizer->module_count,
                                      &symbolizer->module_capacity, sizeof *moved);
    if (moved == NULL) {
        return TRACE_NOMEM;
    }
    symbolizer->modules = moved;
    struct module module = {.path = arena_copy(&symbolizer->arena, path, strlen(path)),
                            .build_id_bytes = build_id_bytes};
    if (build_id_bytes > 0) {
        module.build_id = (uint8_t *)arena_copy(&symbolizer->arena, build_id, build_id_bytes);
    }
    if (module.path == NULL || (build_id_bytes > 0 && module.build_id == NULL)) {
        return TRACE_NOMEM;
    }
    symbolizer->modules[symbolizer->module_count] = module;
    *ret_module = symbolizer->module_count++;
    return TRACE_OK;
}

/* Return: the name to show for a linker's or a plain one; NULL for NULL, or without memory. */
static const char *shown_name(struct symbolizer *symbolizer, const char *name)
{
    uint32_t number = 0;
    if (name == NULL) {
        return NULL;
    }
    const char *kept = strings_intern(symbolizer->strings, name, strlen(name), &number);
    if (kept == NULL || symbolizer->options.no_demangle) {
        return kept;
    }
    if (number >= symbolizer->shown_count) {
        size_t wanted = ((size_t)number + 64) * 2;
        const char **moved = realloc(symbolizer->shown, wanted * sizeof *moved);
        if (moved == NULL) {
            return NULL;
        }
        memset(moved + symbolizer->shown_count, 0,
               (wanted - symbolizer->shown_count) * sizeof *moved);
        symbolizer->shown = moved;
        symbolizer->shown_count = wanted;
    }
    if (symbolizer->shown[number] == NULL) {
        char *demangled = sym_demangle(kept);
        symbolizer->shown[number] =
            demangled != NULL ? strings_text(symbolizer->strings, demangled) : kept;
        free(demangled);
    }
    return symbolizer->shown[number];
}

/*
 * Choose a function's name: the debug information's, but the symbol table's if the former has none,
 * or only one that the linker does not know, and the table has a function that begins right there.
 */
static const char *function_name(const struct job *job, const struct sym_debug_frame *frame,
                                 uint64_t address)
{
    struct sym_elf_match match;
    if (frame->is_linker_name || frame->is_inlined || job->symbols == NULL) {
        return frame->function;
    }
    if (frame->function == NULL) {
        return sym_elf_find(job->symbols, address, &match) ? match.name : NULL;
    }
    bool is_same = frame->function_addr != 0 &&
                   sym_elf_find(job->symbols, frame->function_addr, &match) &&
                   match.addr == frame->function_addr;
    return is_same ? match.name : frame->function;
}

/* A sym_debug_sink: keep the frames of one address. */
static bool take_frames(void *context, uint64_t address, const struct sym_debug_frame *frames,
                        size_t count)
{
    struct job *job = context;
    struct symbolizer *symbolizer = job->symbolizer;
    if (symbolizer->options.no_inline) {
        frames += count - 1;
        count = 1;
    }
    struct symbol_frame *kept = arena_array(&symbolizer->arena, count, sizeof *kept);
    if (kept == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = function_name(job, &frames[i], address);
        const char *file = frames[i].file;
        kept[i] = (struct symbol_frame){.function = shown_name(symbolizer, name),
                                        .file = strings_text(symbolizer->strings, file),
                                        .line = frames[i].line,
                                        .column = frames[i].column,
                                        .is_inlined = frames[i].is_inlined};
        if ((name != NULL && kept[i].function == NULL) || (file != NULL && kept[i].file == NULL)) {
            return false;
        }
        if (frames[i].function_addr != 0 && frames[i].function_addr <= address) {
            kept[i].offset = address - frames[i].function_addr;
        }
    }
    sym_answers_put(&job->module->answers, address,
                    (struct symbol_frames){.frames = kept, .count = count});
    return true;
}

/* Ask the symbol table about one address. Return: false without memory. */
static bool ask_symbols(struct job *job, uint64_t address)
{
    struct symbolizer *symbolizer = job->symbolizer;
    struct sym_elf_match match;
    struct symbol_frames frames = {0};
    if (job->symbols != NULL && sym_elf_find(job->symbols, address, &match)) {
        struct symbol_frame *frame = arena_array(&symbolizer->arena, 1, sizeof *frame);
        if (frame == NULL) {
            return false;
        }
        *frame = (struct symbol_frame){.function = shown_name(symbolizer, match.name),
                                       .offset = address - match.addr};
        if (frame->function == NULL) {
            return false;
        }
        frames = (struct symbol_frames){.frames = frame, .count = 1};
    }
    sym_answers_put(&job->module->answers, address, frames);
    return true;
}

/* Set the module's warning; the first one stands, it names the cause. */
static void warn(struct job *job, const char *text)
{
    if (job->module->warning == NULL) {
        job->module->warning = arena_format(&job->symbolizer->arena, "%s", text);
    }
}

static int compare_addresses(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* Collect what was not answered before. Return: false without memory. */
static bool collect(struct job *job, const uint64_t *addresses, size_t count)
{
    job->addresses = malloc((count + 1) * sizeof *job->addresses);
    if (job->addresses == NULL) {
        return false;
    }
    size_t new_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!sym_answers_has(&job->module->answers, addresses[i])) {
            job->addresses[new_count++] = addresses[i];
        }
    }
    qsort(job->addresses, new_count, sizeof *job->addresses, compare_addresses);
    for (size_t i = 0; i < new_count; i++) {
        if (job->count == 0 || job->addresses[job->count - 1] != job->addresses[i]) {
            job->addresses[job->count++] = job->addresses[i];
        }
    }
    return sym_answers_reserve(&job->module->answers, job->count);
}

/* Read the best symbol table there is. Return: TRACE_NOT_FOUND if there is none. */
static enum trace_status read_symbols(struct job *job)
{
    const struct debug_files *files = &job->files;
    const struct sym_elf_sources sources = {
        .module = files->module.elf != NULL ? &files->module : NULL,
        .debug = files->debug.elf != NULL ? &files->debug : NULL,
        .mini = files->mini.elf != NULL ? &files->mini : NULL,
    };
    return sym_elf_new(&sources, &job->symbols);
}

/* A sym_debug_sink: take what the cache has of the addresses that are wanted. */
static bool take_cached(void *context, uint64_t address, const struct sym_debug_frame *frames,
                        size_t count)
{
    struct job *job = context;
    const uint64_t *wanted =
        bsearch(&address, job->addresses, job->count, sizeof address, compare_addresses);
    if (wanted == NULL) {
        return true;
    }
    job->is_known[wanted - job->addresses] = true;
    return count == 0 || sym_answers_has(&job->module->answers, address) ||
           take_frames(job, address, frames, count);
}

/* A sym_isolate_keeper. A module with a warning may have answers that are not all they can be. */
static void keep(void *context, const struct sym_isolate_output *output)
{
    struct job *job = context;
    size_t unknown = 0;
    for (size_t i = 0; i < job->asked_count; i++) {
        if (!sym_answers_has(&job->module->answers, job->asked[i])) {
            job->asked[unknown++] = job->asked[i];
        }
    }
    if (job->module->warning == NULL) {
        sym_cache_add(&job->key, output, job->asked, unknown);
    }
}

/* Ask the cache. Return: false without memory. */
static bool ask_cache(struct job *job)
{
    const struct module *module = job->module;
    const struct elf_file *file = &job->files.module;
    bool has_id = module->build_id_bytes > 0;
    job->key = (struct sym_cache_key){.directory = job->symbolizer->options.cache_dir,
                                      .build_id = has_id ? module->build_id : file->build_id,
                                      .build_id_bytes =
                                          has_id ? module->build_id_bytes : file->build_id_bytes};
    job->asked = calloc(job->count + 1, sizeof *job->asked);
    job->is_known = calloc(job->count + 1, sizeof *job->is_known);
    if (job->asked == NULL || job->is_known == NULL ||
        !sym_cache_read(&job->key, take_cached, job)) {
        return false;
    }
    for (size_t i = 0; i < job->count; i++) {
        if (!job->is_known[i]) {
            job->asked[job->asked_count++] = job->addresses[i];
        }
    }
    return true;
}

/* Ask the debug information about all addresses that the cache does not have. */
static enum trace_status ask_debug(struct job *job)
{
    const struct debug_files *files = &job->files;
    const struct elf_file *file = files->module.has_debug_info ? &files->module : &files->debug;
    struct trace_error error = {0};
    char text[sizeof error.text + 200];
    if (!file->has_debug_info) {
        const char *names = job->symbols == NULL ? "no symbols and no debug information"
                            : sym_elf_is_complete(job->symbols)
                                ? "function names, but no debug information"
                                : "names of exported functions, but no debug information";
        (void)snprintf(text, sizeof text,
                       "it has %s: install its -dbg or -dbgsym package, or rebuild it with -g",
                       names);
        warn(job, text);
        return TRACE_OK;
    }
    const struct sym_debug_files debug = {
        .file = file,
        .alternate = files->alternate.elf != NULL ? &files->alternate : NULL,
        .package = files->package.elf != NULL ? &files->package : NULL,
        .symbols_dir = job->symbolizer->options.symbols_dir,
        .sysroot_dir = job->symbolizer->options.sysroot_dir,
    };
    enum trace_status status =
        sym_isolate_resolve(&debug, job->asked, job->asked_count, take_frames, keep, job, &error);
    if (status != TRACE_OK && status != TRACE_NOMEM) {
        (void)snprintf(text, sizeof text, "%s; some names or lines may be missing", error.text);
        warn(job, text);
        status = TRACE_OK;
    }
    return status;
}

/* Return: whether a module is the kernel's, which has no file. */
static bool has_no_file(const struct module *module)
{
    return module->path[0] == '[' || strncmp(module->path, "linux-vdso", 10) == 0 ||
           strncmp(module->path, "linux-gate", 10) == 0;
}

static void open_files(struct job *job)
{
    const struct module *module = job->module;
    const struct symbol_options *options = &job->symbolizer->options;
    struct debug_file_query query = {.path = module->path,
                                     .build_id = module->build_id,
                                     .build_id_bytes = module->build_id_bytes,
                                     .symbols_dir = options->symbols_dir,
                                     .sysroot_dir = options->sysroot_dir,
                                     .is_offline = options->is_offline};
    if (!has_no_file(module)) {
        debug_files_open(&query, &job->files);
        if (job->files.warning[0] != '\0') {
            warn(job, job->files.warning);
        }
    }
}

enum trace_status symbolizer_resolve(struct symbolizer *symbolizer, size_t module,
                                     const uint64_t *addresses, size_t count)
{
    struct job job = {.symbolizer = symbolizer, .module = &symbolizer->modules[module]};
    debug_files_init(&job.files);
    enum trace_status status = collect(&job, addresses, count) ? TRACE_OK : TRACE_NOMEM;
    if (status == TRACE_OK && job.count > 0) {
        open_files(&job);
        status = read_symbols(&job);
        status = status == TRACE_NOMEM ? TRACE_NOMEM : TRACE_OK;
        bool has_any_file = job.files.module.elf != NULL || job.files.debug.elf != NULL;
        if (status == TRACE_OK && !ask_cache(&job)) {
            status = TRACE_NOMEM;
        }
        if (status == TRACE_OK && has_any_file && job.asked_count > 0) {
            status = ask_debug(&job);
        }
    }
    for (size_t i = 0; i < job.count && status == TRACE_OK; i++) {
        if (!sym_answers_has(&job.module->answers, job.addresses[i]) &&
            !ask_symbols(&job, job.addresses[i])) {
            status = TRACE_NOMEM;
        }
    }
    sym_elf_free(job.symbols);
    debug_files_close(&job.files);
    free(job.is_known);
    free(job.asked);
    free(job.addresses);
    return status;
}

enum trace_status symbolizer_variables(struct symbolizer *symbolizer, size_t module, bool is_local,
                                       const uint64_t *addresses, size_t count,
                                       struct symbol_variable *ret_variables)
{
    struct job job = {.symbolizer = symbolizer, .module = &symbolizer->modules[module]};
    struct sym_variables *variables = NULL;
    debug_files_init(&job.files);
    open_files(&job);
    enum trace_status status = sym_variables_new(&job.files, is_local, &variables);
    for (size_t i = 0; i < count && status != TRACE_NOMEM; i++) {
        const char *name = variables != NULL ? sym_variables_find(variables, addresses[i]) : NULL;
        ret_variables[i] = (struct symbol_variable){.name = shown_name(symbolizer, name)};
        status = name != NULL && ret_variables[i].name == NULL ? TRACE_NOMEM : status;
    }
    sym_variables_free(variables);
    debug_files_close(&job.files);
    return status == TRACE_NOMEM ? TRACE_NOMEM : TRACE_OK;
}

struct symbol_frames symbolizer_frames(const struct symbolizer *symbolizer, size_t module,
                                       uint64_t address)
{
    return sym_answers_find(&symbolizer->modules[module].answers, address);
}

const char *symbolizer_warning(const struct symbolizer *symbolizer, size_t module)
{
    return symbolizer->modules[module].warning;
}
