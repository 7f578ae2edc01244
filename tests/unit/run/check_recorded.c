/* The three closing lines, for traces that are made here: headers only, that is all that is read.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorded.h"
#include "trace_format.h"
#include "unit.h"

#define SESSION 0x1234567890abcdefu
#define PID 4711

static char directory[] = "/tmp/recorded.XXXXXX";
static char said[4096];

static void enter_directory(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

static void leave_directory(void)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", directory);
    ck_assert_int_eq(system(command), 0); // NOLINT(cert-env33-c): a path made above
}

static void make_trace(const char *name, uint64_t session, uint32_t pid, uint32_t end_state)
{
    struct trace_file_header header = {.session = session, .pid = pid, .end_state = end_state};
    memcpy(header.magic, TRACE_MAGIC, TRACE_MAGIC_BYTES);
    int file = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(file, &header, sizeof(header)), (ssize_t)sizeof(header));
    ck_assert_int_eq(ftruncate(file, 20480), 0);
    close(file);
}

static bool has_picture;

/* What recorded_print() says goes to @said. */
static void print(const char *pattern, int wait_status)
{
    struct child child = {PID, wait_status, 1.234};
    char absolute[PATH_MAX];
    int ends[2];
    snprintf(absolute, sizeof(absolute), "%s/%s", directory, pattern);
    ck_assert_int_eq(pipe(ends), 0);
    int before = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    recorded_print("./prog", absolute, SESSION, &child, has_picture);
    dup2(before, STDERR_FILENO);
    close(ends[1]);
    ssize_t got = read(ends[0], said, sizeof(said) - 1);
    said[got > 0 ? got : 0] = '\0';
    close(ends[0]);
    close(before);
}

START_TEST(recorded_names_the_one_trace)
{
    make_trace("prog.4711.trace", SESSION, PID, TRACE_END_EXIT);
    make_trace("prog.1.trace", SESSION + 1, 1, TRACE_END_EXIT);
    print("%e.%p.trace", 3 << 8);
    ck_assert_str_eq(said, "trace-run: recorded prog.4711.trace, 20.0 KiB\n"
                           "trace-run: ./prog exited with status 3 after 1.23 s\n"
                           "trace-run: next: trace-report prog.4711.trace\n");
}
END_TEST

START_TEST(recorded_asks_for_leaks_where_there_is_a_picture)
{
    make_trace("prog.4711.trace", SESSION, PID, TRACE_END_EXIT);
    has_picture = true;
    print("%e.%p.trace", 0);
    ck_assert_ptr_nonnull(strstr(said, "trace-run: next: trace-report --leaks prog.4711.trace\n"));
}
END_TEST

START_TEST(recorded_names_several_with_the_program_first)
{
    make_trace("a.1.trace", SESSION, 1, TRACE_END_EXIT);
    make_trace("b c.4711.trace", SESSION, PID, TRACE_END_NONE);
    print("%e.%p.trace", 9);
    ck_assert_str_eq(said,
                     "trace-run: recorded 2 processes, 40.0 KiB, in b c.4711.trace and 1 more\n"
                     "trace-run: ./prog was killed by signal 9 (Killed) after 1.23 s; the trace is "
                     "complete up to that moment\n"
                     "trace-run: next: trace-report a.1.trace 'b c.4711.trace'\n");
}
END_TEST

START_TEST(recorded_does_not_spell_out_many)
{
    for (uint32_t i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "p.%u.trace", PID + i);
        make_trace(name, SESSION, PID + i, TRACE_END_EXIT);
    }
    print("%e.%p.trace", 0);
    ck_assert_ptr_nonnull(
        strstr(said, "recorded 20 processes, 400 KiB, in p.4711.trace and 19 more"));
    ck_assert_ptr_nonnull(strstr(said, "next: trace-report p.4711.trace ("));
}
END_TEST

START_TEST(recorded_finds_numbered_traces)
{
    static const char *const names[][2] = {
        {"out.trace", "out.2.trace"}, {"out", "out.3"}, {"[*]%p.trace", "[*]4711.2.trace"}};
    make_trace(names[_i][1], SESSION, PID, TRACE_END_EXIT);
    print(names[_i][0], 0);
    ck_assert_ptr_nonnull(strstr(said, "trace-run: recorded "));
    ck_assert_ptr_nonnull(strstr(said, names[_i][1]));
}
END_TEST

START_TEST(recorded_looks_into_a_directory)
{
    static const char *const patterns[] = {"for %h", "for %h/"};
    ck_assert_int_eq(mkdir("for me", 0700), 0);
    make_trace("for me/prog.4711.2.trace", SESSION, PID, TRACE_END_EXIT);
    print(patterns[_i], 0);
    ck_assert_ptr_nonnull(strstr(said, "trace-report 'for me/prog.4711.2.trace'"));
}
END_TEST

START_TEST(recorded_says_that_there_is_nothing)
{
    make_trace("prog.4711.trace", SESSION + 1, PID, TRACE_END_EXIT);
    print("%e.%p.trace", 0);
    ck_assert_ptr_nonnull(strstr(said, "trace-run: nothing was recorded"));
    ck_assert_ptr_nonnull(strstr(said, "trace-run: next: trace-run --verbose ./prog"));
}
END_TEST

START_TEST(recorded_says_that_the_tracer_gave_up)
{
    make_trace("prog.4711.trace", SESSION, PID, TRACE_END_STOPPED);
    print("%e.%p.trace", 0);
    ck_assert_ptr_nonnull(strstr(said, "had to give up"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("recorded");
    tcase_add_checked_fixture(tests, enter_directory, leave_directory);
    tcase_add_test(tests, recorded_names_the_one_trace);
    tcase_add_test(tests, recorded_asks_for_leaks_where_there_is_a_picture);
    tcase_add_test(tests, recorded_names_several_with_the_program_first);
    tcase_add_test(tests, recorded_does_not_spell_out_many);
    tcase_add_loop_test(tests, recorded_finds_numbered_traces, 0, 3);
    tcase_add_loop_test(tests, recorded_looks_into_a_directory, 0, 2);
    tcase_add_test(tests, recorded_says_that_there_is_nothing);
    tcase_add_test(tests, recorded_says_that_the_tracer_gave_up);
    return unit_run("recorded", tests);
}
