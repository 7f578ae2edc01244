/*
 * Modules, and the order of work on them. A call begins a job for each module that it asks about
 * (sym_job.h), several at once, and ends them in the same order: what comes out does not depend on
 * which child was the fastest.
 */
#include "symbolize.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "grow.h"
#include "sym_isolate.h"
#include "sym_job.h"
#include "sym_names.h"
#include "sym_variable.h"

/* A child may need some hundred megabytes for a large module. */
enum { JOBS_MAX = 8 };

enum { PROGRESS_MS = 100 }; /* how often it is told that a child takes its time */

struct symbolizer {
    struct symbol_options options;
    struct arena arena;
    struct sym_names names;
    struct sym_module *modules;
    size_t module_count;
    size_t module_capacity;
};

struct symbolizer *symbolizer_new(const struct symbol_options *options)
{
    struct symbolizer *symbolizer = calloc(1, sizeof *symbolizer);
    if (symbolizer == NULL) {
        return NULL;
    }
    symbolizer->options = *options;
    if (!sym_names_init(&symbolizer->names, options->no_demangle)) {
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
    sym_names_fini(&symbolizer->names);
    arena_fini(&symbolizer->arena);
    free(symbolizer);
}

enum trace_status symbolizer_add_module(struct symbolizer *symbolizer, const char *path,
                                        const uint8_t *build_id, size_t build_id_bytes,
                                        size_t *ret_module)
{
    struct sym_module *moved = grow_array(symbolizer->modules, symbolizer->module_count,
                                          &symbolizer->module_capacity, sizeof *moved);
    if (moved == NULL) {
        return TRACE_NOMEM;
    }
    symbolizer->modules = moved;
    struct sym_module module = {.path = arena_copy(&symbolizer->arena, path, strlen(path)),
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

bool symbolizer_add_saved(struct symbolizer *symbolizer, size_t module,
                          const struct saved_symbols *symbols)
{
    struct saved_symbol *items = arena_array(&symbolizer->arena, symbols->count + 1, sizeof *items);
    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < symbols->count; i++) {
        items[i] = symbols->items[i];
        items[i].name = sym_names_keep(&symbolizer->names, symbols->items[i].name);
        if (items[i].name == NULL) {
            return false;
        }
    }
    symbolizer->modules[module].saved =
        (struct saved_symbols){.items = items, .count = symbols->count};
    return true;
}

static struct sym_keeping keeping_of(struct symbolizer *symbolizer)
{
    return (struct sym_keeping){
        .options = &symbolizer->options, .arena = &symbolizer->arena, .names = &symbolizer->names};
}

/* Return: how many jobs to have at once: one for each core that we may use. */
static size_t jobs_at_once(void)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    return count < 1 ? 1 : count > JOBS_MAX ? JOBS_MAX : (size_t)count;
}

/* Wait for a job's child, and tell that it takes its time. */
static void wait_for(const struct sym_job *job, symbol_progress progress, void *context)
{
    while (progress != NULL && job->has_child && !sym_isolate_wait(&job->child, PROGRESS_MS)) {
        progress(context, 0);
    }
}

enum trace_status symbolizer_resolve(struct symbolizer *symbolizer,
                                     const struct symbol_request *requests, size_t count,
                                     symbol_progress progress, void *context)
{
    const struct sym_keeping keeping = keeping_of(symbolizer);
    const size_t most = jobs_at_once();
    struct sym_job jobs[JOBS_MAX]; // a ring, by the number of the request
    enum trace_status status = TRACE_OK;
    size_t begun = 0;
    for (size_t ended = 0; ended < begun || (ended < count && status == TRACE_OK); ended++) {
        while (begun < count && begun < ended + most && status == TRACE_OK) {
            const struct symbol_request *request = &requests[begun];
            status = sym_job_begin(&keeping, &symbolizer->modules[request->module],
                                   request->addresses, request->count, &jobs[begun % most]);
            begun++;
        }
        if (status == TRACE_OK) {
            wait_for(&jobs[ended % most], progress, context);
            status = sym_job_end(&jobs[ended % most]);
        }
        if (status == TRACE_OK && progress != NULL) {
            progress(context, requests[ended].count);
        }
        sym_job_free(&jobs[ended % most]);
    }
    return status;
}

/* Variables of one module that are to be found. */
struct variables_job {
    struct symbolizer *symbolizer;
    uint64_t *starts; /* of each variable, as its symbol has it; 0 without a symbol */
    uint64_t *sorted; /* each start once */
    size_t sorted_count;
    size_t count;
    struct symbol_variable *variables;
};

static int compare_starts(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* Name variables by their symbols. Return: false without memory. */
static bool name_variables(struct variables_job *job, const struct sym_variables *known,
                           const uint64_t *addresses)
{
    for (size_t i = 0; i < job->count; i++) {
        const char *name = sym_variables_find(known, addresses[i], &job->starts[i]);
        job->variables[i].name = sym_names_show(&job->symbolizer->names, name);
        if (name != NULL && job->variables[i].name == NULL) {
            return false;
        }
        if (name != NULL) {
            job->sorted[job->sorted_count++] = job->starts[i];
        }
    }
    if (job->sorted_count > 0) {
        qsort(job->sorted, job->sorted_count, sizeof *job->sorted, compare_starts);
    }
    size_t kept = 0;
    for (size_t i = 0; i < job->sorted_count; i++) {
        if (i == 0 || job->sorted[i] != job->sorted[i - 1]) {
            job->sorted[kept++] = job->sorted[i];
        }
    }
    job->sorted_count = kept;
    return true;
}

/* A sym_debug_sink: keep where the variable that begins at @place is declared. */
static bool take_declaration(void *context, uint64_t place, const struct sym_debug_frame *frames,
                             size_t count)
{
    struct variables_job *job = context;
    (void)count; // one
    const char *file = sym_names_keep(&job->symbolizer->names, frames[0].file);
    for (size_t i = 0; i < job->count; i++) {
        if (job->variables[i].name != NULL && job->starts[i] == place) {
            job->variables[i].file = file;
            job->variables[i].line = frames[0].line;
        }
    }
    return file != NULL || frames[0].file == NULL;
}

/* Ask the debug information; what cannot be read says nothing. Errors: TRACE_NOMEM. */
static enum trace_status find_declarations(struct variables_job *job,
                                           const struct sym_debug_files *files, bool is_local)
{
    struct sym_isolate_child child;
    if (job->sorted_count == 0 || !files->file->has_debug_info ||
        sym_isolate_start_declared(files, is_local, job->sorted, job->sorted_count, &child, NULL) !=
            TRACE_OK) {
        return TRACE_OK;
    }
    enum trace_status status = sym_isolate_finish(&child, take_declaration, NULL, job, NULL);
    return status == TRACE_NOMEM ? TRACE_NOMEM : TRACE_OK;
}

enum trace_status symbolizer_variables(struct symbolizer *symbolizer, size_t module,
                                       enum symbol_storage storage, const uint64_t *addresses,
                                       size_t count, struct symbol_variable *ret_variables)
{
    struct sym_job files = {.keeping = keeping_of(symbolizer),
                            .module = &symbolizer->modules[module]};
    struct sym_variables *known = NULL;
    struct variables_job job = {.symbolizer = symbolizer,
                                .starts = calloc(count + 1, sizeof *job.starts),
                                .sorted = calloc(count + 1, sizeof *job.sorted),
                                .count = count,
                                .variables = ret_variables};
    memset(ret_variables, 0, count * sizeof *ret_variables);
    debug_files_init(&files.files);
    sym_job_open_files(&files);
    enum trace_status status = job.starts != NULL && job.sorted != NULL
                                   ? sym_variables_new(&files.files, storage, &known)
                                   : TRACE_NOMEM;
    if (status == TRACE_OK) {
        status = name_variables(&job, known, addresses) ? TRACE_OK : TRACE_NOMEM;
    }
    if (status == TRACE_OK) {
        const struct sym_debug_files debug = sym_job_debug_files(&files);
        status = find_declarations(&job, &debug, storage != SYMBOL_GLOBAL);
    }
    sym_variables_free(known);
    sym_job_free(&files);
    free(job.starts);
    free(job.sorted);
    return status == TRACE_NOMEM ? TRACE_NOMEM : TRACE_OK;
}

/* The words of one module whose locals are to be found. */
struct locals_job {
    struct symbolizer *symbolizer;
    const char **names;
    size_t count;
};

/* A sym_debug_sink: keep the name of a local. */
static bool take_local(void *context, uint64_t word, const struct sym_debug_frame *frames,
                       size_t count)
{
    struct locals_job *job = context;
    (void)count; // one
    if (word >= job->count || frames[0].function == NULL) {
        return true;
    }
    job->names[word] = sym_names_keep(&job->symbolizer->names, frames[0].function);
    return job->names[word] != NULL;
}

enum trace_status symbolizer_locals(struct symbolizer *symbolizer, size_t module,
                                    const struct stack_word *words, size_t count,
                                    const char **ret_names)
{
    struct sym_job files = {.keeping = keeping_of(symbolizer),
                            .module = &symbolizer->modules[module]};
    struct locals_job job = {symbolizer, ret_names, count};
    struct sym_isolate_child child;
    enum trace_status status = TRACE_OK;
    memset((void *)ret_names, 0, count * sizeof *ret_names);
    debug_files_init(&files.files);
    sym_job_open_files(&files);
    const struct sym_debug_files debug = sym_job_debug_files(&files);
    if (debug.file->has_debug_info &&
        sym_isolate_start_locals(&debug, words, count, &child, NULL) == TRACE_OK) {
        status = sym_isolate_finish(&child, take_local, NULL, &job, NULL);
    }
    sym_job_free(&files);
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

const char *symbolizer_lack(const struct symbolizer *symbolizer, size_t module)
{
    return symbolizer->modules[module].lack;
}
