/*
 * Code addresses to source positions, for any number of modules.
 *
 * Each distinct (module, address) is resolved once; the answer belongs to the symbolizer and lives
 * as long as it does. Backends in order: DWARF of the file or of its separate debug file, ELF
 * symbol table, module and offset. A debug file is believed only if its build-id is the module's.
 */
#ifndef ANALYZER_SYMBOLIZE_H
#define ANALYZER_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "saved_symbols.h"
#include "stack_word.h"

/* One source position. An address inside inlined code has several, innermost first. */
struct symbol_frame {
    const char *function; /* demangled if asked for; NULL when unknown */
    const char *file;     /* as the compiler recorded it, joined with its directory; NULL unknown */
    uint32_t line;        /* 0 when unknown */
    uint32_t column;      /* 0 when unknown */
    uint64_t offset;      /* from the start of the function's symbol, when there is no line */
    bool is_inlined;      /* expanded in the next frame's function */
};

struct symbol_frames {
    const struct symbol_frame *frames; /* NULL when count is 0: not even a symbol is known */
    size_t count;
};

struct symbol_options {
    const char *symbols_dir; /* more debug files, or NULL */
    const char *sysroot_dir; /* put before every path, or NULL */
    bool no_inline;          /* give only the outermost function of each address */
    const char *cache_dir;   /* answers are kept there for the next report; NULL: nowhere */
    bool no_demangle;
    bool is_offline; /* no debuginfod server is asked, whatever DEBUGINFOD_URLS says */
};

struct symbolizer;

/* Return: a symbolizer, or NULL without memory. @options is copied, its strings are not. */
struct symbolizer *symbolizer_new(const struct symbol_options *options);
void symbolizer_free(struct symbolizer *symbolizer);

/*
 * Name a module. Nothing is opened before an address is asked for.
 * @path: where it was loaded from; copied.
 * @build_id: may be NULL with @build_id_bytes 0; copied.
 * @ret_module: a number for the calls below.
 */
enum trace_status symbolizer_add_module(struct symbolizer *symbolizer, const char *path,
                                        const uint8_t *build_id, size_t build_id_bytes,
                                        size_t *ret_module) TRACE_CHECKED;

/*
 * Give a module the names that are in its trace, for want of a file.
 * @symbols: copied. Return: false without memory.
 */
bool symbolizer_add_saved(struct symbolizer *symbolizer, size_t module,
                          const struct saved_symbols *symbols) TRACE_CHECKED;

/* Addresses of one module that are to be resolved. */
struct symbol_request {
    size_t module;
    const uint64_t *addresses; /* as in the ELF file (load bias taken off), pointing into the call
                                  instruction (return address minus one); any order, duplicates
                                  allowed */
    size_t count;
};

/* Told how it goes on: so many addresses more are resolved; 0: none yet, but time goes by. */
typedef void (*symbol_progress)(void *context, size_t addresses);

/*
 * Resolve addresses, all at once: much faster than one by one. Modules are read side by side, on
 * as many cores as there are.
 * @requests: no module twice.
 * @progress: NULL: nobody is told. @context: its own.
 * Errors: TRACE_NOMEM only. A file that is missing, foreign or broken is a warning (below).
 */
enum trace_status symbolizer_resolve(struct symbolizer *symbolizer,
                                     const struct symbol_request *requests, size_t count,
                                     symbol_progress progress, void *context) TRACE_CHECKED;

/* Return: the frames of an address resolved before; count 0 if it was not, or has no name. */
struct symbol_frames symbolizer_frames(const struct symbolizer *symbolizer, size_t module,
                                       uint64_t address);

/* Where variables are that are not on a stack, and what their addresses are. */
enum symbol_storage {
    SYMBOL_GLOBAL,           /* in a module's data; as in the ELF file */
    SYMBOL_LOCAL_OF_PROGRAM, /* thread-local, of the program itself; minus the thread pointer */
    SYMBOL_LOCAL_OF_MODULE,  /* thread-local; from the start of the thread's block of the module */
};

/* A variable that is not on a stack. */
struct symbol_variable {
    const char *name; /* demangled if asked for; NULL when unknown */
    const char *file; /* where it is declared; NULL unknown */
    uint32_t line;
};

/*
 * Find the variables that addresses of a module's data belong to.
 * @addresses: as @storage says. Any order.
 * @ret_variables: one for each address; strings live as long as the symbolizer.
 * Errors: TRACE_NOMEM only.
 */
enum trace_status symbolizer_variables(struct symbolizer *symbolizer, size_t module,
                                       enum symbol_storage storage, const uint64_t *addresses,
                                       size_t count,
                                       struct symbol_variable *ret_variables) TRACE_CHECKED;

/*
 * Find the locals that words of stacks are part of.
 * @module: whose functions have the frames. @words: sorted by pc.
 * @ret_names: one for each word, NULL where none is known; they live as long as the symbolizer.
 * Errors: TRACE_NOMEM only.
 */
enum trace_status symbolizer_locals(struct symbolizer *symbolizer, size_t module,
                                    const struct stack_word *words, size_t count,
                                    const char **ret_names) TRACE_CHECKED;

/*
 * What to tell the user about a module: why names or lines are missing, and what would help.
 * Return: one line, or NULL when there is nothing to say.
 */
const char *symbolizer_warning(const struct symbolizer *symbolizer, size_t module);

/*
 * The same without what would help, for those who know better.
 * Return: NULL if it is not for want of debug information.
 */
const char *symbolizer_lack(const struct symbolizer *symbolizer, size_t module);

#endif
