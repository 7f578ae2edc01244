/* The environment that the launcher makes. Each test has a process, and so an environment, alone.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch.h"
#include "unit.h"

static struct refusal refusal;

static const struct {
    const char *before; /* LD_PRELOAD; NULL: not set */
    const char *after;
} preloads[] = {
    {NULL, "/x/libtrace.so"},
    {"", "/x/libtrace.so"},
    {"liba.so", "/x/libtrace.so:liba.so"},
    {"liba.so libb.so", "/x/libtrace.so:liba.so:libb.so"},
    {":liba.so::libb.so ", "/x/libtrace.so:liba.so:libb.so"},
    {"libtrace.so", "/x/libtrace.so"},
    {"liba.so:/old/libtrace.so:libb.so", "/x/libtrace.so:liba.so:libb.so"},
    {"notlibtrace.so", "/x/libtrace.so:notlibtrace.so"},
};

START_TEST(launch_keeps_the_preloads_of_the_user)
{
    if (preloads[_i].before != NULL) {
        setenv("LD_PRELOAD", preloads[_i].before, 1);
    } else {
        unsetenv("LD_PRELOAD");
    }
    ck_assert(launch_set_preload("/x/libtrace.so", &refusal));
    ck_assert_str_eq(getenv("LD_PRELOAD"), preloads[_i].after);
}
END_TEST

START_TEST(launch_refuses_what_the_loader_cannot_read)
{
    static const char *const paths[] = {"/a b/libtrace.so", "/a:b/libtrace.so",
                                        "/$LIB/libtrace.so"};
    ck_assert(!launch_set_preload(paths[_i], &refusal));
    ck_assert_ptr_nonnull(strstr(refusal.text, paths[_i]));
}
END_TEST

START_TEST(launch_makes_sessions_of_sixteen_digits)
{
    uint64_t first = 0;
    uint64_t second = 0;
    ck_assert(launch_set_session(&first, &refusal));
    const char *text = getenv("LIBTRACE_SESSION");
    ck_assert(text != NULL && strlen(text) == 16 && strtoull(text, NULL, 16) == first);
    ck_assert(launch_set_session(&second, &refusal));
    ck_assert_uint_ne(first, second);
}
END_TEST

static void enter_directory(const char *name)
{
    char directory[] = "/tmp/launch.XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
    ck_assert_int_eq(mkdir(name, 0700), 0);
    ck_assert_int_eq(chdir(name), 0);
}

static void leave_directory(const char *name)
{
    char directory[PATH_MAX];
    ck_assert_int_eq(chdir(".."), 0);
    ck_assert_int_eq(rmdir(name), 0);
    ck_assert_ptr_nonnull(getcwd(directory, sizeof(directory)));
    ck_assert_int_eq(rmdir(directory), 0);
}

START_TEST(launch_makes_the_output_absolute)
{
    static const char name[] = "100% full";
    char pattern[PATH_MAX];
    unsetenv("LIBTRACE_OUTPUT");
    enter_directory(name);
    ck_assert(launch_set_output(pattern, &refusal));
    ck_assert_str_eq(getenv("LIBTRACE_OUTPUT"), pattern);
    ck_assert_ptr_nonnull(strstr(pattern, "/100%% full/%e.%p.trace"));
    setenv("LIBTRACE_OUTPUT", "x.trace", 1);
    ck_assert(launch_set_output(pattern, &refusal));
    ck_assert_ptr_nonnull(strstr(pattern, "/100%% full/x.trace"));
    leave_directory(name);
}
END_TEST

START_TEST(launch_leaves_an_absolute_output_alone)
{
    char pattern[PATH_MAX];
    setenv("LIBTRACE_OUTPUT", "/a/%p", 1);
    ck_assert(launch_set_output(pattern, &refusal));
    ck_assert_str_eq(pattern, "/a/%p");
    ck_assert_str_eq(getenv("LIBTRACE_OUTPUT"), "/a/%p");
}
END_TEST

START_TEST(launch_refuses_an_endless_output)
{
    char pattern[PATH_MAX];
    char endless[PATH_MAX + 2];
    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    setenv("LIBTRACE_OUTPUT", endless, 1);
    ck_assert(!launch_set_output(pattern, &refusal));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("launch");
    tcase_add_loop_test(tests, launch_keeps_the_preloads_of_the_user, 0,
                        sizeof(preloads) / sizeof(preloads[0]));
    tcase_add_loop_test(tests, launch_refuses_what_the_loader_cannot_read, 0, 3);
    tcase_add_test(tests, launch_makes_sessions_of_sixteen_digits);
    tcase_add_test(tests, launch_makes_the_output_absolute);
    tcase_add_test(tests, launch_leaves_an_absolute_output_alone);
    tcase_add_test(tests, launch_refuses_an_endless_output);
    return unit_run("launch", tests);
}
