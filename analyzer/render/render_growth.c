/*
 *   cache.c:31: growth=12.0 KiB/s, size=240 KiB, count=240, average=1024 B
 *     rose in 61 of 63 steps: 240 born, never freed
 */
#include "render_growth.h"

#include <inttypes.h>

#include "size_format.h"

enum { CURVE_COLUMNS = 16 };

static const char *rate(char *buffer, double bytes_per_s)
{
    return size_format(buffer, bytes_per_s, false);
}

void render_growth_title(FILE *out, const struct report *report, const struct report_table *table)
{
    char bytes[SIZE_FORMAT_BYTES];
    const struct report_growth *growth = &table->growth;
    uint64_t groups = growth->groups + growth->steady.groups;
    if (report->trace_count == 1) {
        (void)fprintf(out, " over %.3f s", report->traces[0].duration_s - table->growth.start_s);
        (void)fputs(table->growth.start_s > 0 ? " since the clear" : "", out);
    }
    (void)fprintf(out, ": %" PRIu64 " of %" PRIu64 " group%s, %s/s", growth->groups, groups,
                  groups == 1 ? "" : "s", rate(bytes, growth->bytes_per_s));
}

void render_growth_rate(FILE *out, const struct growth_summary *growth)
{
    char bytes[SIZE_FORMAT_BYTES];
    (void)fprintf(out, "growth=%s/s, ", rate(bytes, growth->bytes_per_s));
}

/* Live bytes over the run, lowest to highest. */
static void print_curve(FILE *out, const int64_t *levels)
{
    static const char *const parts[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                        "\u2585", "\u2586", "\u2587", "\u2588"};
    const int64_t part_count = sizeof parts / sizeof parts[0];
    int64_t most = 1;
    for (size_t i = 0; i < GROWTH_SAMPLES; i++) {
        most = levels[i] > most ? levels[i] : most;
    }
    for (size_t i = 0; i < CURVE_COLUMNS; i++) {
        int64_t level = levels[(i + 1) * GROWTH_SAMPLES / CURVE_COLUMNS - 1];
        int64_t part = level > 0 ? (int64_t)((double)level / (double)most * 8) : 0;
        (void)fputs(parts[part < part_count ? part : part_count - 1], out);
    }
    (void)fputc(' ', out);
}

void render_growth_evidence(FILE *out, const struct growth_summary *growth,
                            const struct render_options *options)
{
    char bytes[SIZE_FORMAT_BYTES];
    uint64_t freed = growth->freed_inside + growth->freed_later;
    (void)fputs("    ", out);
    if (options->is_utf8) {
        print_curve(out, growth->levels);
    }
    (void)fprintf(out, "rose in %" PRIu64 " of %" PRIu64 " steps: %" PRIu64 " born, ",
                  growth->rises, growth->steps, growth->born);
    if (freed == 0) {
        (void)fputs("never freed", out);
    } else {
        (void)fprintf(out, "%" PRIu64 " freed at once, %" PRIu64 " later, none since %.3f s",
                      growth->freed_inside, growth->freed_later,
                      (double)growth->last_free / TRACE_TICKS_PER_SECOND);
    }
    if (growth->jumps > 0) {
        (void)fprintf(out, ", %s in %" PRIu64 " jump%s of reallocated blocks",
                      size_format(bytes, (double)growth->jump_bytes, false), growth->jumps,
                      growth->jumps == 1 ? "" : "s");
    }
    (void)fputc('\n', out);
}

void render_growth_steady(FILE *out, const struct report_growth *growth)
{
    char bytes[SIZE_FORMAT_BYTES];
    if (growth->steady.groups > 0) {
        (void)fprintf(out, "Not growing: %" PRIu64 " group%s, size=%s, count=%" PRIu64 "\n",
                      growth->steady.groups, growth->steady.groups == 1 ? "" : "s",
                      size_format(bytes, (double)growth->steady.size, false), growth->steady.count);
    }
}
