/*
 * The addresses of one module, from its files to its frames.
 *
 * A job is begun and ended, with the reading of debug information in between, in a process of its
 * own (sym_isolate.h): while that works, other jobs may be begun.
 */
#ifndef ANALYZER_SYM_JOB_H
#define ANALYZER_SYM_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "debug_file.h"
#include "sym_answers.h"
#include "sym_cache.h"
#include "sym_elf.h"
#include "sym_isolate.h"
#include "sym_names.h"
#include "symbolize.h"

/* What a symbolizer knows of a module. */
struct sym_module {
    const char *path;
    const uint8_t *build_id;    /* as the trace has it */
    size_t build_id_bytes;      /* 0: unknown */
    struct saved_symbols saved; /* names that are in the trace */
    const char *warning;        /* or NULL */
    const char *lack;           /* what it has instead of debug information, or NULL */
    struct sym_answers answers;
};

/* Where jobs keep what they find. */
struct sym_keeping {
    const struct symbol_options *options;
    struct arena *arena;
    struct sym_names *names;
};

struct sym_job {
    struct sym_keeping keeping;
    struct sym_module *module;
    struct debug_files files;
    struct sym_elf *symbols; /* or NULL */
    uint64_t *addresses;     /* sorted, each once, none of them answered before */
    size_t count;
    struct sym_cache_key key;
    uint64_t *asked; /* those that the cache knows nothing about */
    size_t asked_count;
    bool *is_known; /* of each address: the cache has it */
    struct sym_isolate_child child;
    bool has_child;
};

/*
 * Open the files of a module, if any of @addresses is new, and let a child read its debug
 * information.
 * @module: must not be in another job that has been begun.
 * @ret_job: to be ended whatever is returned.
 * Errors: TRACE_NOMEM.
 */
enum trace_status sym_job_begin(const struct sym_keeping *keeping, struct sym_module *module,
                                const uint64_t *addresses, size_t count,
                                struct sym_job *ret_job) TRACE_CHECKED;

/*
 * Wait for the child, and keep its answers in the module, and those of the symbol table for what is
 * left. Errors: TRACE_NOMEM.
 */
enum trace_status sym_job_end(struct sym_job *job) TRACE_CHECKED;

/* Close everything, with an answer or without. */
void sym_job_free(struct sym_job *job);

/* Open the files of a module, and keep what there is to warn of. */
void sym_job_open_files(struct sym_job *job);

/* Return: which of the open files have the debug information, if any has. */
struct sym_debug_files sym_job_debug_files(const struct sym_job *job);

#endif
