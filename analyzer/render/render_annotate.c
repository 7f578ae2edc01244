/*
 * memory_profiler's table, in its own layout: a file's name, a header, a line of "=", then every
 * line of the source, with empty cells where nothing was allocated below it.
 *
 * Source: show_results() of memory_profiler 0.61.
 */
#include "render_annotate.h"

#include <inttypes.h>
#include <string.h>

#include "safe_text.h"

enum {
    CELL_BYTES = 64,
    MIB = 1 << 20,
};

/* The numbers of a line, or empty cells. */
static void print_cells(FILE *out, const struct annotate_line *line, uint32_t number, int precision)
{
    char usage[CELL_BYTES] = "";
    char increment[CELL_BYTES] = "";
    char occurrences[CELL_BYTES] = "";
    if (line != NULL) {
        (void)snprintf(usage, sizeof usage, "%*.*f MiB", precision + 4, precision,
                       (double)line->mem_usage / MIB);
        (void)snprintf(increment, sizeof increment, "%*.*f MiB", precision + 4, precision,
                       (double)line->increment / MIB);
        (void)snprintf(occurrences, sizeof occurrences, "%" PRIu64, line->occurrences);
    }
    (void)fprintf(out, "%6" PRIu32 " %12s %12s  %10s   ", number, usage, increment, occurrences);
}

/* A line of source. Its tabs stay what they are, so that what follows them lines up. */
static void print_source(FILE *out, const char *text)
{
    for (const char *tab; (tab = strchr(text, '\t')) != NULL; text = tab + 1) {
        char piece[CELL_BYTES];
        for (; text < tab; text += strlen(piece)) {
            size_t length = (size_t)(tab - text);
            length = length < sizeof piece ? length : sizeof piece - 1;
            memcpy(piece, text, length);
            piece[length] = '\0';
            safe_text_print(out, piece);
        }
        (void)fputc('\t', out);
    }
    safe_text_print(out, text);
}

/* The lines of one file, @count of them, and what stands between them. */
static void print_file(FILE *out, const struct annotate_line *lines, size_t count, int precision,
                       struct source_lines *sources)
{
    static const char header[] = "Line #    Mem usage    Increment  Occurrences   Line Contents";
    const char *file = lines[0].file;
    (void)fputs("Filename: ", out);
    safe_text_print(out, file);
    (void)fprintf(out, "\n\n%s\n", header);
    for (size_t i = 0; i < sizeof header - 1; i++) {
        (void)fputc('=', out);
    }
    (void)fputc('\n', out);
    size_t next = 0;
    uint32_t number = 1;
    for (const char *text; (text = source_line_whole(sources, file, number)) != NULL; number++) {
        bool is_next = next < count && lines[next].line == number;
        print_cells(out, is_next ? &lines[next] : NULL, number, precision);
        print_source(out, text);
        (void)fputc('\n', out);
        next += is_next ? 1 : 0;
    }
    for (; next < count; next++) { // the source is not there, or has become shorter
        print_cells(out, &lines[next], lines[next].line, precision);
        (void)fputc('\n', out);
    }
    (void)fputs("\n\n", out);
}

void render_annotate_text(FILE *out, const struct report *report, struct source_lines *sources)
{
    size_t count = 0;
    for (size_t i = 0; i < report->line_count; i += count) {
        const struct annotate_line *lines = &report->lines[i];
        for (count = 1; i + count < report->line_count && lines[count].file == lines[0].file;) {
            count++;
        }
        print_file(out, lines, count, report->precision, sources);
    }
    if (report->line_count == 0) {
        (void)fputs("No call stack goes through a line of such a file; --by filename --cumulative "
                    "--top 0 lists the files there are.\n",
                    out);
    }
}
