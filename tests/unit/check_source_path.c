/* source_path.c: names that begin in one directory and end in another. */
#include "source_path.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scene.h"
#include "trace_builder.h"
#include "unit.h"

static const struct {
    const char *path;
    const char *directory;
    const char *shown;
} paths[] = {
    {"/p/src/a.c", "/p/", "src/a.c"},
    {"/p/build/../src/a.c", "/p/", "src/a.c"},
    {"/p/build/../src/a.c", "/p/src/", "a.c"},
    {"/p/b/release/../../src/../lib/./a.c", "/p/", "lib/a.c"},
    {"/p/build/../src/a.c", "/p/build/", "../src/a.c"}, // elsewhere, but short, and true
    {"/p/build/../src/a.c", "/q/", "/p/build/../src/a.c"},
    {"/p/src/a.c", "/p/s/", "/p/src/a.c"},
    {"/p/", "/p/", "/p/"},
    {"/p/build/..", "/p/", "build/.."},
    {"/../../p/x/../a.c", "/p/", "a.c"}, // there is nothing above the root
    {"/p/x//..//a.c", "/p/", "a.c"},
    {"/p/..x/../a..b/c.c", "/p/", "a..b/c.c"},
    {"src/../a.c", "/p/", "src/../a.c"},
    {"", "/p/", ""},
};

START_TEST(source_path_takes_the_short_way)
{
    char text[SOURCE_PATH_BYTES];
    ck_assert_str_eq(source_path_below(paths[_i].path, paths[_i].directory, text), paths[_i].shown);
}
END_TEST

START_TEST(source_path_may_be_long)
{
    char path[2 * SOURCE_PATH_BYTES] = "/p/x/../";
    char text[SOURCE_PATH_BYTES];
    for (size_t i = strlen(path); i + 2 < sizeof path; i += 2) {
        path[i] = 'd';
        path[i + 1] = '/';
    }
    ck_assert_str_eq(source_path_below(path, "/p/", text), path + strlen("/p/"));
}
END_TEST

/* In ./link, which is a link to ./far/build, "../a.c" is ./far/a.c and not ./a.c. */
START_TEST(source_path_follows_no_link_astray)
{
    char here[256];
    char path[512];
    char text[SOURCE_PATH_BYTES];
    ck_assert_ptr_nonnull(getcwd(path, sizeof here - 1));
    (void)snprintf(here, sizeof here, "%.250s/", path);
    ck_assert_int_eq(mkdir("far", 0700) | mkdir("far/build", 0700), 0);
    ck_assert_int_eq(symlink("far/build", "link"), 0);
    builder_write_file("far/a.c", "far", 3);
    (void)snprintf(path, sizeof path, "%slink/../a.c", here);
    ck_assert_str_eq(source_path_below(path, here, text), "link/../a.c");
    builder_write_file("a.c", "near", 4);
    ck_assert_str_eq(source_path_below(path, here, text), "link/../a.c");
    (void)snprintf(path, sizeof path, "%sfar/build/../a.c", here);
    ck_assert_str_eq(source_path_below(path, here, text), "far/a.c");
    ck_assert_int_eq(unlink("far/a.c") | rmdir("far/build") | rmdir("far"), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("source_path");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_loop_test(tests, source_path_takes_the_short_way, 0, sizeof paths / sizeof paths[0]);
    tcase_add_test(tests, source_path_may_be_long);
    tcase_add_test(tests, source_path_follows_no_link_astray);
    return unit_run("source_path", tests);
}
