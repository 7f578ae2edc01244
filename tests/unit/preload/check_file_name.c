/* The name of the trace file: what a pattern becomes, and where the file is put. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "file_bench.h"
#include "scratch.h"
#include "suite.h"

START_TEST(file_expands_patterns)
{
    struct utsname names;
    char expected[512];
    ck_assert_int_eq(uname(&names), 0);
    ck_assert_str_eq(file_bench_create("%e.%p.trace"), "program.4711.trace");
    ck_assert_str_eq(file_bench_create("t%t"), "t1700000000");
    ck_assert_str_eq(file_bench_create("100%%"), "100%");
    ck_assert_str_eq(file_bench_create("n%n.trace"), "n1.trace");
    ck_assert_str_eq(file_bench_create("x%x%"), "x%x%");
    ck_assert_str_eq(file_bench_create("%%e"), "%e");
    (void)snprintf(expected, sizeof expected, "on %s", names.nodename);
    ck_assert_str_eq(file_bench_create("on %h"), expected);
}
END_TEST

START_TEST(file_puts_numbers_before_the_extension)
{
    ck_assert_str_eq(file_bench_create("a.trace"), "a.trace");
    ck_assert_str_eq(file_bench_create("a.trace"), "a.2.trace");
    ck_assert_str_eq(file_bench_create("a.trace"), "a.3.trace");
    ck_assert_str_eq(file_bench_create("%e.%p.trace"), "program.4711.trace");
    ck_assert_str_eq(file_bench_create("%e.%p.trace"), "program.4711.2.trace");
    ck_assert_str_eq(file_bench_create("plain"), "plain");
    ck_assert_str_eq(file_bench_create("plain"), "plain.2");
    ck_assert_str_eq(file_bench_create("%n-%n.trace"), "1-1.trace");
    ck_assert_str_eq(file_bench_create("%n-%n.trace"), "2-2.trace");
    ck_assert_str_eq(file_bench_create("b.%n"), "b.1");
    ck_assert_str_eq(file_bench_create("b.%n"), "b.2");
}
END_TEST

START_TEST(file_leaves_dots_of_directories_alone)
{
    ck_assert_int_eq(mkdir("d.d", 0700), 0);
    ck_assert_str_eq(file_bench_create("d.d/plain"), "d.d/plain");
    ck_assert_str_eq(file_bench_create("d.d/plain"), "d.d/plain.2");
    ck_assert_str_eq(file_bench_create("./plain"), "./plain");
    ck_assert_str_eq(file_bench_create("./plain"), "./plain.2");
    ck_assert_str_eq(file_bench_create("d.d/../other"), "d.d/../other");
    ck_assert_str_eq(file_bench_create("d.d/../other"), "d.d/../other.2");
}
END_TEST

START_TEST(file_takes_absolute_patterns_as_they_are)
{
    char pattern[128];
    (void)snprintf(pattern, sizeof pattern, "%s/absolute.trace", scratch_directory);
    ck_assert_str_eq(file_bench_create(pattern), "absolute.trace");
    ck_assert_str_eq(file.path, pattern);
}
END_TEST

/* The working directory and the pattern together are too long. */
START_TEST(file_never_shortens_a_name)
{
    static char pattern[TRACE_PATH_BYTES];
    static const char name[] = "a-name-that-is-longer-than-what-is-left.trace";
    file = (struct file){.fd = -1};
    for (size_t i = 0; i < sizeof pattern - 1; i++) {
        pattern[i] = "./"[i % 2];
    }
    memcpy(pattern + sizeof pattern - sizeof name, name, sizeof name);
    pattern[sizeof pattern - sizeof name - 1] = '/';
    ck_assert_int_eq(file_create(&file, pattern, "program", &file_bench_header), -ENAMETOOLONG);
}
END_TEST

START_TEST(file_goes_into_a_directory_that_is_named)
{
    ck_assert_int_eq(mkdir("d.d", 0700), 0);
    ck_assert_int_eq(symlink("d.d", "link"), 0);
    ck_assert_str_eq(file_bench_create("d.d"), "d.d/program.4711.trace");
    ck_assert_str_eq(file_bench_create("d.d/"), "d.d/program.4711.2.trace");
    ck_assert_str_eq(file_bench_create("link"), "link/program.4711.3.trace");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        file_expands_patterns,
        file_puts_numbers_before_the_extension,
        file_leaves_dots_of_directories_alone,
        file_takes_absolute_patterns_as_they_are,
        file_never_shortens_a_name,
        file_goes_into_a_directory_that_is_named,
        NULL,
    };
    return suite_run_with("file_name", tests, scratch_enter, scratch_leave);
}
