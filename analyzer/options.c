/*
 * argp does the work; the table below is what --help shows. Words that an option takes stand in
 * tables of their own, so that an unknown one is answered with those that are known.
 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options_check.h"

enum {
    DEFAULT_TOP = 10,
    DEFAULT_PRECISION = 1,
    PRECISION_MAX = 9,
};
#define TEXT_OF(number) #number
#define DEFAULT_TOP_TEXT TEXT_OF(10)
#define DEFAULT_PRECISION_TEXT TEXT_OF(1)

enum key {
    KEY_OUTPUT = 'o',
    KEY_VERSION = 'V',
    KEY_BY = 0x100,
    KEY_AT,
    KEY_COMPARE_TO,
    KEY_ALLOCATED,
    KEY_FREED,
    KEY_TEMPORARY,
    KEY_LIFETIMES,
    KEY_GROWTH,
    KEY_EACH_SNAPSHOT,
    KEY_SNAPSHOTS,
    KEY_SUMMARY,
    KEY_ANNOTATE,
    KEY_PRECISION,
    KEY_SAVE_STATISTICS,
    KEY_TIMELINE,
    KEY_LEAKS,
    KEY_RETAINED,
    KEY_WHY,
    KEY_TOP,
    KEY_SORT,
    KEY_CUMULATIVE,
    KEY_FILTER,
    KEY_EXCLUDE,
    KEY_DOMAIN,
    KEY_ALL_FRAMES,
    KEY_SKIP,
    KEY_OWN,
    KEY_LIMIT,
    KEY_MOST_RECENT_FIRST,
    KEY_SUPPRESSIONS,
    KEY_FAIL_IF,
    KEY_FORMAT,
    KEY_EACH_FILE,
    KEY_SYMBOLS,
    KEY_SYSROOT,
    KEY_NO_INLINE,
    KEY_NO_DEMANGLE,
    KEY_OFFLINE,
};

enum help_group {
    HELP_WHAT = 1,
    HELP_HEAP,
    HELP_GROUPS,
    HELP_FRAMES,
    HELP_OUTPUT,
    HELP_SYMBOLS,
};

/* name, key, argument, flags, help, group */
static const struct argp_option table[] = {
    {NULL, 0, NULL, 0, "What is counted:", HELP_WHAT},
    {"at", KEY_AT, "MOMENT", 0, "end (default), peak, 12.5s, 50%, snapshot or #N", 0},
    {"compare-to", KEY_COMPARE_TO, "MOMENT|FILE", 0, "what changed since then, or from that trace",
     0},
    {"allocated", KEY_ALLOCATED, NULL, 0, "all that was allocated, not what is live", 0},
    {"freed", KEY_FREED, NULL, 0, "all that was freed", 0},
    {"temporary", KEY_TEMPORARY, NULL, 0, "all that was freed before the next allocation", 0},
    {"lifetimes", KEY_LIFETIMES, NULL, 0, "how long blocks lived that were freed", 0},
    {"growth", KEY_GROWTH, NULL, 0, "what grows steadily, the steepest first", 0},
    {"each-snapshot", KEY_EACH_SNAPSHOT, NULL, 0, "a table for each snapshot", 0},
    {"snapshots", KEY_SNAPSHOTS, NULL, 0, "list the snapshots", 0},
    {"summary", KEY_SUMMARY, NULL, 0, "totals, and whatever was lost or unknown", 0},
    {"annotate", KEY_ANNOTATE, "GLOB", 0, "source files, with what each line allocates", 0},
    {"timeline", KEY_TIMELINE, NULL, 0, "live bytes over time", 0},
    {NULL, 0, NULL, 0,
     "Why it is still alive (with a heap picture: trace-run --leaks):", HELP_HEAP},
    {"leaks", KEY_LEAKS, NULL, 0, "what is lost, and what is merely kept", 0},
    {"retained", KEY_RETAINED, NULL, 0, "what would go if a line's blocks went", 0},
    {"why", KEY_WHY, "WHAT", 0, "who keeps the blocks of a LINE, SITE or ADDRESS", 0},
    {NULL, 0, NULL, 0, "How it is grouped:", HELP_GROUPS},
    {"by", KEY_BY, "GROUP", 0,
     "lineno (default), filename, function, module, traceback, thread, size, domain", 0},
    {"sort", KEY_SORT, "KEY", 0, "size (default), count or average", 0},
    {"top", KEY_TOP, "N", 0, "lines of a table, 0 for all (default " DEFAULT_TOP_TEXT ")", 0},
    {"cumulative", KEY_CUMULATIVE, NULL, 0, "count a block for every frame of its stack", 0},
    {NULL, 0, NULL, 0, "Frames (GLOB: of a file, function or module):", HELP_FRAMES},
    {"filter", KEY_FILTER, "GLOB[:LINE][@N]", 0, "only blocks of these frames, in domain N", 0},
    {"exclude", KEY_EXCLUDE, "GLOB[:LINE][@N]", 0, "no blocks of these frames, in domain N", 0},
    {"domain", KEY_DOMAIN, "N", 0, "only blocks of this domain: --filter @N", 0},
    {"all-frames", KEY_ALL_FRAMES, NULL, 0, "these two look at the whole stack", 0},
    {"suppressions", KEY_SUPPRESSIONS, "FILE", 0, "leave out what its leak:PATTERN lines match", 0},
    {"skip", KEY_SKIP, "GLOB", 0, "these frames allocate for their callers", 0},
    {"own", KEY_OWN, "GLOB", 0, "the innermost of these frames has the block", 0},
    {"limit", KEY_LIMIT, "N", 0, "frames of a traceback: N innermost, -N: but these", 0},
    {"most-recent-first", KEY_MOST_RECENT_FIRST, NULL, 0, "tracebacks from the inside out", 0},
    {NULL, 0, NULL, 0, "Output:", HELP_OUTPUT},
    {"format", KEY_FORMAT, "FORMAT", 0, "json, csv, folded, pprof, dot, mprof or sqlite", 0},
    {"output", KEY_OUTPUT, "FILE", 0, "write the report there", 0},
    {"save-statistics", KEY_SAVE_STATISTICS, "FILE", 0, "for a later --compare-to", 0},
    {"precision", KEY_PRECISION, "N", 0,
     "decimals of --annotate (default " DEFAULT_PRECISION_TEXT ")", 0},
    {"each-file", KEY_EACH_FILE, NULL, 0, "a report for each trace, not one for all", 0},
    {"fail-if", KEY_FAIL_IF, "RULE", 0, "exit 3 if live, count, peak, growth or lost is >N", 0},
    {"version", KEY_VERSION, NULL, 0, "print the version", 0},
    {NULL, 0, NULL, 0, "Symbols:", HELP_SYMBOLS},
    {"symbols", KEY_SYMBOLS, "DIR", 0, "more files with debug information", 0},
    {"sysroot", KEY_SYSROOT, "DIR", 0, "where the traced system's files are", 0},
    {"no-inline", KEY_NO_INLINE, NULL, 0, "do not show inlined functions", 0},
    {"no-demangle", KEY_NO_DEMANGLE, NULL, 0, "show names as the linker sees them", 0},
    {"offline", KEY_OFFLINE, NULL, 0, "ask no debuginfod server", 0},
    {0},
};

struct word {
    const char *name;
    int value;
};

static const struct word by_words[] = {
    {"lineno", GROUP_LINENO}, {"filename", GROUP_FILENAME},   {"function", GROUP_FUNCTION},
    {"module", GROUP_MODULE}, {"traceback", GROUP_TRACEBACK}, {"thread", GROUP_THREAD},
    {"size", GROUP_SIZE},     {"domain", GROUP_DOMAIN},       {NULL, 0},
};

static const struct word sort_words[] = {
    {"size", STATISTIC_BY_SIZE},
    {"count", STATISTIC_BY_COUNT},
    {"average", STATISTIC_BY_AVERAGE},
    {NULL, 0},
};

enum {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_CSV,
    FORMAT_FOLDED,
    FORMAT_PPROF,
    FORMAT_DOT,
    FORMAT_MPROF,
    FORMAT_SQLITE,
};

static const struct word format_words[] = {
    {"text", FORMAT_TEXT},     {"json", FORMAT_JSON},     {"csv", FORMAT_CSV},
    {"folded", FORMAT_FOLDED}, {"pprof", FORMAT_PPROF},   {"dot", FORMAT_DOT},
    {"mprof", FORMAT_MPROF},   {"sqlite", FORMAT_SQLITE}, {NULL, 0},
};

static error_t wrong(struct options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static error_t wrong(struct options *options, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(options->error, sizeof options->error, format, arguments);
    va_end(arguments);
    return EINVAL;
}

static error_t read_word(struct options *options, const char *option, const struct word *words,
                         const char *text, int *ret_value)
{
    char known[128] = "";
    for (const struct word *word = words; word->name != NULL; word++) {
        if (strcmp(word->name, text) == 0) {
            *ret_value = word->value;
            return 0;
        }
        size_t used = strlen(known);
        (void)snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", word->name);
    }
    return wrong(options, "--%s: \"%s\" is none of %s", option, text, known);
}

static error_t read_number(struct options *options, const char *option, long least,
                           const char *text, long *ret_number)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < least) {
        return wrong(options, "--%s: \"%s\" is not a number that can be used", option, text);
    }
    *ret_number = number;
    return 0;
}

static error_t add_pattern(struct options *options, struct patterns *patterns, const char *text,
                           bool has_line)
{
    return patterns_add(patterns, text, has_line) ? 0 : wrong(options, "no memory for a pattern");
}

/* As tracemalloc's DomainFilter(True, N): a filter of nothing but a domain. */
static error_t add_domain(struct options *options, const char *text)
{
    char pattern[24];
    long domain = 0;
    error_t result = read_number(options, "domain", 0, text, &domain);
    if (result == 0 && domain > UINT32_MAX) {
        result = wrong(options, "--domain: \"%s\" is more than 32 bits", text);
    }
    (void)snprintf(pattern, sizeof pattern, "@%ld", domain);
    return result != 0 ? result : add_pattern(options, &options->rules.include, pattern, true);
}

/* A word that is no other moment is a file if there is one of that name, else a snapshot. */
static error_t read_compared(struct options *options, const char *text)
{
    options->is_compared = true;
    options->compared_file = NULL;
    if (!moment_parse(text, &options->compared)) {
        return wrong(options, "--compare-to: \"%s\" is no moment and no file", text);
    }
    bool is_path = strchr(text, '/') != NULL;
    if (options->compared.kind == MOMENT_NAME && (is_path || access(text, F_OK) == 0)) {
        options->compared_file = text;
    }
    return 0;
}

static error_t read_why(struct options *options, const char *text)
{
    heap_query_fini(&options->why);
    const char *fault = heap_query_parse(text, &options->why);
    options->kind = REPORT_WHY;
    return fault == NULL ? 0 : wrong(options, "--why: \"%s\" %s", text, fault);
}

static error_t add_suppressions(struct options *options, const char *path)
{
    struct trace_error error = {0};
    return suppressions_load(&options->rules.suppressions, path, &error) == TRACE_OK
               ? 0
               : wrong(options, "--suppressions: %s", error.text);
}

static error_t add_fail_rule(struct options *options, const char *text)
{
    struct fail_rule *rules =
        realloc(options->fail_rules, (options->fail_rule_count + 1) * sizeof *rules);
    if (rules == NULL) {
        return wrong(options, "no memory for a rule");
    }
    options->fail_rules = rules;
    const char *fault = fail_rule_parse(text, &rules[options->fail_rule_count]);
    if (fault != NULL) {
        return wrong(options, "--fail-if: \"%s\" %s", text, fault);
    }
    options->fail_rule_count++;
    return 0;
}

/* Options that may be given several times. */
static error_t parse_list(struct options *options, int key, const char *text)
{
    switch (key) {
    case KEY_ANNOTATE:
        options->kind = REPORT_ANNOTATE;
        return add_pattern(options, &options->rules.annotate, text, false);
    case KEY_FILTER:
        return add_pattern(options, &options->rules.include, text, true);
    case KEY_EXCLUDE:
        return add_pattern(options, &options->rules.exclude, text, true);
    case KEY_DOMAIN:
        return add_domain(options, text);
    case KEY_SKIP:
        return add_pattern(options, &options->rules.skip, text, false);
    case KEY_OWN:
        return add_pattern(options, &options->rules.own, text, false);
    case KEY_SUPPRESSIONS:
        return add_suppressions(options, text);
    case KEY_FAIL_IF:
        return add_fail_rule(options, text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Options that take one of a few words, or a number. */
static error_t parse_value(struct options *options, int key, const char *text)
{
    static const render_function renderers[] = {
        [FORMAT_TEXT] = render_text,     [FORMAT_JSON] = render_json,     [FORMAT_CSV] = render_csv,
        [FORMAT_FOLDED] = render_folded, [FORMAT_PPROF] = render_pprof,   [FORMAT_DOT] = render_dot,
        [FORMAT_MPROF] = render_mprof,   [FORMAT_SQLITE] = render_sqlite,
    };
    int value = 0;
    long number = 0;
    error_t result = 0;
    switch (key) {
    case KEY_BY:
        result = read_word(options, "by", by_words, text, &value);
        options->has_by = true;
        options->tally.by = (enum group_by)value;
        return result;
    case KEY_SORT:
        result = read_word(options, "sort", sort_words, text, &value);
        options->sort = (enum statistic_sort)value;
        return result;
    case KEY_FORMAT:
        result = read_word(options, "format", format_words, text, &value);
        options->render = renderers[value];
        return result;
    case KEY_TOP:
        result = read_number(options, "top", 0, text, &number);
        options->has_top = true;
        options->top = (size_t)number;
        return result;
    case KEY_PRECISION:
        result = read_number(options, "precision", 0, text, &number);
        options->precision = (int)(number < PRECISION_MAX ? number : PRECISION_MAX);
        return result;
    case KEY_LIMIT:
        options->has_limit = true;
        return read_number(options, "limit", -INT32_MAX, text, &options->limit);
    case KEY_AT:
        return moment_parse(text, &options->at)
                   ? 0
                   : wrong(options, "--at: \"%s\" is no moment of a trace", text);
    case KEY_COMPARE_TO:
        return read_compared(options, text);
    case KEY_WHY:
        return read_why(options, text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Options for symbolize.h. */
static error_t parse_symbols(struct options *options, int key, const char *text)
{
    switch (key) {
    case KEY_NO_INLINE:
        options->symbols.no_inline = true;
        return 0;
    case KEY_NO_DEMANGLE:
        options->symbols.no_demangle = true;
        return 0;
    case KEY_OFFLINE:
        options->symbols.is_offline = true;
        return 0;
    case KEY_SYMBOLS:
        options->symbols.symbols_dir = text;
        return 0;
    case KEY_SYSROOT:
        options->symbols.sysroot_dir = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Options that only switch something on, or take a string as it is. */
static error_t parse_switch(struct options *options, int key, const char *text)
{
    switch (key) {
    case KEY_ALLOCATED:
        options->tally.metric = REPORT_ALLOCATED;
        return 0;
    case KEY_FREED:
        options->tally.metric = REPORT_FREED;
        return 0;
    case KEY_TEMPORARY:
        options->tally.metric = REPORT_TEMPORARY;
        return 0;
    case KEY_LIFETIMES:
        options->tally.has_lifetimes = true;
        return 0;
    case KEY_GROWTH:
        options->tally.has_growth = true;
        return 0;
    case KEY_EACH_SNAPSHOT:
        options->at = (struct moment){.kind = MOMENT_EACH_SNAPSHOT};
        return 0;
    case KEY_SNAPSHOTS:
        options->kind = REPORT_SNAPSHOTS;
        return 0;
    case KEY_SUMMARY:
        options->kind = REPORT_SUMMARY;
        return 0;
    case KEY_TIMELINE:
        options->kind = REPORT_TIMELINE;
        return 0;
    case KEY_LEAKS:
        options->kind = REPORT_LEAKS;
        return 0;
    case KEY_RETAINED:
        options->kind = REPORT_RETAINED;
        return 0;
    case KEY_CUMULATIVE:
        options->tally.is_cumulative = true;
        return 0;
    case KEY_ALL_FRAMES:
        options->tally.is_all_frames = true;
        return 0;
    case KEY_MOST_RECENT_FIRST:
        options->is_most_recent_first = true;
        return 0;
    case KEY_EACH_FILE:
        options->is_each_file = true;
        return 0;
    case KEY_OUTPUT:
        options->output = text;
        return 0;
    case KEY_SAVE_STATISTICS:
        options->statistics_file = text;
        return 0;
    case KEY_VERSION:
        options->is_version_asked = true;
        return 0;
    default:
        return parse_symbols(options, key, text);
    }
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_ARGS:
        options->files = &state->argv[state->next];
        options->file_count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_END:
        return options_check(options) ? 0 : EINVAL;
    case ARGP_KEY_INIT:
    case ARGP_KEY_SUCCESS:
    case ARGP_KEY_ERROR:
    case ARGP_KEY_NO_ARGS:
    case ARGP_KEY_FINI:
        return 0;
    default:
        break;
    }
    error_t result = parse_switch(options, key, text);
    result = result == ARGP_ERR_UNKNOWN ? parse_list(options, key, text) : result;
    return result == ARGP_ERR_UNKNOWN ? parse_value(options, key, text) : result;
}

bool options_parse(int argc, char **argv, bool is_test, struct options *ret_options)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse,
        .args_doc = "[TRACE ...]",
        .doc = "Says which lines of a program hold its memory, from traces of libtrace.so.\v"
               "No TRACE: the newest *.trace here. Exit: 1 bad input, 2 usage, 3 --fail-if.",
    };
    *ret_options = (struct options){
        .at = {.kind = MOMENT_END},
        .top = DEFAULT_TOP,
        .precision = DEFAULT_PRECISION,
        .render = render_text,
    };
    argp_err_exit_status = EXIT_USAGE;
    unsigned flags = is_test ? ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_NO_HELP : 0;
    return argp_parse(&argp, argc, argv, flags, NULL, ret_options) == 0;
}

void options_fini(struct options *options)
{
    heap_query_fini(&options->why);
    patterns_fini(&options->rules.skip);
    patterns_fini(&options->rules.own);
    patterns_fini(&options->rules.include);
    patterns_fini(&options->rules.exclude);
    patterns_fini(&options->rules.annotate);
    suppressions_fini(&options->rules.suppressions);
    free(options->fail_rules);
}
