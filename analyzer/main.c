/*
 * trace-report: options to reports to an exit code. Nothing else prints errors.
 *
 * A trace that cannot be used is told of and left out; the report is about the others, and the exit
 * code says that there was one.
 */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "memory_limit.h"
#include "options.h"
#include "pipeline.h"
#include "safe_text.h"
#include "trace_choice.h"

/* Say something on stderr. @subject: what it is about, or NULL. */
static void complain_about(const char *subject, const char *text)
{
    (void)fputs("trace-report: ", stderr);
    if (subject != NULL) {
        safe_text_print(stderr, subject);
        (void)fputs(": ", stderr);
    }
    safe_text_print(stderr, text);
    (void)fputc('\n', stderr);
}

static void complain(const char *text)
{
    complain_about(NULL, text);
}

static void complain_of_error(const struct trace_error *error)
{
    complain(error->text);
    if (error->status == TRACE_NOMEM) {
        char text[MEMORY_LIMIT_BYTES];
        complain(memory_limit_advice(text));
    }
}

static bool is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (locale == (locale_t)0) {
        return false;
    }
    bool is_it = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return is_it;
}

/* Return: how wide the terminal is, 0 if there is none. */
static size_t terminal_columns(int fd)
{
    struct winsize size = {0};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static enum trace_status write_reports(const struct options *options, const struct report *reports,
                                       size_t count, struct trace_error *error)
{
    FILE *out = options->output == NULL ? stdout : fopen(options->output, "we");
    if (out == NULL) {
        return trace_fail(error, TRACE_IO, 0, "%s: cannot be written: %s", options->output,
                          strerror(errno));
    }
    const char *no_color = getenv("NO_COLOR");
    struct render_options render = {
        .is_colored = isatty(fileno(out)) == 1 && (no_color == NULL || no_color[0] == '\0'),
        .is_utf8 = is_utf8(),
        .columns = terminal_columns(fileno(out)),
        .is_each_file = options->is_each_file,
    };
    enum trace_status status = options->render(out, reports, count, &render, error);
    bool is_bad = fflush(out) != 0 || ferror(out) != 0;
    int reason = errno;
    if (out != stdout) {
        is_bad = fclose(out) != 0 || is_bad;
    }
    if (status == TRACE_OK && is_bad) {
        status =
            trace_fail(error, TRACE_IO, 0, "%s: cannot be written: %s",
                       options->output != NULL ? options->output : "the report", strerror(reason));
    }
    return status;
}

/* Annotated files whose source is not there have lines without text: say so once. */
static void warn_of_sources(const struct report *report)
{
    const char *first = NULL;
    const char *last = NULL;
    size_t count = 0;
    for (size_t i = 0; i < report->line_count; i++) {
        const char *file = report->lines[i].file; // lines of a file follow each other
        if (file != last && access(file, R_OK) != 0) {
            first = first != NULL ? first : file;
            count++;
        }
        last = file;
    }
    if (count > 0) {
        char text[128];
        (void)snprintf(text, sizeof text,
                       "%ssource cannot be read from here: lines are without their text",
                       count > 1 ? "and others: their " : "its ");
        complain_about(first, text);
    }
}

/* Tell on stderr what a reader of the tables must know. The summary and JSON have it all. */
static void warn(const struct pipeline *pipeline, const struct report *report)
{
    const struct damage *damage = &report->totals.damage;
    bool is_damaged = damage->corrupt_chunks + damage->truncated_chunks + damage->unknown_chunks +
                          damage->missing_chunks >
                      0;
    if (report->kind != REPORT_SUMMARY && (is_damaged || report_lost_events(&report->totals) > 0)) {
        complain(is_damaged ? "parts of the trace could not be used; --summary says which"
                            : "events were lost while tracing; --summary says why");
    }
    if (report->wants_ledger && !report->has_ledger) {
        complain("who frees these blocks is known if they are recorded with trace-run --frees");
    }
    warn_of_sources(report);
    size_t module = 0;
    const char *path = NULL;
    for (const char *advice;
         (advice = pipeline_advice(pipeline, report, &module, &path)) != NULL;) {
        complain_about(path, advice);
    }
}

/*
 * Make one report of all files, or one of each.
 * @reports: zero, room for as many as there are files.
 * @ret_count: how many there are.
 * Return: whether all files could be used.
 */
static bool make_reports(struct pipeline *pipeline, const struct options *options,
                         struct report *reports, size_t *ret_count)
{
    struct trace_error error = {0};
    bool is_complete = true;
    size_t count = 0;
    for (size_t i = 0; i < options->file_count; i++) {
        struct report *report = &reports[options->is_each_file ? count : 0];
        if (options->is_each_file || i == 0) {
            *report = pipeline_report(pipeline);
        }
        enum trace_status status = pipeline_add(pipeline, options->files[i], report, &error);
        if (status != TRACE_OK) {
            complain_of_error(&error);
            is_complete = false;
        }
        bool is_usable = status == TRACE_OK || !options->is_each_file;
        if (!is_usable) {
            report_fini(report);
        }
        count += options->is_each_file && is_usable ? 1 : 0;
    }
    if (!options->is_each_file) {
        bool has_moment = options->kind == REPORT_TABLES || options->kind == REPORT_ANNOTATE;
        bool has_table = reports[0].table_count > 0 || reports[0].annotate != NULL || !has_moment ||
                         reports[0].is_each_snapshot;
        if (report_is_heap(options->kind)) {
            has_table = reports[0].heap != NULL && reports[0].heap->picture_count > 0;
        }
        count = reports[0].trace_count > 0 && has_table ? 1 : 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (pipeline_finish(pipeline, &reports[i], &error) != TRACE_OK) {
            complain_of_error(&error);
            return false;
        }
    }
    *ret_count = count;
    return is_complete;
}

/* Tell which --fail-if rules hold. Return: whether any does. */
static bool check_rules(const struct options *options, const struct report *reports, size_t count)
{
    char text[512];
    bool is_held = false;
    for (size_t i = 0; i < count; i++) {
        const struct report *report = &reports[i];
        const char *file = options->is_each_file ? report->traces[0].file : NULL;
        for (size_t r = 0; r < options->fail_rule_count; r++) {
            const struct fail_rule *rule = &options->fail_rules[r];
            uint64_t value = 0;
            if (fail_rule_holds(rule, report, &value)) {
                (void)snprintf(text, sizeof text, "failed, for %.200s: it is %" PRIu64 "%s",
                               rule->text, value, fail_rule_unit(rule));
                complain_about(file, text);
                is_held = true;
            }
        }
    }
    return is_held;
}

static int run(const struct options *options)
{
    struct trace_error error = {0};
    struct pipeline *pipeline = NULL;
    struct report *reports = calloc(options->file_count + 1, sizeof *reports);
    size_t count = 0;
    int code = EXIT_BAD_INPUT;
    enum trace_status status = pipeline_new(options, &pipeline, &error);
    if (reports == NULL || status != TRACE_OK) {
        if (status == TRACE_OK) {
            (void)trace_fail(&error, TRACE_NOMEM, 0, "no memory to start with");
        }
        complain_of_error(&error);
        goto out;
    }
    bool is_complete = make_reports(pipeline, options, reports, &count);
    if (count > 0) {
        status = write_reports(options, reports, count, &error);
        if (status != TRACE_OK) {
            complain_of_error(&error);
        }
        code = status == TRACE_OK && is_complete ? EXIT_REPORTED : EXIT_BAD_INPUT;
        if (check_rules(options, reports, count) && code == EXIT_REPORTED) {
            code = EXIT_RULE;
        }
    }
    for (size_t i = 0; i < count; i++) {
        warn(pipeline, &reports[i]);
    }
out:
    for (size_t i = 0; reports != NULL && i < options->file_count; i++) {
        report_fini(&reports[i]);
    }
    free(reports);
    pipeline_free(pipeline);
    return code;
}

/*
 * Find where this user's answers about symbols are kept: libtrace below XDG_CACHE_HOME or ~/.cache.
 * Return: false if there is no such place.
 */
static bool find_cache(char *ret_path, size_t path_bytes)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length = -1;
    if (cache != NULL && cache[0] == '/') { // the specification says to ignore relative paths
        length = snprintf(ret_path, path_bytes, "%s/libtrace", cache);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(ret_path, path_bytes, "%s/.cache/libtrace", home);
    }
    return length > 0 && (size_t)length < path_bytes;
}

int main(int argc, char **argv)
{
    struct options options;
    int code = EXIT_USAGE;
    char *newest = NULL;
    if (!options_parse(argc, argv, false, &options)) {
        if (options.error[0] != '\0') {
            complain(options.error);
            complain("try --help");
        }
        goto out;
    }
    char cache[PATH_MAX];
    if (find_cache(cache, sizeof cache)) {
        options.symbols.cache_dir = cache;
    }
    if (options.is_version_asked) {
        (void)printf("trace-report %s\n", TRACE_REPORT_VERSION);
        code = EXIT_REPORTED;
        goto out;
    }
    if (options.file_count == 0) {
        newest = trace_choice_newest(".");
        if (newest == NULL) {
            complain("no *.trace here; name one, or make one with trace-run PROGRAM");
            code = EXIT_BAD_INPUT;
            goto out;
        }
        options.files = &newest;
        options.file_count = 1;
        complain(newest);
    }
    code = run(&options);
out:
    free(newest);
    options_fini(&options);
    return code;
}
