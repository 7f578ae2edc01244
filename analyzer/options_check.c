/*
 * Options that exclude each other are refused with a word on what would do; those that imply others
 * set them.
 */
#include "options_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "database.h"

static bool wrong(struct options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Say what is wrong. Return: false. */
static bool wrong(struct options *options, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(options->error, sizeof options->error, format, arguments);
    va_end(arguments);
    return false;
}

static bool check_pprof(struct options *options)
{
    bool is_plain = options->kind == REPORT_TABLES && !options->is_each_file &&
                    options->at.kind != MOMENT_EACH_SNAPSHOT && !options->is_compared &&
                    options->tally.metric == REPORT_LIVE && !options->has_by &&
                    !options->tally.is_cumulative && !options->tally.has_growth;
    if (!is_plain) {
        return wrong(options, "--format: pprof has all call stacks of one moment, live and not");
    }
    if (options->output == NULL && isatty(STDOUT_FILENO) == 1) {
        return wrong(options, "--format: pprof is nothing for a terminal; take -o FILE");
    }
    options->tally.by = GROUP_FRAMES;
    options->tally.metric = REPORT_ALLOCATED;
    options->tally.has_live = true;
    options->top = 0;
    return true;
}

/* Return: whether nothing is asked for but a table of what is live at the end. */
static bool is_plain(const struct options *options)
{
    const struct frame_rules *rules = &options->rules;
    bool is_chosen = rules->include.count + rules->exclude.count + rules->suppressions.count > 0;
    return options->kind == REPORT_TABLES && options->at.kind == MOMENT_END && !options->has_by &&
           !options->is_compared && !options->tally.is_cumulative && !options->tally.has_growth &&
           options->tally.metric == REPORT_LIVE && !options->is_each_file && !is_chosen;
}

static bool check_mprof(struct options *options)
{
    if (options->kind != REPORT_TIMELINE && !is_plain(options)) {
        return wrong(options, "--format: mprof is the timeline of the whole run");
    }
    if (options->is_each_file) {
        return wrong(options, "--format: mprof has all traces in one file");
    }
    options->kind = REPORT_TIMELINE;
    return true;
}

static bool check_sqlite(struct options *options)
{
    if (!database_is_there()) {
        return wrong(options, "--format: this trace-report was built without sqlite3");
    }
    if (!is_plain(options)) {
        return wrong(options, "--format: sqlite has all there is; choose by SQL");
    }
    if (options->output == NULL && isatty(STDOUT_FILENO) == 1) {
        return wrong(options, "--format: sqlite is nothing for a terminal; take -o FILE");
    }
    options->kind = REPORT_DATABASE;
    return true;
}

/* Formats that cannot say everything. */
static bool check_format(struct options *options)
{
    if (options->kind == REPORT_SUMMARY && options->render == render_csv) {
        return wrong(options, "--format: csv is for tables, and --summary is none");
    }
    if (options->render == render_pprof) {
        return check_pprof(options);
    }
    if (options->render == render_mprof) {
        return check_mprof(options);
    }
    if (options->render == render_sqlite) {
        return check_sqlite(options);
    }
    bool is_graph = options->kind == REPORT_WHY || options->kind == REPORT_LEAKS ||
                    options->kind == REPORT_RETAINED;
    if (options->render == render_dot && !is_graph) {
        return wrong(options, "--format: dot draws what --leaks, --retained and --why find");
    }
    if (options->render != render_folded) {
        return true;
    }
    if (options->kind != REPORT_TABLES || options->at.kind == MOMENT_EACH_SNAPSHOT) {
        return wrong(options, "--format: folded is for the call stacks of one moment");
    }
    if (options->sort == STATISTIC_BY_AVERAGE || options->tally.has_growth) {
        return wrong(options, "--format: folded gives sizes, or counts with --sort count");
    }
    if ((options->has_by && options->tally.by != GROUP_TRACEBACK) || options->tally.is_cumulative) {
        return wrong(options, "--format: folded is always by traceback");
    }
    options->tally.by = GROUP_FUNCTIONS;
    options->top = options->has_top ? options->top : 0;
    return true;
}

/* Growth is about the whole run, and its order is its own. */
static bool check_growth(struct options *options)
{
    if (options->kind != REPORT_TABLES || options->at.kind != MOMENT_END) {
        return wrong(options, "--growth: is a table of the whole run");
    }
    if (options->tally.metric != REPORT_LIVE || options->is_compared) {
        return wrong(options, "--growth: is about what is live, and compares moments by itself");
    }
    if (options->sort != STATISTIC_BY_SIZE) {
        return wrong(options, "--growth: has the steepest first; --sort cannot be given");
    }
    options->sort = STATISTIC_BY_GROWTH;
    return true;
}

/* Rules about what the report does not have. */
static bool check_fail_rules(struct options *options)
{
    for (size_t i = 0; i < options->fail_rule_count; i++) {
        const struct fail_rule *rule = &options->fail_rules[i];
        if (fail_rule_is_heap(rule) && options->kind != REPORT_LEAKS) {
            return wrong(options, "--fail-if: %s needs --leaks", rule->text);
        }
        if (rule->quantity != FAIL_PEAK && !fail_rule_is_heap(rule) &&
            options->tally.metric != REPORT_LIVE) {
            return wrong(options, "--fail-if: %s is about what is live", rule->text);
        }
    }
    return true;
}

/* Heap pictures know what is live at their moments, and nothing else. */
static bool check_heap(struct options *options)
{
    const enum moment_kind at = options->at.kind;
    if (at != MOMENT_END && at != MOMENT_NAME && at != MOMENT_NUMBER) {
        return wrong(options, "--at: heap pictures are at the end, or have a NAME or #N");
    }
    if (options->tally.metric != REPORT_LIVE || options->tally.is_cumulative) {
        return wrong(options,
                     "--leaks, --retained and --why: are about what is live, each block once");
    }
    if (options->tally.by == GROUP_THREAD) {
        return wrong(options, "--by: blocks of a heap picture are not grouped by thread");
    }
    if (options->render == render_csv) {
        return wrong(options, "--format: csv is for tables; take json");
    }
    return true;
}

/* Rules about growth ask for it. */
static bool needs_growth(const struct options *options)
{
    bool is_needed = options->tally.has_growth;
    for (size_t i = 0; i < options->fail_rule_count; i++) {
        enum fail_quantity quantity = options->fail_rules[i].quantity;
        is_needed = is_needed || quantity == FAIL_GROWTH || quantity == FAIL_GROWTH_RATE;
    }
    return is_needed;
}

bool options_check(struct options *options)
{
    if (report_is_heap(options->kind) && !check_heap(options)) {
        return false;
    }
    options->tally.has_growth = needs_growth(options);
    if (options->tally.has_growth && !check_growth(options)) {
        return false;
    }
    options->tally.has_freers = options->kind == REPORT_TABLES && !options->is_compared &&
                                options->tally.by == GROUP_MODULE && !options->tally.has_growth &&
                                !options->tally.is_cumulative;
    if (options->tally.has_lifetimes && options->tally.metric == REPORT_LIVE) {
        options->tally.metric = REPORT_FREED; // a lifetime is known when it is over
    }
    if (!check_format(options)) {
        return false;
    }
    enum group_by by = options->tally.by;
    bool has_frame = group_has_frame(by) && !group_has_traceback(by);
    if (options->tally.is_cumulative && !has_frame) {
        return wrong(options, "--cumulative: counts frames, and --by %s has none of its own",
                     report_by_name(by));
    }
    bool is_annotate = options->kind == REPORT_ANNOTATE;
    if (is_annotate && options->at.kind == MOMENT_EACH_SNAPSHOT) {
        return wrong(options, "--annotate: is of one moment; take --at NAME");
    }
    if (is_annotate && options->tally.metric != REPORT_LIVE) {
        return wrong(options, "--annotate: its increments are what is live");
    }
    if (options->rules.suppressions.count > 0 && options->kind != REPORT_TABLES &&
        options->kind != REPORT_LEAKS) {
        return wrong(options, "--suppressions: leaves blocks out of tables and of --leaks");
    }
    if (options->is_compared && options->kind != REPORT_TABLES) {
        return wrong(options, "--compare-to: compares tables");
    }
    if (options->is_compared && options->at.kind == MOMENT_EACH_SNAPSHOT) {
        return wrong(options, "--compare-to: compares one moment; take --at NAME");
    }
    bool is_one = options->kind == REPORT_TABLES && options->at.kind != MOMENT_EACH_SNAPSHOT &&
                  !options->is_each_file;
    if (options->statistics_file != NULL && !is_one) {
        return wrong(options, "--save-statistics: saves what one table is made of");
    }
    return check_fail_rules(options);
}
