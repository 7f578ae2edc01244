/* The environment: every variable, what is malformed, and what is said about it. */
#include "config.h"

#include <signal.h>
#include <string.h>

#include "suite.h"

static const struct config defaults = {
    .output = "%e.%p.trace", .depth = 256, .is_started = true, .follows_children = true};

static char log_text[SUITE_CAPTURE_BYTES];

/* Read one entry, or none. What is logged is in log_text. */
static struct config read_one(const char *entry)
{
    static struct config config;
    char copy[2 * TRACE_PATH_BYTES] = "";
    char *environment[] = {"PATH=/bin", NULL, "HOME=/", NULL};
    if (entry != NULL) {
        ck_assert_uint_lt(strlen(entry), sizeof copy);
        memcpy(copy, entry, strlen(entry) + 1);
        environment[1] = copy;
    }
    memset(&config, 0xff, sizeof config);
    struct suite_capture capture = suite_capture_begin();
    config_read(&config, environment);
    suite_capture_end(&capture, log_text);
    return config;
}

static void assert_same(const struct config *config, const struct config *expected)
{
    ck_assert_str_eq(config->output, expected->output);
    ck_assert_uint_eq(config->depth, expected->depth);
    ck_assert_int_eq(config->is_started, expected->is_started);
    ck_assert_int_eq(config->follows_children, expected->follows_children);
    ck_assert_int_eq(config->snapshot_signal, expected->snapshot_signal);
    ck_assert_uint_eq(config->snapshot_every.length, expected->snapshot_every.length);
    ck_assert_int_eq(config->pictures_end, expected->pictures_end);
    ck_assert_uint_eq(config->picture_seconds, expected->picture_seconds);
    ck_assert_int_eq(config->picture_signal, expected->picture_signal);
    ck_assert_int_eq(config->is_verbose, expected->is_verbose);
    ck_assert_uint_eq(config->session, expected->session);
    ck_assert_int_eq(config->is_replayable, expected->is_replayable);
}

START_TEST(config_has_defaults)
{
    struct config config = read_one(NULL);
    assert_same(&config, &defaults);
    ck_assert_str_eq(log_text, "");
    memset(&config, 0xff, sizeof config);
    config_read(&config, NULL);
    assert_same(&config, &defaults);
}
END_TEST

START_TEST(config_knows_rr)
{
    struct config config = read_one("RUNNING_UNDER_RR=1");
    struct config expected = defaults;
    expected.is_replayable = true;
    assert_same(&config, &expected);
    ck_assert_str_eq(log_text, "");
}
END_TEST

START_TEST(config_reads_every_variable)
{
    static struct config config;
    char *environment[] = {
        "LIBTRACE_OUTPUT=/tmp/a b=c.%p",
        "LIBTRACE_DEPTH=1024",
        "LIBTRACE_START=0",
        "LIBTRACE_CHILDREN=0",
        "LIBTRACE_SNAPSHOT_SIGNAL=SIGUSR2",
        "LIBTRACE_PICTURE=exit,60s",
        "LIBTRACE_PICTURE_SIGNAL=SIGUSR1",
        "LIBTRACE_VERBOSE=1",
        "LIBTRACE_SESSION=fedcba9876543210",
        "LIBTRACE=1",
        "XLIBTRACE_DEPTH=5",
        NULL,
    };
    struct suite_capture capture = suite_capture_begin();
    config_read(&config, environment);
    suite_capture_end(&capture, log_text);
    ck_assert_str_eq(log_text, "");
    assert_same(&config, &(struct config){.output = "/tmp/a b=c.%p",
                                          .depth = 1024,
                                          .snapshot_signal = SIGUSR2,
                                          .pictures_end = true,
                                          .picture_seconds = 60,
                                          .picture_signal = SIGUSR1,
                                          .is_verbose = true,
                                          .session = 0xfedcba9876543210u});
}
END_TEST

START_TEST(config_takes_limits)
{
    ck_assert_uint_eq(read_one("LIBTRACE_DEPTH=1").depth, 1);
    ck_assert_uint_eq(read_one("LIBTRACE_DEPTH=0000000000000000000064").depth, 64);
    ck_assert_int_eq(read_one("LIBTRACE_START=1").is_started, true);
    ck_assert_int_eq(read_one("LIBTRACE_CHILDREN=1").follows_children, true);
    ck_assert_int_eq(read_one("LIBTRACE_VERBOSE=0").is_verbose, false);
    ck_assert_uint_eq(read_one("LIBTRACE_SESSION=ffffffffffffffff").session, UINT64_MAX);
    ck_assert_str_eq(log_text, "");
}
END_TEST

START_TEST(config_knows_signals_with_and_without_sig)
{
    static const struct {
        const char *entry;
        int number;
    } cases[] = {
        {"LIBTRACE_SNAPSHOT_SIGNAL=USR1", SIGUSR1},   {"LIBTRACE_SNAPSHOT_SIGNAL=SIGHUP", SIGHUP},
        {"LIBTRACE_SNAPSHOT_SIGNAL=SIGIO", SIGIO},    {"LIBTRACE_SNAPSHOT_SIGNAL=PROF", SIGPROF},
        {"LIBTRACE_SNAPSHOT_SIGNAL=WINCH", SIGWINCH}, {"LIBTRACE_SNAPSHOT_SIGNAL=CHLD", SIGCHLD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(read_one(cases[i].entry).snapshot_signal, cases[i].number);
        ck_assert_str_eq(log_text, "");
    }
}
END_TEST

START_TEST(config_knows_times_and_sizes)
{
    static const struct {
        const char *entry;
        struct period every;
    } cases[] = {
        {"LIBTRACE_SNAPSHOT_EVERY=5s", {5000, true, 5000, "s"}},
        {"LIBTRACE_SNAPSHOT_EVERY=0.25s", {250, true, 250, "s"}},
        {"LIBTRACE_SNAPSHOT_EVERY=0.001s", {1, true, 1, "s"}},
        {"LIBTRACE_SNAPSHOT_EVERY=100MiB", {100 << 20, false, 100000, "MiB"}},
        {"LIBTRACE_SNAPSHOT_EVERY=1.5KiB", {1536, false, 1500, "KiB"}},
        {"LIBTRACE_SNAPSHOT_EVERY=2GiB", {UINT64_C(2) << 30, false, 2000, "GiB"}},
        {"LIBTRACE_SNAPSHOT_EVERY=1000000000s", {1000000000000, true, 1000000000000, "s"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct period every = read_one(cases[i].entry).snapshot_every;
        ck_assert_str_eq(log_text, "");
        ck_assert_uint_eq(every.length, cases[i].every.length);
        ck_assert_int_eq(every.is_time, cases[i].every.is_time);
        ck_assert_uint_eq(every.thousandths, cases[i].every.thousandths);
        ck_assert_str_eq(every.unit, cases[i].every.unit);
    }
}
END_TEST

START_TEST(config_knows_when_pictures_are_taken)
{
    static const struct {
        const char *entry;
        bool is_at_end;
        unsigned seconds;
    } cases[] = {
        {"LIBTRACE_PICTURE=exit", true, 0},
        {"LIBTRACE_PICTURE=1s", false, 1},
        {"LIBTRACE_PICTURE=exit,3600s", true, 3600},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config config = read_one(cases[i].entry);
        ck_assert(config.pictures_end == cases[i].is_at_end);
        ck_assert_uint_eq(config.picture_seconds, cases[i].seconds);
        ck_assert_str_eq(log_text, "");
    }
}
END_TEST

/* Each is reported in one line that repeats it, and every value stays a default. */
static void assert_refused(const char *entry)
{
    struct config config = read_one(entry);
    assert_same(&config, &defaults);
    ck_assert_msg(strncmp(log_text, "libtrace: ", 10) == 0, "%s: %s", entry, log_text);
    ck_assert_msg(strstr(log_text, entry) == log_text + 10, "%s: %s", entry, log_text);
    ck_assert_ptr_eq(strchr(log_text, '\n'), log_text + strlen(log_text) - 1);
}

START_TEST(config_refuses_malformed_numbers)
{
    assert_refused("LIBTRACE_DEPTH=");
    assert_refused("LIBTRACE_DEPTH=0");
    assert_refused("LIBTRACE_DEPTH=1025");
    assert_refused("LIBTRACE_DEPTH=-1");
    assert_refused("LIBTRACE_DEPTH=+1");
    assert_refused("LIBTRACE_DEPTH= 1");
    assert_refused("LIBTRACE_DEPTH=1 ");
    assert_refused("LIBTRACE_DEPTH=0x10");
    assert_refused("LIBTRACE_DEPTH=4294967297");
    assert_refused("LIBTRACE_DEPTH=18446744073709551617");
    assert_refused("LIBTRACE_DEPTH=99999999999999999999999999999999");
}
END_TEST

START_TEST(config_refuses_numbers_that_are_no_period)
{
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=0s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=0.0001s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=0KiB");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=-5s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=+5s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY= 5s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5.s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=.5s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5.0000s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5,5s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=1e3s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=1000000001s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=99999999999999999999s");
}
END_TEST

START_TEST(config_refuses_periods_of_unknown_units)
{
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=MiB");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5 s");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5s ");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5ms");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5m");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=100MB");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=100M");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5mib");
    assert_refused("LIBTRACE_SNAPSHOT_EVERY=5s5s");
}
END_TEST

START_TEST(config_refuses_malformed_switches_and_sessions)
{
    assert_refused("LIBTRACE_START=");
    assert_refused("LIBTRACE_START=yes");
    assert_refused("LIBTRACE_CHILDREN=2");
    assert_refused("LIBTRACE_CHILDREN=00");
    assert_refused("LIBTRACE_VERBOSE=01");
    assert_refused("LIBTRACE_SESSION=");
    assert_refused("LIBTRACE_SESSION=123");
    assert_refused("LIBTRACE_SESSION=0123456789abcdeg");
    assert_refused("LIBTRACE_SESSION=0123456789abcdef0");
}
END_TEST

START_TEST(config_refuses_malformed_times)
{
    assert_refused("LIBTRACE_PICTURE=");
    assert_refused("LIBTRACE_PICTURE=exit,");
    assert_refused("LIBTRACE_PICTURE=exits");
    assert_refused("LIBTRACE_PICTURE=exit,60");
    assert_refused("LIBTRACE_PICTURE=0s");
    assert_refused("LIBTRACE_PICTURE=s");
    assert_refused("LIBTRACE_PICTURE=60s,exit");
    assert_refused("LIBTRACE_PICTURE=exit,99999999999s");
}
END_TEST

START_TEST(config_refuses_signals_that_cannot_be_taken)
{
    assert_refused("LIBTRACE_PICTURE_SIGNAL=KILL");
    assert_refused("LIBTRACE_SNAPSHOT_SIGNAL=");
    assert_refused("LIBTRACE_SNAPSHOT_SIGNAL=SIG");
    assert_refused("LIBTRACE_SNAPSHOT_SIGNAL=SIGSIGUSR1");
    assert_refused("LIBTRACE_SNAPSHOT_SIGNAL=usr1");
    assert_refused("LIBTRACE_SNAPSHOT_SIGNAL=10");
    assert_refused("LIBTRACE_SNAPSHOT_SIGNAL=KILL");
    assert_refused("LIBTRACE_SNAPSHOT_SIGNAL=STOP");
    assert_refused("LIBTRACE_SNAPSHOT_SIGNAL=SEGV");
    assert_refused("LIBTRACE_OUTPUT=");
}
END_TEST

START_TEST(config_reports_names_that_it_does_not_know)
{
    assert_refused("LIBTRACE_DEPHT=10");
    assert_refused("LIBTRACE_=1");
    assert_refused("LIBTRACE_DEPTH");
    assert_refused("LIBTRACE_DEPTHS=1");
    assert_refused("LIBTRACE_START =0");
}
END_TEST

START_TEST(config_takes_patterns_up_to_the_longest_path)
{
    static char entry[2 * TRACE_PATH_BYTES] = "LIBTRACE_OUTPUT=";
    size_t prefix = strlen(entry);
    memset(entry + prefix, 'x', TRACE_PATH_BYTES - 1);
    struct config config = read_one(entry);
    ck_assert_str_eq(config.output, entry + prefix);
    ck_assert_str_eq(log_text, "");
    entry[prefix + TRACE_PATH_BYTES - 1] = 'x';
    config = read_one(entry);
    ck_assert_str_eq(config.output, defaults.output);
    ck_assert_uint_lt(strlen(log_text), 600);
    ck_assert_ptr_eq(strchr(log_text, '\n'), log_text + strlen(log_text) - 1);
}
END_TEST

START_TEST(config_says_what_it_expects)
{
    ck_assert_ptr_null(config_expects("LIBTRACE_DEPTH", "12"));
    ck_assert_str_eq(config_expects("LIBTRACE_DEPTH", "12x"), "a number from 1 to 1024");
    ck_assert_ptr_null(config_expects("LIBTRACE_PICTURE", "exit,60s"));
    ck_assert_ptr_nonnull(config_expects("LIBTRACE_PICTURE", "exit,"));
    ck_assert_ptr_null(config_expects("PATH", "anything"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        config_has_defaults,
        config_knows_rr,
        config_reads_every_variable,
        config_takes_limits,
        config_knows_signals_with_and_without_sig,
        config_knows_when_pictures_are_taken,
        config_refuses_malformed_numbers,
        config_knows_times_and_sizes,
        config_refuses_numbers_that_are_no_period,
        config_refuses_periods_of_unknown_units,
        config_refuses_malformed_switches_and_sessions,
        config_refuses_malformed_times,
        config_refuses_signals_that_cannot_be_taken,
        config_reports_names_that_it_does_not_know,
        config_takes_patterns_up_to_the_longest_path,
        config_says_what_it_expects,
        NULL,
    };
    return suite_run("config", tests);
}
