/* The LIBTRACE_* table. See config.h. */
#include "config.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "log.h"

/* Decimal digits only; -1 when malformed or above 10^9. */
static long parse_number(const char *text)
{
    long value = 0;
    if (*text == '\0') {
        return -1;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value > 100000000) {
            return -1;
        }
        value = value * 10 + (*text - '0');
    }
    return value;
}

static bool parse_switch(const char *text, bool *ret_switch)
{
    if ((text[0] != '0' && text[0] != '1') || text[1] != '\0') {
        return false;
    }
    *ret_switch = text[0] == '1';
    return true;
}

static bool set_output(struct config *config, const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length >= sizeof config->output) {
        return false;
    }
    memcpy(config->output, text, length + 1);
    return true;
}

static bool set_depth(struct config *config, const char *text)
{
    long depth = parse_number(text);
    if (depth < 1 || depth > CONFIG_DEPTH_MAX) {
        return false;
    }
    config->depth = (unsigned)depth;
    return true;
}

static bool set_start(struct config *config, const char *text)
{
    return parse_switch(text, &config->is_started);
}

static bool set_children(struct config *config, const char *text)
{
    return parse_switch(text, &config->follows_children);
}

static bool set_frees(struct config *config, const char *text)
{
    return parse_switch(text, &config->notes_frees);
}

static bool set_verbose(struct config *config, const char *text)
{
    return parse_switch(text, &config->is_verbose);
}

/* Return: the number of a signal, 0 if there is none of that name. */
static int parse_signal(const char *text)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {
        {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"USR1", SIGUSR1},
        {"USR2", SIGUSR2}, {"ALRM", SIGALRM},     {"TERM", SIGTERM}, {"CONT", SIGCONT},
        {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},
        {"XCPU", SIGXCPU}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
        {"IO", SIGIO},     {"PWR", SIGPWR},       {"CHLD", SIGCHLD},
    };
    if (strncmp(text, "SIG", 3) == 0) {
        text += 3;
    }
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (strcmp(text, signals[i].name) == 0) {
            return signals[i].number;
        }
    }
    return 0;
}

static bool set_snapshot_signal(struct config *config, const char *text)
{
    config->snapshot_signal = parse_signal(text);
    return config->snapshot_signal != 0;
}

static bool set_picture_signal(struct config *config, const char *text)
{
    config->picture_signal = parse_signal(text);
    return config->picture_signal != 0;
}

/* "60s". Return: 0 if malformed. */
static unsigned parse_seconds(const char *text)
{
    char number[12] = {0};
    size_t length = strnlen(text, sizeof number);
    if (length < 2 || length == sizeof number || text[length - 1] != 's') {
        return 0;
    }
    memcpy(number, text, length - 1);
    long seconds = parse_number(number);
    return seconds > 0 ? (unsigned)seconds : 0;
}

/* "exit", or seconds, or both with a comma between. */
static bool set_picture(struct config *config, const char *text)
{
    static const char end[] = "exit";
    bool is_end = strcmp(text, end) == 0;
    bool is_both = strncmp(text, "exit,", sizeof end) == 0;
    unsigned seconds = parse_seconds(text + (is_both ? sizeof end : 0));
    if (!is_end && seconds == 0) {
        return false;
    }
    config->pictures_end = is_end || is_both;
    config->picture_seconds = seconds;
    return true;
}

static bool set_snapshot_every(struct config *config, const char *text)
{
    return period_parse(text, &config->snapshot_every);
}

static bool set_session(struct config *config, const char *text)
{
    uint64_t session = 0;
    if (strlen(text) != 16) {
        return false;
    }
    for (; *text != '\0'; text++) {
        const char *digits = "0123456789abcdef";
        const char *digit = strchr(digits, *text);
        if (digit == NULL) {
            return false;
        }
        session = session << 4 | (uint64_t)(digit - digits);
    }
    config->session = session;
    return true;
}

static const struct variable {
    const char *name;
    bool (*set)(struct config *config, const char *text);
    const char *expects;
} variables[] = {
    {"LIBTRACE_OUTPUT", set_output, "a file name pattern of at most 4095 bytes"},
    {"LIBTRACE_DEPTH", set_depth, "a number from 1 to 1024"},
    {"LIBTRACE_START", set_start, "0 or 1"},
    {"LIBTRACE_CHILDREN", set_children, "0 or 1"},
    {"LIBTRACE_FREES", set_frees, "0 or 1"},
    {"LIBTRACE_SNAPSHOT_SIGNAL", set_snapshot_signal, "the name of a signal, such as SIGUSR2"},
    {"LIBTRACE_SNAPSHOT_EVERY", set_snapshot_every, PERIOD_EXPECTED},
    {"LIBTRACE_PICTURE", set_picture, "exit, a number of seconds such as 60s, or exit,60s"},
    {"LIBTRACE_PICTURE_SIGNAL", set_picture_signal, "the name of a signal, such as SIGUSR1"},
    {"LIBTRACE_VERBOSE", set_verbose, "0 or 1"},
    {"LIBTRACE_SESSION", set_session, "16 hexadecimal digits"},
};

/* Return: the text after "NAME=", or NULL if @entry is another variable. */
static const char *value_of(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=' ? entry + length + 1 : NULL;
}

const char *config_expects(const char *name, const char *value)
{
    static struct config ignored;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        if (strcmp(name, variables[i].name) == 0 && !variables[i].set(&ignored, value)) {
            return variables[i].expects;
        }
    }
    return NULL;
}

static void read_entry(struct config *config, const char *entry)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = value_of(entry, variables[i].name);
        if (value == NULL) {
            continue;
        }
        if (!variables[i].set(config, value)) {
            LOG(variables[i].name, "=", value, ": expected ", variables[i].expects,
                "; the default is used");
        }
        return;
    }
    LOG(entry, ": no such variable; see the manual page libtrace(7)");
}

void config_read(struct config *config, char *const *environment)
{
    static const char prefix[] = "LIBTRACE_";
    static const char recorder[] = "RUNNING_UNDER_RR=1"; /* rr(1) says so to what it records */
    *config = (struct config){
        .output = CONFIG_OUTPUT, .depth = 256, .is_started = true, .follows_children = true};
    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, prefix, sizeof prefix - 1) == 0) {
            read_entry(config, *environment);
        }
        config->is_replayable = config->is_replayable || strcmp(*environment, recorder) == 0;
    }
}
