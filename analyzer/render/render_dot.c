/*
 * Heap pictures as graphs for Graphviz: an edge goes from what keeps to what is kept, dashed if it
 * points inside. The chains of --why have a node for each step and each root, the other two a node
 * for each line that is shown: --leaks the lost ones with the pointers between them, --retained the
 * dominator tree, merged by line.
 */
#include <inttypes.h>
#include <stdlib.h>
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

static void print_group(FILE *out, const struct group *group)
{
    print_name(out, group->name);
    if (group->has_line) {
        (void)fprintf(out, ":%" PRIu32, group->line);
    }
}

static void print_sum(FILE *out, const struct heap_sum *sum)
{
    char bytes[SIZE_FORMAT_BYTES];
    (void)fprintf(out, "%s in %" PRIu64 " block%s", size_format(bytes, (double)sum->bytes, false),
                  sum->blocks, sum->blocks == 1 ? "" : "s");
}

/* --- chains --- */

static void print_step(FILE *out, size_t chain, size_t at, const struct heap_report_step *step)
{
    const struct heap_sum sum = {step->bytes, step->blocks};
    (void)fprintf(out, "  c%zu_%zu [label=\"", chain, at);
    print_group(out, step->group);
    (void)fputs("\\n", out);
    print_sum(out, &sum);
    (void)fputs("\"];\n", out);
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

static void print_chains(FILE *out, const struct report *report, size_t first)
{
    const struct heap_report *heap = report->heap;
    for (size_t i = 0; i < heap->chain_count && (report->top == 0 || i < report->top); i++) {
        print_chain(out, first + i, &heap->chains[i]);
    }
}

/* --- lines --- */

/* Lines as nodes: n0_7 is the eighth line of the first report. */
struct line_graph {
    FILE *out;
    const struct report *report;
    size_t number; /* of the report */
    bool *is_shown;
};

static void print_lost_line(const struct line_graph *graph, const struct heap_line *line)
{
    static const enum heap_class order[] = {HEAP_DEFINITE, HEAP_INDIRECT, HEAP_POSSIBLE};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const struct heap_sum *sum = &line->shares[order[i]].sum;
        if (sum->blocks > 0) {
            (void)fprintf(graph->out, "\\n%s: ", heap_class_name(order[i]));
            print_sum(graph->out, sum);
        }
    }
    bool is_leading = line->shares[HEAP_DEFINITE].sum.blocks > 0;
    (void)fprintf(graph->out, "\"%s];\n", is_leading ? ", style=bold" : "");
}

static void print_retaining_line(const struct line_graph *graph, const struct heap_line *line)
{
    char bytes[SIZE_FORMAT_BYTES];
    (void)fprintf(graph->out, "\\nretains %s%s\\n", line->is_bound ? ">=" : "",
                  size_format(bytes, (double)line->retained.bytes, false));
    print_sum(graph->out, &line->own);
    (void)fputs("\"];\n", graph->out);
}

static void print_line(struct line_graph *graph, const struct heap_line *line)
{
    size_t at = (size_t)(line - graph->report->heap->lines);
    graph->is_shown[at] = true;
    (void)fprintf(graph->out, "  n%zu_%zu [label=\"", graph->number, at);
    print_group(graph->out, line->group);
    if (graph->report->kind == REPORT_LEAKS) {
        print_lost_line(graph, line);
    } else {
        print_retaining_line(graph, line);
    }
}

static void print_link(const struct line_graph *graph, const struct heap_link *link)
{
    if (link->from == HEAP_LINK_ROOTS) {
        (void)fprintf(graph->out, "  roots");
    } else {
        (void)fprintf(graph->out, "  n%zu_%" PRIu32, graph->number, link->from);
    }
    (void)fprintf(graph->out, " -> n%zu_%" PRIu32 " [label=\"", graph->number, link->to);
    if (graph->report->kind == REPORT_LEAKS) {
        (void)fprintf(graph->out, "%" PRIu64 " pointer%s", link->count,
                      link->count == 1 ? "" : "s");
    } else {
        print_sum(graph->out, &(struct heap_sum){link->bytes, link->count});
    }
    (void)fprintf(graph->out, "\"%s];\n", link->is_inside ? ", style=dashed" : "");
}

/* Draw the lines that a table would show, and what is between them. Return: false without memory.
 */
static bool print_lines(FILE *out, const struct report *report, size_t number)
{
    const struct heap_report *heap = report->heap;
    const struct heap_line **lines = NULL;
    struct line_graph graph = {
        .out = out,
        .report = report,
        .number = number,
        .is_shown = calloc(heap->line_count + 1, sizeof *graph.is_shown),
    };
    enum heap_order order = report->kind == REPORT_LEAKS ? HEAP_BY_LOSS : HEAP_BY_RETAINED;
    size_t count = heap_report_sort(heap, order, HEAP_UNMARKED, &lines);
    bool has_memory = graph.is_shown != NULL && count != SIZE_MAX;
    size_t shown = report->top == 0 || count < report->top ? count : report->top;
    for (size_t i = 0; has_memory && i < shown; i++) {
        print_line(&graph, lines[i]);
    }
    for (size_t i = 0; has_memory && i < heap->links.count; i++) {
        const struct heap_link *link = &heap->links.items[i];
        bool has_start = link->from == HEAP_LINK_ROOTS || graph.is_shown[link->from];
        if (has_start && graph.is_shown[link->to]) {
            print_link(&graph, link);
        }
    }
    if (has_memory && count > shown) {
        (void)fprintf(out, "  others_%zu [shape=plaintext, label=\"%zu other lines\"];\n", number,
                      count - shown);
    }
    free(graph.is_shown);
    if (count != SIZE_MAX) {
        free(lines);
    }
    return has_memory;
}

enum trace_status render_dot(FILE *out, const struct report *reports, size_t count,
                             const struct render_options *options, struct trace_error *error)
{
    (void)options;
    static const char *const names[] = {
        [REPORT_LEAKS] = "leaks", [REPORT_RETAINED] = "retained", [REPORT_WHY] = "why"};
    size_t chains = 0;
    bool has_memory = true;
    (void)fprintf(out, "digraph %s {\n  node [shape=box];\n", names[reports[0].kind]);
    if (reports[0].kind == REPORT_RETAINED) {
        (void)fputs("  roots [shape=ellipse];\n", out);
    }
    for (size_t i = 0; i < count && has_memory; i++) {
        if (reports[i].kind == REPORT_WHY) {
            print_chains(out, &reports[i], chains);
            chains += reports[i].heap->chain_count;
        } else {
            has_memory = print_lines(out, &reports[i], i);
        }
    }
    (void)fputs("}\n", out);
    return has_memory ? TRACE_OK : trace_fail(error, TRACE_NOMEM, 0, "no memory for a graph");
}
