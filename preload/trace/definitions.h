/*
 * Definition records: docs/format.md, section 4. What is written to is a stream of definitions: a
 * window and the values that deltas refer to.
 *
 * Every function returns false (0) when the window has no room: seal it, call
 * definitions_restart(), and try again. Context: the stream's own thread, async-signal-safe.
 */
#ifndef PRELOAD_DEFINITIONS_H
#define PRELOAD_DEFINITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "module_symbols.h"
#include "modules.h"
#include "stack_table.h"
#include "window.h"

struct definitions {
    struct window window;
    uint32_t last_stack;
    uint32_t last_module; /* of that stack's address */
    uint32_t last_site;
    uint32_t last_site_stack;
    uintptr_t last_address;
    uint32_t settled; /* `used` of the window when the above was right */
};

/* What a PROCESS record says; all strings end in zero. */
struct process_description {
    const char *executable;
    const char *directory;
    const char *host;
    const char *allocator;
    char *const *arguments; /* ends with NULL; may be NULL */
};

/* The window is a new one, and empty: deltas start from 0. */
void definitions_restart(struct definitions *definitions);

/* Return: false if a record was left in the middle, and deltas may start from anything. */
bool definitions_are_settled(const struct definitions *definitions);

bool define_process(struct definitions *definitions, const struct process_description *process);
bool define_module(struct definitions *definitions, uint32_t id, const struct module *module);
/* As many symbols of a module as one record takes; @symbols is moved behind them. */
bool define_symbols(struct definitions *definitions, uint32_t id, struct module_symbols *symbols);
/* A piece of a code map, from @offset on. @ret_bytes: how long it is; 0 at the end: no record. */
bool define_code_map(struct definitions *definitions, int fd, uint64_t offset, size_t *ret_bytes);
/* @nodes: at least one; their ids follow each other. Return: how many there was room for. */
size_t define_stacks(struct definitions *definitions, uint32_t id, const struct stack_node *nodes,
                     size_t count);
bool define_site(struct definitions *definitions, uint32_t id, uint32_t stack, uint64_t size);
bool define_domain(struct definitions *definitions, uint32_t site, uint32_t domain);
bool define_thread(struct definitions *definitions, uint32_t thread, const char *name);

#endif
