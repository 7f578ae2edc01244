/* The command line of trace-report: one table in options.c drives parsing, checks and --help. */
#ifndef ANALYZER_OPTIONS_H
#define ANALYZER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "fail_rule.h"
#include "frame_table.h"
#include "group.h"
#include "heap_query.h"
#include "moment.h"
#include "render.h"
#include "report.h"
#include "statistic.h"
#include "symbolize.h"
#include "tally.h"

enum {
    EXIT_REPORTED = 0,
    EXIT_BAD_INPUT = 1,
    EXIT_USAGE = 2,
    EXIT_RULE = 3, /* a --fail-if rule held */
};

struct options {
    enum report_kind kind;
    struct moment at;
    struct moment compared;    /* of the same traces */
    const char *compared_file; /* or another trace, at the moment of these; NULL unless given */
    struct tally_rules tally;
    enum statistic_sort sort;
    size_t top;
    long limit;
    int precision;
    struct heap_query why; /* text NULL unless given */
    bool is_compared;
    bool has_by; /* --by and --top were given */
    bool has_top;
    bool has_limit;
    bool is_most_recent_first;
    bool is_each_file;
    struct frame_rules rules;
    struct symbol_options symbols;
    render_function render;
    const char *output;          /* NULL: stdout */
    const char *statistics_file; /* --save-statistics; NULL unless given */
    struct fail_rule *fail_rules;
    size_t fail_rule_count;
    char **files; /* points into the command line */
    size_t file_count;
    bool is_version_asked;
    char error[256]; /* what is wrong with the command line; empty if argp has said it */
};

/*
 * Read the command line. --help and --usage print and end the process, unless @is_test.
 * Strings are taken from @argv, which must outlive @ret_options.
 * Return: false for wrong usage; ret_options->error says why. options_fini() in any case.
 */
bool options_parse(int argc, char **argv, bool is_test, struct options *ret_options);
void options_fini(struct options *options);

#endif
