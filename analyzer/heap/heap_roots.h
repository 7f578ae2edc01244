/*
 * Names for the words outside the heap that keep blocks alive: the global or thread-local variable,
 * the thread whose stack or registers it is, the mapping. Words of the same name are one root.
 */
#ifndef ANALYZER_HEAP_ROOTS_H
#define ANALYZER_HEAP_ROOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute.h"
#include "error.h"
#include "heap_picture.h"
#include "modules.h"
#include "strings.h"
#include "symbolize.h"

struct heap_roots;

/* @symbolizer, @modules: must outlive it. Return: NULL without memory. */
struct heap_roots *heap_roots_new(struct symbolizer *symbolizer,
                                  const struct module_table *modules);
void heap_roots_free(struct heap_roots *roots);

/*
 * Name roots of a picture.
 * @attribution: of the same trace.
 * @is_used: of each root, and of the two starts after them, whether it needs a name.
 * @labels: of each of these; set for those that are used.
 */
enum trace_status heap_roots_label(struct heap_roots *roots, const struct heap_picture *picture,
                                   const struct attribution *attribution, const bool *is_used,
                                   uint32_t *labels, struct trace_error *error) TRACE_CHECKED;

/* Return: the name that a label stands for; lives as long as @roots. */
const char *heap_roots_name(const struct heap_roots *roots, uint32_t label);

/* Return: a root's address; 0 if it has none, as registers. */
uint64_t heap_roots_address(const struct heap_picture *picture, uint32_t root);

/* Return: of two roots, which one to name first: lower is better, below HEAP_RANKS. */
uint8_t heap_roots_rank(const struct heap_picture *picture, const struct heap_root *root);

#endif
