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
#include "sym_job.h"
#include "sym_names.h"
#include "sym_variable.h"

/* A child may need some hundred megabytes for a large module. */
enum { JOBS_MAX = 8 };

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

enum trace_status symbolizer_resolve(struct symbolizer *symbolizer,
                                     const struct symbol_request *requests, size_t count)
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
            status = sym_job_end(&jobs[ended % most]);
        }
        sym_job_free(&jobs[ended % most]);
    }
    return status;
}

enum trace_status symbolizer_variables(struct symbolizer *symbolizer, size_t module, bool is_local,
                                       const uint64_t *addresses, size_t count,
                                       struct symbol_variable *ret_variables)
{
    struct sym_job job = {.keeping = keeping_of(symbolizer),
                          .module = &symbolizer->modules[module]};
    struct sym_variables *variables = NULL;
    debug_files_init(&job.files);
    sym_job_open_files(&job);
    enum trace_status status = sym_variables_new(&job.files, is_local, &variables);
    for (size_t i = 0; i < count && status != TRACE_NOMEM; i++) {
        const char *name = variables != NULL ? sym_variables_find(variables, addresses[i]) : NULL;
        ret_variables[i] =
            (struct symbol_variable){.name = sym_names_show(&symbolizer->names, name)};
        status = name != NULL && ret_variables[i].name == NULL ? TRACE_NOMEM : status;
    }
    sym_variables_free(variables);
    sym_job_free(&job);
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
