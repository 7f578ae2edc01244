/*
 * The order in which the sources of names are asked: the cache of earlier answers, the debug
 * information, the symbol table about what is left. Only answers are kept; a module's files are
 * closed with its job, so that a report over a hundred modules holds the files of a few.
 */
#include "sym_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Choose a function's name: the debug information's, but the symbol table's if the former has none,
 * or only one that the linker does not know, and the table has a function that begins right there.
 */
static const char *function_name(const struct sym_job *job, const struct sym_debug_frame *frame,
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
    struct sym_job *job = context;
    struct sym_keeping *keeping = &job->keeping;
    if (keeping->options->no_inline) {
        frames += count - 1;
        count = 1;
    }
    struct symbol_frame *kept = arena_array(keeping->arena, count, sizeof *kept);
    if (kept == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = function_name(job, &frames[i], address);
        const char *file = frames[i].file;
        kept[i] = (struct symbol_frame){.function = sym_names_show(keeping->names, name),
                                        .file = sym_names_keep(keeping->names, file),
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

/*
 * Find the symbol of an address, which is that of a call: one before where it returns to. Where no
 * symbol has that, but one begins with the next byte, nobody has called: a signal handler returns
 * to the start of the trampoline that it was given.
 */
static bool find_symbol(const struct sym_job *job, uint64_t address,
                        struct sym_elf_match *ret_match)
{
    if (job->symbols == NULL) {
        return false;
    }
    return sym_elf_find(job->symbols, address, ret_match) ||
           (sym_elf_find(job->symbols, address + 1, ret_match) && ret_match->addr == address + 1);
}

/* Ask the symbol table about one address. Return: false without memory. */
static bool ask_symbols(struct sym_job *job, uint64_t address)
{
    struct sym_keeping *keeping = &job->keeping;
    struct sym_elf_match match;
    struct symbol_frames frames = {0};
    if (find_symbol(job, address, &match)) {
        struct symbol_frame *frame = arena_array(keeping->arena, 1, sizeof *frame);
        if (frame == NULL) {
            return false;
        }
        *frame = (struct symbol_frame){.function = sym_names_show(keeping->names, match.name),
                                       .offset = address >= match.addr ? address - match.addr : 0};
        if (frame->function == NULL) {
            return false;
        }
        frames = (struct symbol_frames){.frames = frame, .count = 1};
    }
    sym_answers_put(&job->module->answers, address, frames);
    return true;
}

/* Set the module's warning; the first one stands, it names the cause. */
static void warn(struct sym_job *job, const char *text)
{
    if (job->module->warning == NULL) {
        job->module->warning = arena_format(job->keeping.arena, "%s", text);
    }
}

static int compare_addresses(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* Collect what was not answered before. Return: false without memory. */
static bool collect(struct sym_job *job, const uint64_t *addresses, size_t count)
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
static enum trace_status read_symbols(struct sym_job *job)
{
    const struct debug_files *files = &job->files;
    const struct sym_elf_sources sources = {
        .module = files->module.elf != NULL ? &files->module : NULL,
        .debug = files->debug.elf != NULL ? &files->debug : NULL,
        .mini = files->mini.elf != NULL ? &files->mini : NULL,
        .saved = &job->module->saved,
    };
    return sym_elf_new(&sources, &job->symbols);
}

/* A sym_debug_sink: take what the cache has of the addresses that are wanted. */
static bool take_cached(void *context, uint64_t address, const struct sym_debug_frame *frames,
                        size_t count)
{
    struct sym_job *job = context;
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
    struct sym_job *job = context;
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
static bool ask_cache(struct sym_job *job)
{
    const struct sym_module *module = job->module;
    const struct elf_file *file = &job->files.module;
    bool has_id = module->build_id_bytes > 0;
    job->key = (struct sym_cache_key){.directory = job->keeping.options->cache_dir,
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

/* Say what went wrong with the debug information. */
static void warn_of_debug(struct sym_job *job, enum trace_status status,
                          const struct trace_error *error)
{
    char text[sizeof error->text + 200];
    if (status != TRACE_OK && status != TRACE_NOMEM) {
        (void)snprintf(text, sizeof text, "%s; some names or lines may be missing", error->text);
        warn(job, text);
    }
}

struct sym_debug_files sym_job_debug_files(const struct sym_job *job)
{
    const struct debug_files *files = &job->files;
    return (struct sym_debug_files){
        .file = files->module.has_debug_info ? &files->module : &files->debug,
        .alternate = files->alternate.elf != NULL ? &files->alternate : NULL,
        .package = files->package.elf != NULL ? &files->package : NULL,
        .symbols_dir = job->keeping.options->symbols_dir,
        .sysroot_dir = job->keeping.options->sysroot_dir,
    };
}

/* Have a child ask the debug information about all addresses that the cache does not have. */
static void ask_debug(struct sym_job *job)
{
    const struct sym_debug_files debug = sym_job_debug_files(job);
    struct trace_error error = {0};
    char text[sizeof error.text + 200];
    if (!debug.file->has_debug_info) {
        const char *names = job->symbols == NULL ? "no symbols and no debug information"
                            : sym_elf_is_complete(job->symbols)
                                ? "function names, but no debug information"
                                : "names of exported functions, but no debug information";
        if (job->module->warning == NULL) {
            job->module->lack = arena_format(job->keeping.arena, "it has %s", names);
        }
        (void)snprintf(text, sizeof text,
                       "it has %s: install its -dbg or -dbgsym package, or rebuild it with -g; "
                       "--summary says which",
                       names);
        warn(job, text);
        return;
    }
    enum trace_status status =
        sym_isolate_start(&debug, job->asked, job->asked_count, &job->child, &error);
    job->has_child = status == TRACE_OK;
    warn_of_debug(job, status, &error);
}

/* Take the answers of the child. Errors: TRACE_NOMEM. */
static enum trace_status take_debug(struct sym_job *job)
{
    struct trace_error error = {0};
    enum trace_status status = sym_isolate_finish(&job->child, take_frames, keep, job, &error);
    job->has_child = false;
    warn_of_debug(job, status, &error);
    return status == TRACE_NOMEM ? TRACE_NOMEM : TRACE_OK;
}

void sym_job_open_files(struct sym_job *job)
{
    const struct sym_module *module = job->module;
    const struct symbol_options *options = job->keeping.options;
    struct debug_file_query query = {.path = module->path,
                                     .build_id = module->build_id,
                                     .build_id_bytes = module->build_id_bytes,
                                     .symbols_dir = options->symbols_dir,
                                     .sysroot_dir = options->sysroot_dir,
                                     .is_offline = options->is_offline};
    debug_files_open(&query, &job->files);
    if (job->files.warning[0] != '\0') {
        warn(job, job->files.warning);
    }
}

enum trace_status sym_job_begin(const struct sym_keeping *keeping, struct sym_module *module,
                                const uint64_t *addresses, size_t count, struct sym_job *ret_job)
{
    struct sym_job *job = ret_job;
    *job = (struct sym_job){.keeping = *keeping, .module = module};
    debug_files_init(&job->files);
    if (!collect(job, addresses, count)) {
        return TRACE_NOMEM;
    }
    if (job->count == 0) {
        return TRACE_OK;
    }
    sym_job_open_files(job);
    if (read_symbols(job) == TRACE_NOMEM || !ask_cache(job)) {
        return TRACE_NOMEM;
    }
    bool has_any_file = job->files.module.elf != NULL || job->files.debug.elf != NULL;
    if (has_any_file && job->asked_count > 0) {
        ask_debug(job);
    }
    return TRACE_OK;
}

enum trace_status sym_job_end(struct sym_job *job)
{
    enum trace_status status = job->has_child ? take_debug(job) : TRACE_OK;
    for (size_t i = 0; i < job->count && status == TRACE_OK; i++) {
        if (!sym_answers_has(&job->module->answers, job->addresses[i]) &&
            !ask_symbols(job, job->addresses[i])) {
            status = TRACE_NOMEM;
        }
    }
    return status;
}

void sym_job_free(struct sym_job *job)
{
    if (job->has_child) {
        sym_isolate_abandon(&job->child);
    }
    sym_elf_free(job->symbols);
    debug_files_close(&job->files);
    free(job->is_known);
    free(job->asked);
    free(job->addresses);
}
