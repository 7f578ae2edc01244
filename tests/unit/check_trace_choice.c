/* trace_choice.c: the newest *.trace that is a file. */
#include "trace_choice.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scene.h"
#include "unit.h"

/* Make a file that was changed at that time. */
static void make(const char *name, time_t seconds, long nanoseconds)
{
    const struct timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    builder_write_file(name, "", 0);
    ck_assert_int_eq(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void expect(const char *name)
{
    char *newest = trace_choice_newest(".");
    ck_assert_ptr_nonnull(newest);
    ck_assert_str_eq(newest, name);
    free(newest);
}

START_TEST(trace_choice_takes_the_newest)
{
    make("z.trace", 1000, 0);
    expect("z.trace");
    make("b.trace", 3000, 5);
    make("a.trace", 2000, 9);
    expect("b.trace");
    make("c.trace", 3000, 6); // by a nanosecond
    expect("c.trace");
    make("b.trace", 1, 0);
    expect("c.trace");
}
END_TEST

START_TEST(trace_choice_takes_the_last_name_of_equals)
{
    make("b.trace", 1000, 0);
    make("c.trace", 1000, 0);
    make("a.trace", 1000, 0);
    expect("c.trace");
}
END_TEST

START_TEST(trace_choice_leaves_what_is_no_trace)
{
    make(".hidden.trace", 9000, 0);
    make("x.trace.gz", 9000, 0);
    make("trace", 9000, 0);
    ck_assert_ptr_null(trace_choice_newest("."));
    ck_assert_int_eq(mkdir("d.trace", 0700), 0);
    ck_assert_int_eq(mkfifo("f.trace", 0600), 0);
    ck_assert_int_eq(symlink("nowhere", "l.trace"), 0);
    ck_assert_ptr_null(trace_choice_newest("."));
    make("old.trace", 1, 0);
    expect("old.trace");
    ck_assert_int_eq(rmdir("d.trace"), 0);
}
END_TEST

START_TEST(trace_choice_needs_a_directory)
{
    ck_assert_ptr_null(trace_choice_newest("not there"));
    make("t.trace", 1, 0);
    ck_assert_ptr_null(trace_choice_newest("t.trace"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("trace_choice");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, trace_choice_takes_the_newest);
    tcase_add_test(tests, trace_choice_takes_the_last_name_of_equals);
    tcase_add_test(tests, trace_choice_leaves_what_is_no_trace);
    tcase_add_test(tests, trace_choice_needs_a_directory);
    return unit_run("trace_choice", tests);
}
