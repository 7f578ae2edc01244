/*
 * trace-run: run a program under libtrace.so. Options become LIBTRACE_* variables; the program is
 * looked for, checked, started, waited for; then three lines say what there is to look at.
 *
 * Everything that trace-run itself has to say goes to stderr, one line each, and starts with its
 * name. Its exit status is the program's; its own failures are 125, 126 and 127 as with env(1).
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "config.h"
#include "launch.h"
#include "recorded.h"
#include "target.h"

const char *argp_program_version = "trace-run " TRACE_RUN_VERSION;

enum {
    KEY_DEPTH = 0x100, /* above every character: long options only */
    KEY_NO_CHILDREN,
    KEY_PAUSED,
    KEY_SNAPSHOT_SIGNAL,
    KEY_SNAPSHOT_EVERY,
    KEY_LEAKS,
    KEY_PICTURE,
    KEY_PICTURE_SIGNAL,
    KEY_FREES,
};

static const struct argp_option options[] = {
    {"output", 'o', "PATTERN", 0,
     "Name of the trace: %e program, %p process id, %n a number that makes it unique, %h host, "
     "%t start time (default: %e.%p.trace)",
     1},
    {"depth", KEY_DEPTH, "N", 0, "Most frames kept of a call stack, 1 to 1024 (default: 256)", 1},
    {"paused", KEY_PAUSED, NULL, 0, "Record nothing until the program calls libtrace_start()", 1},
    {"snapshot-signal", KEY_SNAPSHOT_SIGNAL, "SIGNAL", 0,
     "Take a snapshot when this signal arrives: SIGUSR2, say (default: none)", 1},
    {"snapshot-every", KEY_SNAPSHOT_EVERY, "PERIOD", 0,
     "Take a snapshot every 5s, say, or every 100MiB that are allocated (default: none)", 1},
    {"frees", KEY_FREES, NULL, 0,
     "Record who frees, too: trace-report --by module tells then who frees whose blocks", 1},
    {"leaks", KEY_LEAKS, NULL, 0,
     "Take a heap picture at the end, which tells what is lost from what is kept", 1},
    {"picture", KEY_PICTURE, "WHEN", 0,
     "Take heap pictures: exit, every so many seconds (60s), or both (exit,60s) (default: none)",
     1},
    {"picture-signal", KEY_PICTURE_SIGNAL, "SIGNAL", 0,
     "Take a heap picture when this signal arrives (default: none)", 1},
    {"no-children", KEY_NO_CHILDREN, NULL, 0, "Do not follow the processes that the program starts",
     1},
    {"quiet", 'q', NULL, 0, "Do not say at the end what was recorded", 2},
    {"verbose", 'v', NULL, 0, "Let libtrace.so say where each trace starts and ends", 2},
    {0},
};

/* Options that are passed on to libtrace.so. */
static const struct setting {
    int key;
    const char *option;
    const char *variable;
    const char *value; /* NULL: the option's argument, which libtrace.so must understand */
} settings[] = {
    {'o', "--output", "LIBTRACE_OUTPUT", NULL},
    {KEY_DEPTH, "--depth", "LIBTRACE_DEPTH", NULL},
    {KEY_PAUSED, "--paused", "LIBTRACE_START", "0"},
    {KEY_SNAPSHOT_SIGNAL, "--snapshot-signal", "LIBTRACE_SNAPSHOT_SIGNAL", NULL},
    {KEY_SNAPSHOT_EVERY, "--snapshot-every", "LIBTRACE_SNAPSHOT_EVERY", NULL},
    {KEY_FREES, "--frees", "LIBTRACE_FREES", "1"},
    {KEY_LEAKS, "--leaks", "LIBTRACE_PICTURE", "exit"},
    {KEY_PICTURE, "--picture", "LIBTRACE_PICTURE", NULL},
    {KEY_PICTURE_SIGNAL, "--picture-signal", "LIBTRACE_PICTURE_SIGNAL", NULL},
    {KEY_NO_CHILDREN, "--no-children", "LIBTRACE_CHILDREN", "0"},
    {'v', "--verbose", "LIBTRACE_VERBOSE", "1"},
};

struct invocation {
    char **program; /* and its arguments; ends with NULL */
    bool is_quiet;
};

static void set_variable(struct argp_state *state, const struct setting *setting,
                         const char *argument)
{
    const char *value = setting->value != NULL ? setting->value : argument;
    const char *expected = config_expects(setting->variable, value);
    if (expected != NULL) {
        argp_error(state, "%s: '%s' is not %s", setting->option, value, expected);
    }
    if (setenv(setting->variable, value, 1) != 0) {
        argp_failure(state, RUN_FAILED, errno, "%s cannot be set", setting->variable);
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct invocation *invocation = state->input;
    switch (key) {
    case 'q':
        invocation->is_quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        invocation->program = &state->argv[state->next - 1];
        state->next = state->argc; /* the rest is the program's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no program is named: give one, as in trace-run ./program");
        return 0;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (settings[i].key == key) {
            set_variable(state, &settings[i], argument);
            return 0;
        }
    }
    return ARGP_ERR_UNKNOWN;
}

static int fail(const struct refusal *refusal)
{
    dprintf(STDERR_FILENO, "trace-run: %s\n", refusal->text);
    return refusal->status;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "PROGRAM [ARGUMENT...]",
        .doc = "Run PROGRAM and record its allocations for trace-report."
               "\vExit status: the program's own; a signal that kills the program kills trace-run "
               "too. 125: trace-run itself failed or was misused, 126: the program cannot be run "
               "or traced, 127: there is no such program.",
    };
    struct invocation invocation = {0};
    char program[PATH_MAX];
    char library[PATH_MAX];
    char pattern[PATH_MAX];
    uint64_t session;
    struct refusal refusal;
    struct child child;
    argp_err_exit_status = RUN_FAILED;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &invocation);
    if (!target_find(invocation.program[0], program, &refusal) ||
        !target_check(program, &refusal) || !launch_find_library(library, &refusal) ||
        !launch_set_preload(library, &refusal) || !launch_set_session(&session, &refusal) ||
        !launch_set_output(pattern, &refusal) ||
        !child_run(program, invocation.program, &child, &refusal)) {
        return fail(&refusal);
    }
    if (!invocation.is_quiet) {
        const char *pictures = getenv("LIBTRACE_PICTURE");
        bool has_picture = pictures != NULL && strncmp(pictures, "exit", strlen("exit")) == 0;
        recorded_print(invocation.program[0], pattern, session, &child, has_picture);
    }
    child_end_likewise(&child);
}
