/*
 * trace-run: run a program under libtrace.so. Options become LIBTRACE_* variables; the program is
 * looked for, checked, started, waited for; then three lines say what there is to look at.
 *
 * Everything that trace-run itself has to say goes to stderr, one line each, and starts with its
 * name. Its exit status is the program's; its own failures are 125, 126 and 127 as with env(1).
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "launch.h"
#include "period.h"
#include "recorded.h"
#include "target.h"

#define DEPTH_MAX 1024

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

struct invocation {
    char **program; /* and its arguments; ends with NULL */
    bool is_quiet;
};

/* Pass an option on to libtrace.so. */
static void set_option(struct argp_state *state, const char *variable, const char *value)
{
    if (setenv(variable, value, 1) != 0) {
        argp_failure(state, RUN_FAILED, errno, "%s cannot be set", variable);
    }
}

static bool is_signal_name(const char *name)
{
    const char *short_name = strncmp(name, "SIG", 3) == 0 ? name + 3 : name;
    for (int number = 1; number < NSIG; number++) {
        const char *known = sigabbrev_np(number);
        if (known != NULL && strcmp(known, short_name) == 0) {
            return true;
        }
    }
    return false;
}

static void set_signal(struct argp_state *state, const char *option, const char *variable,
                       const char *name)
{
    if (!is_signal_name(name)) {
        argp_error(state, "%s: '%s' is not the name of a signal", option, name);
    }
    set_option(state, variable, name);
}

/* "exit", or seconds, or both with a comma between: as in preload/config.c. */
static bool is_picture_time(const char *when)
{
    unsigned long seconds = 0;
    char unit = '\0';
    char more = '\0';
    if (strcmp(when, "exit") == 0) {
        return true;
    }
    when += strncmp(when, "exit,", strlen("exit,")) == 0 ? strlen("exit,") : 0;
    return when[0] >= '0' && when[0] <= '9' &&
           sscanf(when, "%9lu%c%c", &seconds, &unit, &more) == 2 && unit == 's' && seconds > 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct invocation *invocation = state->input;
    char *end = NULL;
    switch (key) {
    case 'o':
        if (argument[0] == '\0') {
            argp_error(state, "--output: the name is empty: give one, as in -o /tmp/%%e.%%p.trace");
        }
        set_option(state, "LIBTRACE_OUTPUT", argument);
        break;
    case KEY_DEPTH: {
        long depth = strtol(argument, &end, 10);
        if (*end != '\0' || depth < 1 || depth > DEPTH_MAX) {
            argp_error(state, "--depth: '%s' is not a number from 1 to %d", argument, DEPTH_MAX);
        }
        set_option(state, "LIBTRACE_DEPTH", argument);
        break;
    }
    case KEY_PAUSED:
        set_option(state, "LIBTRACE_START", "0");
        break;
    case KEY_SNAPSHOT_SIGNAL:
        set_signal(state, "--snapshot-signal", "LIBTRACE_SNAPSHOT_SIGNAL", argument);
        break;
    case KEY_FREES:
        set_option(state, "LIBTRACE_FREES", "1");
        break;
    case KEY_LEAKS:
        set_option(state, "LIBTRACE_PICTURE", "exit");
        break;
    case KEY_PICTURE:
        if (!is_picture_time(argument)) {
            argp_error(state, "--picture: '%s' is no time: exit, 60s, or exit,60s", argument);
        }
        set_option(state, "LIBTRACE_PICTURE", argument);
        break;
    case KEY_PICTURE_SIGNAL:
        set_signal(state, "--picture-signal", "LIBTRACE_PICTURE_SIGNAL", argument);
        break;
    case KEY_SNAPSHOT_EVERY: {
        struct period ignored;
        if (!period_parse(argument, &ignored)) {
            argp_error(state, "--snapshot-every: '%s' is not " PERIOD_EXPECTED, argument);
        }
        set_option(state, "LIBTRACE_SNAPSHOT_EVERY", argument);
        break;
    }
    case KEY_NO_CHILDREN:
        set_option(state, "LIBTRACE_CHILDREN", "0");
        break;
    case 'q':
        invocation->is_quiet = true;
        break;
    case 'v':
        set_option(state, "LIBTRACE_VERBOSE", "1");
        break;
    case ARGP_KEY_ARG:
        invocation->program = &state->argv[state->next - 1];
        state->next = state->argc; /* the rest is the program's */
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no program is named: give one, as in trace-run ./program");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
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
    struct invocation invocation = {NULL, false};
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
