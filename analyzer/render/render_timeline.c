/*
 * Live bytes over time as a chart: a column shows the most that was live in its part of the time,
 * so that no peak is lost, however short. With UTF-8 a row is divided in eight.
 *
 *     1065 MiB |             .:#
 *              |          .:####
 *      532 MiB |       .:#######
 *              |    .:##########
 *          0 B +-------------------
 *              0.000 s      2.000 s
 */
#include "render_timeline.h"

#include <inttypes.h>
#include <string.h>

#include "safe_text.h"
#include "size_format.h"

enum {
    ROWS = 16,
    ROWS_OF_RSS = 8,
    LABEL_ROWS = 4, /* a label every so many rows */
    LABEL_COLUMNS = 9,
    MARGIN_COLUMNS = LABEL_COLUMNS + 2, /* a blank and the axis */
    COLUMNS_DEFAULT = 80,
    COLUMNS_LEAST = 20, /* of the chart itself */
    COLUMNS_MOST = 400,
};

/* How a row is filled to so many parts, from none to all. */
struct style {
    const char *const *parts;
    int count; /* of the last, the full one */
    const char *axis;
    const char *corner;
    const char *base;
};

static const char *const ascii_parts[] = {" ", ".", ":", "#"};
static const struct style ascii = {ascii_parts, 3, "|", "+", "-"};
static const char *const unicode_parts[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                            "\u2585", "\u2586", "\u2587", "\u2588"};
static const struct style unicode = {unicode_parts, 8, "\u2502", "\u2514", "\u2500"};

/* What a chart shows, and how. */
struct chart {
    const struct timeline *timeline;
    int64_t (*most_of)(const struct timeline *timeline, size_t part, size_t parts);
    const struct style *style;
    int64_t most; /* at any time: the top */
    int rows;
    size_t columns;
};

static void print_label(FILE *out, double bytes)
{
    char text[SIZE_FORMAT_BYTES];
    (void)fprintf(out, "%*s ", LABEL_COLUMNS, size_format(text, bytes, false));
}

/* Return: which of a style's parts a value fills row @row of, counted from below. */
static int part_of(const struct chart *chart, int64_t value, int row)
{
    const struct style *style = chart->style;
    double filled =
        value > 0 ? (double)value / (double)chart->most * chart->rows * style->count : 0;
    double left = filled - (double)row * style->count;
    if (left >= style->count) {
        return style->count;
    }
    // What is there at all is seen, however little it is.
    return left > 0 ? (int)left + (row == 0 && left < 1 ? 1 : 0) : 0;
}

static void print_row(FILE *out, const struct chart *chart, int row)
{
    const struct style *style = chart->style;
    if ((row + 1) % LABEL_ROWS == 0) {
        print_label(out, (double)chart->most * (row + 1) / chart->rows);
    } else {
        (void)fprintf(out, "%*s", LABEL_COLUMNS + 1, "");
    }
    (void)fputs(style->axis, out);
    size_t blanks = 0; // none at the end of a line
    for (size_t i = 0; i < chart->columns; i++) {
        int part = part_of(chart, chart->most_of(chart->timeline, i, chart->columns), row);
        if (part == 0) {
            blanks++;
            continue;
        }
        (void)fprintf(out, "%*s%s", (int)blanks, "", style->parts[part]);
        blanks = 0;
    }
    (void)fputc('\n', out);
}

/* The axis of time, with labels at its beginning, in its middle and at its end. */
static void print_times(FILE *out, const struct chart *chart)
{
    char middle[32];
    char end[32];
    const struct style *style = chart->style;
    const size_t columns = chart->columns;
    double seconds = (double)chart->timeline->last_tick / TRACE_TICKS_PER_SECOND;
    print_label(out, 0);
    (void)fputs(style->corner, out);
    for (size_t i = 0; i < columns; i++) {
        (void)fputs(style->base, out);
    }
    int half = (int)columns / 2;
    (void)snprintf(middle, sizeof middle, "%.3f s", seconds / 2);
    (void)snprintf(end, sizeof end, "%.3f s", seconds);
    int start = (int)strlen("0 s");
    int centre = half - start + (int)strlen(middle) / 2;
    int rest = (int)columns - half - (int)strlen(middle) / 2;
    (void)fprintf(out, "\n%*s0 s%*s%*s\n", MARGIN_COLUMNS, "", centre, middle, rest, end);
}

static void print_title(FILE *out, const char *what, double peak, double peak_s, double at_end,
                        const struct render_options *options)
{
    char peak_text[SIZE_FORMAT_BYTES];
    char end_text[SIZE_FORMAT_BYTES];
    (void)fputs(options->is_colored ? "\033[1m" : "", out);
    (void)fprintf(out, "[ %s over time: peak %s after %.3f s, %s at end ]", what,
                  size_format(peak_text, peak, false), peak_s,
                  size_format(end_text, at_end, false));
    (void)fputs(options->is_colored ? "\033[0m\n" : "\n", out);
}

static void print_chart(FILE *out, struct chart *chart)
{
    chart->most = chart->most_of(chart->timeline, 0, 1);
    for (int row = chart->rows - 1; row >= 0 && chart->most > 0; row--) {
        print_row(out, chart, row);
    }
    print_times(out, chart);
}

/* What the program asked for, and below it, lower, what it has in RAM, each to its own scale. */
static void print_charts(FILE *out, const struct report_trace *trace,
                         const struct render_options *options)
{
    const struct report_totals *totals = &trace->totals;
    size_t width = options->columns > 0 ? options->columns : COLUMNS_DEFAULT;
    size_t columns =
        width > MARGIN_COLUMNS + COLUMNS_LEAST ? width - MARGIN_COLUMNS : COLUMNS_LEAST;
    struct chart chart = {
        .timeline = trace->timeline,
        .most_of = timeline_most,
        .style = options->is_utf8 ? &unicode : &ascii,
        .rows = ROWS,
        .columns = columns < COLUMNS_MOST ? columns : COLUMNS_MOST,
    };
    print_title(out, "Live bytes", (double)totals->peak_bytes, totals->peak_s,
                (double)totals->live_bytes, options);
    print_chart(out, &chart);
    if (totals->peak_resident_bytes > 0) {
        print_title(out, "RSS", (double)totals->peak_resident_bytes, totals->peak_resident_s,
                    (double)totals->resident_bytes, options);
        chart.most_of = timeline_most_resident;
        chart.rows = ROWS_OF_RSS;
        print_chart(out, &chart);
    }
}

void render_timeline_text(FILE *out, const struct report *report,
                          const struct render_options *options)
{
    for (size_t i = 0; i < report->trace_count; i++) {
        (void)fputs(i > 0 ? "\n" : "", out);
        if (report->trace_count > 1) {
            safe_text_print(out, report->traces[i].file);
            (void)fputs(":\n", out);
        }
        print_charts(out, &report->traces[i], options);
    }
}
