/*
 * What the ids of one trace mean (format.md, 4): its process, modules, stacks, sites and threads.
 *
 * Ids may be missing and may be defined in any order. Arrays by id start at the file's first id;
 * they are sized by how much the file defines, never by a number that it contains.
 */
#ifndef ANALYZER_DEFINITIONS_H
#define ANALYZER_DEFINITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "chunk_index.h"
#include "error.h"
#include "saved_symbols.h"
#include "trace_file.h"

#define DEFINITIONS_DEPTH_MAX 4096 /* frames of a stack that are looked at; more is a cycle */

struct process_definition {
    const char *executable; /* NULL, as all here, when the trace does not tell */
    const char *directory;
    const char *host;
    const char *allocator;
    const char **arguments;
    size_t argument_count;
    uint64_t argument_total; /* with those that were too long to be kept */
};

struct module_definition {
    const char *path; /* NULL: not defined */
    const uint8_t *build_id;
    size_t build_id_bytes;
    uint64_t start;
    uint64_t end;
    uint64_t bias;
    struct saved_symbols symbols; /* of its own, if its file may be gone */
};

struct stack_node {
    uint64_t address; /* where the call returns to */
    uint32_t parent;
    uint16_t module;
    bool is_defined;
};

struct site {
    uint64_t size; /* requested, in bytes */
    uint32_t stack;
    uint32_t stream; /* whose threads allocate it */
    uint32_t domain; /* 0: malloc's; else what the program tracks itself */
    bool is_defined;
};

struct thread_definition {
    uint64_t thread; /* the kernel's number */
    const char *name;
    uint32_t stream;
};

struct definitions {
    struct process_definition process;
    uint32_t pid;
    struct module_definition *modules; /* by id */
    size_t module_count;
    struct stack_node *stacks; /* by id - first_stack */
    size_t stack_slots;
    uint32_t first_stack;
    uint64_t stack_count; /* defined ones */
    uint64_t cut_count;   /* of those, whose callers lie beyond the depth limit */
    uint64_t broken_count;
    struct site *sites; /* by id - first_site */
    size_t site_slots;
    uint32_t first_site;
    uint64_t site_count;
    struct thread_definition *threads; /* each (stream, thread) once */
    size_t thread_count;
    char *code_map; /* text of CODE_MAP records; NULL: none */
    size_t code_map_bytes;
    size_t code_map_room;
    struct arena arena;
};

/*
 * Read all definitions of a trace.
 * @damage: chunks that cannot be used are counted here, and left out.
 * Errors: TRACE_IO, TRACE_NOMEM.
 */
enum trace_status definitions_load(const struct trace_file *file, const struct chunk_index *index,
                                   struct chunk_decoder *decoder,
                                   struct definitions *ret_definitions, struct damage *damage,
                                   struct trace_error *error) TRACE_CHECKED;
void definitions_fini(struct definitions *definitions);

/* Return: a stack's innermost frame; NULL for a root, and for a stack that is not defined. */
const struct stack_node *definitions_stack(const struct definitions *definitions, uint32_t stack);

#endif
