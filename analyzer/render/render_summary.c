/* What ran, how it ended, what it did in total, and what of all this is not to be relied on. */
#include "render_summary.h"

#include <inttypes.h>
#include <time.h>

#include "safe_text.h"
#include "size_format.h"

static void print_label(FILE *out, const char *label)
{
    (void)fprintf(out, "%-15s", label);
}

static void print_named(FILE *out, const char *label, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        print_label(out, label);
        safe_text_print(out, text);
        (void)fputc('\n', out);
    }
}

static void print_blocks(FILE *out, const char *label, uint64_t count, uint64_t size)
{
    char bytes[SIZE_FORMAT_BYTES];
    print_label(out, label);
    (void)fprintf(out, "%" PRIu64 " block%s, %s\n", count, count == 1 ? "" : "s",
                  size_format(bytes, (double)size, false));
}

static void print_program(FILE *out, const struct report_trace *trace)
{
    print_named(out, "Program:", trace->program != NULL ? trace->program : "unknown");
    if (trace->argument_count > 0) {
        print_label(out, "Command:");
        for (size_t i = 0; i < trace->argument_count; i++) {
            (void)fputs(i > 0 ? " " : "", out);
            safe_text_print(out, trace->arguments[i]);
        }
        if (trace->argument_total > trace->argument_count) {
            (void)fprintf(out, " ... (%" PRIu64 " more)",
                          trace->argument_total - trace->argument_count);
        }
        (void)fputc('\n', out);
    }
    print_named(out, "Directory:", trace->directory);
    print_label(out, "Process:");
    (void)fprintf(out, "%" PRIu32 ", child of %" PRIu32, trace->pid, trace->parent_pid);
    if (trace->host != NULL) {
        (void)fputs(", on ", out);
        safe_text_print(out, trace->host);
    }
    (void)fputc('\n', out);
    print_named(out, "Allocator:", trace->allocator);
}

static void print_time(FILE *out, const struct report_trace *trace)
{
    char started[64] = "at an unknown time";
    time_t seconds = (time_t)trace->start_s;
    struct tm parts;
    if (gmtime_r(&seconds, &parts) != NULL) {
        (void)strftime(started, sizeof started, "%Y-%m-%d %H:%M:%S UTC", &parts);
    }
    print_label(out, "Started:");
    (void)fprintf(out, "%s\n", started);
    print_label(out, "Traced for:");
    (void)fprintf(out, "%.3f s\n", trace->duration_s);
}

static void print_end(FILE *out, const struct report_trace *trace)
{
    static const char *const texts[] = {
        [REPORT_END_EXIT] = "normally, by exit() or a return from main",
        [REPORT_END_QUICK] = "by _exit() or quick_exit()",
        [REPORT_END_EXEC] = "by exec: another program took the process over",
        [REPORT_END_STOPPED] = "the tracer gave up, and the process went on without it; the totals "
                               "are those of that moment",
        [REPORT_END_RUNNING] = "still running; the totals are those of its last event so far",
        [REPORT_END_UNTOLD] = "did not end normally: killed or crashed; the totals are those "
                              "of its last event",
    };
    print_label(out, "Ended:");
    (void)fprintf(out, "%s\n", texts[trace->end]);
}

static void print_threads(FILE *out, const struct report_trace *trace)
{
    print_label(out, "Threads:");
    (void)fprintf(out, "%" PRIu64, trace->totals.threads);
    for (size_t i = 0; i < trace->thread_count; i++) {
        (void)fputs(i == 0 ? ": " : ", ", out);
        safe_text_print(out, trace->threads[i]);
    }
    (void)fputs(trace->totals.threads > trace->thread_count && trace->thread_count > 0 ? ", ...\n"
                                                                                       : "\n",
                out);
}

/* Memory in RAM, beside what was requested. */
static void print_resident(FILE *out, const struct report_totals *totals, bool has_peak_time)
{
    char bytes[SIZE_FORMAT_BYTES];
    if (totals->peak_resident_bytes == 0) {
        return; // a trace without samples
    }
    print_label(out, "RSS:");
    (void)fprintf(out, "%s at end, ", size_format(bytes, (double)totals->resident_bytes, false));
    (void)fprintf(out, "%s at most",
                  size_format(bytes, (double)totals->peak_resident_bytes, false));
    if (has_peak_time) {
        (void)fprintf(out, ", after %.3f s", totals->peak_resident_s);
    } else {
        (void)fputs(", the sum of each process's own, pages that they share in each", out);
    }
    (void)fputs("; sampled, with the tracer's own memory\n", out);
}

static void print_totals(FILE *out, const struct report_totals *totals, bool has_peak_time)
{
    char bytes[SIZE_FORMAT_BYTES];
    print_blocks(out, "Allocated:", totals->allocations, totals->bytes_allocated);
    print_blocks(out, "Freed:", totals->frees, totals->bytes_freed);
    print_label(out, "Reallocated:");
    (void)fprintf(out, "%" PRIu64 " time%s, counted above as one of each\n", totals->reallocations,
                  totals->reallocations == 1 ? "" : "s");
    if (totals->clears > 0) {
        print_label(out, "Cleared:");
        (void)fprintf(out, "%" PRIu64 " time%s; what came before the last time is not counted\n",
                      totals->clears, totals->clears == 1 ? "" : "s");
    }
    print_blocks(out, "Live at end:", totals->live_blocks, totals->live_bytes);
    if (totals->tracked_allocations > 0) {
        print_blocks(out, "Tracked:", totals->tracked_blocks, totals->tracked_bytes);
        print_label(out, "");
        (void)fprintf(out,
                      "of these, in domains of the program's own, of %" PRIu64
                      " tracked; --exclude '@0' or --domain 0 choose\n",
                      totals->tracked_allocations);
    }
    print_label(out, "Peak:");
    (void)fprintf(out, "%s in %" PRIu64 " block%s",
                  size_format(bytes, (double)totals->peak_bytes, false), totals->peak_blocks,
                  totals->peak_blocks == 1 ? "" : "s");
    if (has_peak_time) {
        (void)fprintf(out, ", after %.3f s\n", totals->peak_s);
    } else {
        (void)fputs(", the sum of each process's own peak\n", out);
    }
    print_resident(out, totals, has_peak_time);
    if (totals->inherited_frees > 0) {
        print_blocks(out, "Inherited:", totals->inherited_frees, totals->inherited_bytes);
        print_label(out, "");
        (void)fputs("from before fork, freed here; not counted above\n", out);
    }
    print_label(out, "Call stacks:");
    (void)fprintf(out, "%" PRIu64 " nodes, %" PRIu64 " sites\n", totals->stacks, totals->sites);
    if (totals->counters[TRACE_TRACER_BYTES] > 0) {
        print_label(out, "Tracer memory:");
        (void)fprintf(out, "%s of address space, most of it never touched\n",
                      size_format(bytes, (double)totals->counters[TRACE_TRACER_BYTES], false));
    }
    if (totals->counters[TRACE_UNWIND_CHECKS] > 0) {
        print_label(out, "Stack checks:");
        (void)fprintf(out, "%" PRIu64 " call stacks taken twice, %" PRIu64 " differed\n",
                      totals->counters[TRACE_UNWIND_CHECKS],
                      totals->counters[TRACE_UNWIND_CORRECTIONS]);
    }
}

static void print_snapshot_count(FILE *out, const struct report_trace *trace)
{
    if (trace->snapshot_count > 0) {
        print_label(out, "Snapshots:");
        (void)fprintf(out, "%zu; --snapshots lists them\n", trace->snapshot_count);
    }
}

static void print_pictures(FILE *out, const struct report_totals *totals)
{
    if (totals->pictures == 0) {
        return;
    }
    print_label(out, "Heap pictures:");
    (void)fprintf(out, "%" PRIu64, totals->pictures);
    if (totals->whole_pictures < totals->pictures) {
        (void)fprintf(out, ", %" PRIu64 " of them incomplete",
                      totals->pictures - totals->whole_pictures);
    }
    if (totals->longest_pause_us > 0) {
        (void)fprintf(out, "; the program was held up for %.1f ms%s",
                      (double)totals->longest_pause_us / 1000,
                      totals->pictures > 1 ? " at most" : "");
    }
    (void)fputs("; --leaks reads them\n", out);
}

static void print_modules(FILE *out, const struct report *report)
{
    (void)fputs(report->module_count > 0 ? "\nNames and lines:\n" : "", out);
    for (size_t i = 0; i < report->module_count; i++) {
        const struct report_module *module = &report->modules[i];
        (void)fputs("- ", out);
        safe_text_print(out, module->path);
        (void)fprintf(out,
                      ": of %" PRIu64 " address%s, %" PRIu64 " without a name, %" PRIu64
                      " without a line",
                      module->addresses, module->addresses == 1 ? "" : "es", module->unnamed,
                      module->lineless);
        if (module->advice != NULL) {
            (void)fputs("; ", out);
            safe_text_print(out, module->advice);
        }
        (void)fputc('\n', out);
    }
}

void render_summary_text(FILE *out, const struct report *report)
{
    for (size_t i = 0; i < report->trace_count; i++) {
        const struct report_trace *trace = &report->traces[i];
        (void)fputs(i > 0 ? "\n" : "", out);
        print_named(out, "Trace:", trace->file);
        print_program(out, trace);
        print_time(out, trace);
        print_end(out, trace);
        print_threads(out, trace);
        print_totals(out, &trace->totals, true);
        print_snapshot_count(out, trace);
        print_pictures(out, &trace->totals);
    }
    if (report->trace_count > 1) {
        (void)fprintf(out, "\nAll %zu traces:\n", report->trace_count);
        print_totals(out, &report->totals, false);
    }
    print_modules(out, report);
    (void)fputs(report->note_count > 0 ? "\nTo know:\n"
                                       : "\nNothing was lost, cut, unknown or skipped.\n",
                out);
    for (size_t i = 0; i < report->note_count; i++) {
        (void)fputs("- ", out);
        safe_text_print(out, report->notes[i]);
        (void)fputc('\n', out);
    }
}
