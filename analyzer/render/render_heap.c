/*
 * Heap pictures for people: first what the picture is, then a table for each class of what is lost,
 * or one by retained size, or the chains.
 */
#include "render_heap.h"

#include <inttypes.h>
#include <stdlib.h>

#include "safe_text.h"
#include "size_format.h"

struct heap_text {
    FILE *out;
    const struct report *report;
    const struct heap_report *heap;
    const struct render_options *options;
    const struct render_stack_printer *stacks;
};

static void print_sum(FILE *out, const struct heap_sum *sum)
{
    char bytes[SIZE_FORMAT_BYTES];
    (void)fprintf(out, "%s in %" PRIu64 " block%s", size_format(bytes, (double)sum->bytes, false),
                  sum->blocks, sum->blocks == 1 ? "" : "s");
}

static void print_group(FILE *out, const struct group *group)
{
    safe_text_print(out, group->name);
    if (group->has_line) {
        (void)fprintf(out, ":%" PRIu32, group->line);
    }
}

static void start_title(const struct heap_text *text)
{
    (void)fputs(text->options->is_colored ? "\033[1m[ " : "[ ", text->out);
}

static void end_title(const struct heap_text *text)
{
    (void)fputs(text->options->is_colored ? " ]\033[0m\n" : " ]\n", text->out);
}

static void print_pictures(const struct heap_text *text)
{
    for (size_t i = 0; i < text->heap->picture_count; i++) {
        const struct heap_report_picture *picture = &text->heap->pictures[i];
        const struct heap_sum sum = {picture->bytes, picture->blocks};
        start_title(text);
        (void)fprintf(text->out, "Heap picture #%" PRIu32 " \"", picture->number);
        safe_text_print(text->out, picture->name);
        (void)fprintf(text->out, "\" after %.3f s", picture->moment_s);
        if (text->heap->picture_count > 1) {
            (void)fputs(" of ", text->out);
            safe_text_print(text->out, picture->trace);
        }
        (void)fputs(": ", text->out);
        print_sum(text->out, &sum);
        end_title(text);
        if (picture->pause_us > 0) {
            (void)fprintf(text->out, "The program was held up for %.1f ms to take it.\n",
                          (double)picture->pause_us / 1000);
        }
        if (!picture->is_complete) {
            (void)fputs(
                "It is incomplete: what its missing part refers to looks lost, which may be all.\n",
                text->out);
        }
        if (picture->left_out > 0) {
            (void)fprintf(text->out, "%" PRIu64 " blocks are not in it.\n", picture->left_out);
        }
        if (!picture->is_still) {
            (void)fputs("The registers of other threads are not known: what only they point to "
                        "looks lost.\n",
                        text->out);
        }
    }
}

/* What is shown of a sorted list. */
static size_t shown_of(const struct heap_text *text, size_t count)
{
    size_t top = text->report->top;
    return top == 0 || count < top ? count : top;
}

/*
 * Return: whether a line grows, and most of it is of this class and still there: a program that
 * tidies up at its end has lines that grew until then.
 */
static bool is_growing(const struct heap_text *text, const struct heap_line *line,
                       const struct heap_share *share)
{
    const struct growth_summary *growth = &line->group->growth;
    double longest_s = 0;
    for (size_t i = 0; i < text->heap->picture_count; i++) {
        double moment_s = text->heap->pictures[i].moment_s;
        longest_s = moment_s > longest_s ? moment_s : longest_s;
    }
    return growth->is_growing && share->sum.bytes > line->own.bytes / 2 &&
           (double)share->sum.bytes > growth->bytes_per_s * longest_s / 2;
}

/* ", growing 4.1 KiB/s"; of what is lost else how steadily it was born. */
static void print_growth(const struct heap_text *text, const struct heap_line *line,
                         enum heap_class class)
{
    const struct heap_share *share = &line->shares[class];
    char bytes[SIZE_FORMAT_BYTES];
    unsigned tenths = 0;
    for (size_t i = 0; i < HEAP_TENTHS; i++) {
        tenths += share->born[i] > 0 ? 1 : 0;
    }
    if (is_growing(text, line, share)) {
        (void)fprintf(text->out, ", growing %s/s",
                      size_format(bytes, line->group->growth.bytes_per_s, false));
    } else if (class != HEAP_REACHABLE && share->sum.blocks > 1 &&
               text->heap->pictures[0].moment_s > 0) {
        (void)fprintf(text->out, ", born in %u of %d tenths of the time", tenths, HEAP_TENTHS);
    }
}

static void print_numbers(FILE *out, const struct heap_sum *sum)
{
    char bytes[SIZE_FORMAT_BYTES];
    (void)fprintf(out, "size=%s, count=%" PRIu64, size_format(bytes, (double)sum->bytes, false),
                  sum->blocks);
    if (sum->blocks > 0) {
        (void)fprintf(out, ", average=%s",
                      size_format(bytes, (double)sum->bytes / (double)sum->blocks, false));
    }
}

static void print_line(const struct heap_text *text, const struct heap_line *line,
                       enum heap_class class)
{
    print_group(text->out, line->group);
    (void)fputs(": ", text->out);
    print_numbers(text->out, &line->shares[class].sum);
    if (class == HEAP_DEFINITE && line->followers.blocks > 0) {
        (void)fputs(", and indirectly ", text->out);
        print_sum(text->out, &line->followers);
    }
    if (class == HEAP_DEFINITE && line->cycles > 0) {
        (void)fprintf(text->out, ", %" PRIu64 " in cycles", line->cycles);
    }
    print_growth(text, line, class);
    (void)fputc('\n', text->out);
    if (class == HEAP_DEFINITE || class == HEAP_POSSIBLE || group_has_traceback(text->report->by)) {
        text->stacks->print(text->stacks->context, line->stack, line->stack_length);
    }
}

/* Return: false without memory. */
static bool print_class(const struct heap_text *text, enum heap_class class)
{
    const struct heap_line **lines = NULL;
    size_t count = heap_report_sort(text->heap, HEAP_BY_CLASS, class, &lines);
    if (count == SIZE_MAX) {
        return false;
    }
    size_t shown = shown_of(text, count);
    struct heap_sum rest = text->heap->classes[class];
    if (count > 0) {
        (void)fputc('\n', text->out);
        start_title(text);
        (void)fprintf(text->out, "%s, by %s: ", heap_class_name(class),
                      report_by_name(text->report->by));
        print_sum(text->out, &rest);
        end_title(text);
    }
    for (size_t i = 0; i < shown; i++) {
        print_line(text, lines[i], class);
        rest.bytes -= lines[i]->shares[class].sum.bytes;
        rest.blocks -= lines[i]->shares[class].sum.blocks;
    }
    if (count > shown) {
        (void)fprintf(text->out, "%zu other: ", count - shown);
        print_numbers(text->out, &rest);
        (void)fputc('\n', text->out);
    }
    free(lines);
    return true;
}

static bool print_leaks(const struct heap_text *text)
{
    static const enum heap_class order[] = {HEAP_DEFINITE, HEAP_INDIRECT, HEAP_POSSIBLE,
                                            HEAP_REACHABLE, HEAP_YOUNG};
    bool has_memory = true;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (order[i] == HEAP_YOUNG && text->heap->classes[HEAP_YOUNG].blocks == 0) {
            continue;
        }
        (void)fprintf(text->out, "%s: ", heap_class_name(order[i]));
        print_sum(text->out, &text->heap->classes[order[i]]);
        if (order[i] == HEAP_DEFINITE && text->heap->cycles > 0) {
            (void)fprintf(text->out, ", %" PRIu64 " of them in cycles", text->heap->cycles);
        }
        (void)fputc('\n', text->out);
    }
    if (text->heap->suppressed.blocks > 0) {
        (void)fputs("suppressed: ", text->out);
        print_sum(text->out, &text->heap->suppressed);
        (void)fputc('\n', text->out);
    }
    for (size_t i = 0; i < sizeof order / sizeof order[0] && has_memory; i++) {
        has_memory = print_class(text, order[i]);
    }
    return has_memory;
}

static bool print_retained(const struct heap_text *text)
{
    char bytes[SIZE_FORMAT_BYTES];
    const struct heap_line **lines = NULL;
    size_t count = heap_report_sort(text->heap, HEAP_BY_RETAINED, HEAP_UNMARKED, &lines);
    if (count == SIZE_MAX) {
        return false;
    }
    size_t shown = shown_of(text, count);
    (void)fputc('\n', text->out);
    start_title(text);
    (void)fprintf(text->out, "Top %zu by %s, by retained size", shown,
                  report_by_name(text->report->by));
    end_title(text);
    for (size_t i = 0; i < shown; i++) {
        const struct heap_line *line = lines[i];
        print_group(text->out, line->group);
        (void)fprintf(text->out, ": retained=%s%s, ", line->is_bound ? ">=" : "",
                      size_format(bytes, (double)line->retained.bytes, false));
        print_numbers(text->out, &line->own);
        (void)fputc('\n', text->out);
        if (group_has_traceback(text->report->by)) {
            text->stacks->print(text->stacks->context, line->stack, line->stack_length);
        }
    }
    if (count > shown) {
        (void)fprintf(text->out, "%zu other\n", count - shown);
    }
    free(lines);
    return true;
}

static void print_chain(const struct heap_text *text, const struct heap_report_chain *chain)
{
    for (size_t i = 0; i < chain->length; i++) {
        const struct heap_report_step *step = &chain->steps[i];
        const struct heap_sum sum = {step->bytes, step->blocks};
        (void)fputs(i > 0 ? "  <- " : "", text->out);
        print_group(text->out, step->group);
        (void)fputs(", ", text->out);
        print_sum(text->out, &sum);
        if (step->blocks == 1) {
            (void)fprintf(text->out, " at 0x%" PRIx64, step->address);
        }
        (void)fputs(step->is_repeated ? ", one after another" : "", text->out);
        // What is inside is what the step before points to.
        (void)fputs(i > 0 && chain->steps[i - 1].is_inside ? ", pointing inside" : "", text->out);
        (void)fputc('\n', text->out);
    }
    (void)fputs("  <- ", text->out);
    safe_text_print(text->out, chain->root);
    if (chain->roots == 1 && chain->address != 0) {
        (void)fprintf(text->out, " at 0x%" PRIx64, chain->address);
    } else if (chain->roots > 1) {
        (void)fprintf(text->out, ", %" PRIu64 " words", chain->roots);
    }
    bool is_inside = chain->length > 0 && chain->steps[chain->length - 1].is_inside;
    (void)fputs(is_inside ? ", pointing inside\n" : "\n", text->out);
}

static void print_why(const struct heap_text *text)
{
    const struct heap_report *heap = text->heap;
    bool is_first = true;
    if (heap->wanted.blocks == 0) {
        (void)fputs("No block of the picture is meant by that: --why takes a place as --retained "
                    "shows it, site:N or 0xADDRESS.\n",
                    text->out);
        return;
    }
    print_sum(text->out, &heap->wanted);
    for (size_t i = HEAP_CLASSES; i-- > 0;) {
        if (heap->wanted_classes[i].blocks > 0) {
            (void)fprintf(text->out, "%s%" PRIu64 " %s", is_first ? ": " : ", ",
                          heap->wanted_classes[i].blocks, heap_class_name((enum heap_class)i));
            is_first = false;
        }
    }
    (void)fputc('\n', text->out);
    size_t shown = shown_of(text, heap->chain_count);
    for (size_t i = 0; i < shown; i++) {
        (void)fputc('\n', text->out);
        print_chain(text, &heap->chains[i]);
    }
    if (heap->chain_total > shown) {
        (void)fprintf(text->out, "\n%zu other chains\n", heap->chain_total - shown);
    }
}

enum trace_status render_heap_text(FILE *out, const struct report *report,
                                   const struct render_options *options,
                                   const struct render_stack_printer *stacks,
                                   struct trace_error *error)
{
    const struct heap_text text = {out, report, report->heap, options, stacks};
    bool has_memory = true;
    print_pictures(&text);
    if (report->kind == REPORT_LEAKS) {
        has_memory = print_leaks(&text);
    } else if (report->kind == REPORT_RETAINED) {
        has_memory = print_retained(&text);
    } else {
        print_why(&text);
    }
    return has_memory ? TRACE_OK : trace_fail(error, TRACE_NOMEM, 0, "no memory for a table");
}
