/*
 * Chains as a graph for Graphviz: a node for each line and each root, an edge from what keeps to
 * what is kept. Dashed edges point inside.
 */
#include <inttypes.h>
#include <string.h>

#include "render.h"
#include "safe_text.h"
#include "size_format.h"

/* A name inside a quoted string. */
static void print_name(FILE *out, const char *name)
{
    while (*name != '\0') {
        size_t length = strcspn(name, "\"\\");
        safe_text_print_part(out, name, length);
        name += length;
        if (*name != '\0') {
            (void)fprintf(out, "\\%c", *name++);
        }
    }
}

static void print_step(FILE *out, size_t chain, size_t at, const struct heap_report_step *step)
{
    char bytes[SIZE_FORMAT_BYTES];
    (void)fprintf(out, "  c%zu_%zu [label=\"", chain, at);
    print_name(out, step->group->name);
    if (step->group->has_line) {
        (void)fprintf(out, ":%" PRIu32, step->group->line);
    }
    (void)fprintf(out, "\\n%s in %" PRIu64 " block%s\"];\n",
                  size_format(bytes, (double)step->bytes, false), step->blocks,
                  step->blocks == 1 ? "" : "s");
}

static void print_chain(FILE *out, size_t number, const struct heap_report_chain *chain)
{
    for (size_t i = 0; i < chain->length; i++) {
        print_step(out, number, i, &chain->steps[i]);
    }
    (void)fprintf(out, "  c%zu_root [shape=ellipse, label=\"", number);
    print_name(out, chain->root);
    (void)fputs("\"];\n", out);
    for (size_t i = chain->length; i-- > 0;) {
        if (i + 1 == chain->length) {
            (void)fprintf(out, "  c%zu_root -> c%zu_%zu", number, number, i);
        } else {
            (void)fprintf(out, "  c%zu_%zu -> c%zu_%zu", number, i + 1, number, i);
        }
        (void)fputs(chain->steps[i].is_inside ? " [style=dashed];\n" : ";\n", out);
        if (chain->steps[i].is_repeated) {
            (void)fprintf(out, "  c%zu_%zu -> c%zu_%zu;\n", number, i, number, i);
        }
    }
}

enum trace_status render_dot(FILE *out, const struct report *reports, size_t count,
                             const struct render_options *options, struct trace_error *error)
{
    (void)options;
    (void)error;
    size_t number = 0;
    (void)fputs("digraph why {\n  node [shape=box];\n", out);
    for (size_t i = 0; i < count; i++) {
        const struct heap_report *heap = reports[i].heap;
        size_t shown = reports[i].top == 0 || heap->chain_count < reports[i].top ? heap->chain_count
                                                                                 : reports[i].top;
        for (size_t c = 0; c < shown; c++) {
            print_chain(out, number++, &heap->chains[c]);
        }
    }
    (void)fputs("}\n", out);
    return TRACE_OK;
}
