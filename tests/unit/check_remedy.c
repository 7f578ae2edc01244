/* remedy.c: which server a distribution has, and what is said to whom. */
#include "remedy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "package.h"
#include "unit.h"

static const struct {
    const char *release;
    const char *server;
} rows[] = {
    {"NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n", "https://debuginfod.debian.net"},
    {"ID_LIKE=debian\nID=\"ubuntu\"\n", "https://debuginfod.ubuntu.com"},
    {"ID='fedora'", "https://debuginfod.fedoraproject.org"},
    {"ID=debianish\n", "https://debuginfod.elfutils.org"},
    {"", "https://debuginfod.elfutils.org"},
};

START_TEST(remedy_names_the_server_of_the_distribution)
{
    char path[] = "/tmp/check_remedy.XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    ck_assert_ptr_nonnull(file);
    (void)fputs(rows[_i].release, file);
    ck_assert_int_eq(fclose(file), 0);
    const char *server = remedy_server(path);
    (void)unlink(path);
    ck_assert_str_eq(server, rows[_i].server);
}
END_TEST

START_TEST(remedy_knows_no_server_without_a_release)
{
    ck_assert_str_eq(remedy_server("/nonexistent"), "https://debuginfod.elfutils.org");
}
END_TEST

START_TEST(remedy_is_a_compiler_option_for_what_is_in_no_package)
{
    struct arena arena = {0};
    ck_assert_str_eq(remedy_for(&arena, "/nonexistent/prog", "12ab", "it has nothing"),
                     "it has nothing: rebuild it with -g");
    arena_fini(&arena);
}
END_TEST

/* dpkg itself is a file that dpkg knows, where there is one. */
START_TEST(remedy_is_a_package_or_a_server_for_what_is_in_one)
{
    char package[64];
    struct arena arena = {0};
    if (package_find(PACKAGE_LISTS, "/usr/bin/dpkg", package, sizeof package)) {
        (void)unsetenv("DEBUGINFOD_URLS");
        const char *roundabout =
            remedy_for(&arena, "/usr/sbin/../bin/dpkg", "12ab", "it has nothing");
        const char *text = remedy_for(&arena, "/usr/bin/dpkg", "12ab", "it has nothing");
        ck_assert_str_eq(roundabout, text);
        ck_assert_ptr_nonnull(strstr(text, "it has nothing: install dpkg-dbgsym or dpkg-dbg, or "
                                           "set DEBUGINFOD_URLS=https://"));
        text = remedy_for(&arena, "/usr/bin/dpkg", NULL, "it has nothing");
        ck_assert_ptr_null(strstr(text, "DEBUGINFOD_URLS")); // no server knows it
        (void)setenv("DEBUGINFOD_URLS", "http://127.0.0.1:1", 1);
        text = remedy_for(&arena, "/usr/bin/dpkg", "12ab", "it has nothing");
        ck_assert_ptr_null(strstr(text, "DEBUGINFOD_URLS")); // it was asked
    }
    arena_fini(&arena);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("remedy");
    tcase_add_loop_test(tests, remedy_names_the_server_of_the_distribution, 0,
                        sizeof rows / sizeof rows[0]);
    tcase_add_test(tests, remedy_knows_no_server_without_a_release);
    tcase_add_test(tests, remedy_is_a_compiler_option_for_what_is_in_no_package);
    tcase_add_test(tests, remedy_is_a_package_or_a_server_for_what_is_in_one);
    return unit_run("remedy", tests);
}
