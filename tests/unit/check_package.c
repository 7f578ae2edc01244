/* package.c: lists written here, and dpkg's own answer. */
#include "package.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell.h"
#include "unit.h"

static char directory[32];
static char name[128];

static void setup(void)
{
    (void)snprintf(directory, sizeof directory, "/tmp/check_package.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    shell("cd %s && printf '/.\\n/usr/lib\\n/usr/lib/libfoo.so.1\\n' > libfoo1:amd64.list && "
          "printf '/lib\\n/lib/libbar.so\\n' > bar.list && printf '/usr/lib/x\\n' > x.md5sums",
          directory);
}

static void teardown(void)
{
    shell("rm -rf %s", directory);
}

static const struct {
    const char *path;
    const char *package;
} rows[] = {
    {"/usr/lib/libfoo.so.1", "libfoo1"}, {"/lib/libfoo.so.1", "libfoo1"},
    {"/usr/lib/libbar.so", "bar"},       {"/lib/libbar.so", "bar"},
    {"/usr/lib/libfoo.so", NULL},        {"/usr/lib/x", NULL},
};

START_TEST(package_is_the_one_that_lists_the_file)
{
    bool is_found = package_find(directory, rows[_i].path, name, sizeof name);
    ck_assert_int_eq(is_found, rows[_i].package != NULL);
    if (is_found) {
        ck_assert_str_eq(name, rows[_i].package);
    }
}
END_TEST

START_TEST(package_needs_no_dpkg)
{
    ck_assert(!package_find("/nonexistent", "/usr/lib/libfoo.so.1", name, sizeof name));
}
END_TEST

START_TEST(package_agrees_with_dpkg)
{
    char expected[128] = "";
    FILE *stream = popen("dpkg-query -S /usr/bin/dpkg 2>/dev/null", "re"); // NOLINT(cert-env33-c)
    ck_assert_ptr_nonnull(stream);
    bool has_dpkg = fgets(expected, sizeof expected, stream) != NULL;
    (void)pclose(stream);
    if (has_dpkg) {
        expected[strcspn(expected, ":")] = '\0';
        ck_assert(package_find(PACKAGE_LISTS, "/usr/bin/dpkg", name, sizeof name));
        ck_assert_str_eq(name, expected);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("lists");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, package_is_the_one_that_lists_the_file, 0,
                        (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tests, package_needs_no_dpkg);
    tcase_add_test(tests, package_agrees_with_dpkg);
    return unit_run("package", tests);
}
