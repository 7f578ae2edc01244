/* What is left of an environment when the tracer is taken out. */
#include "untraced.h"

#include <dlfcn.h>
#include <string.h>

#include "suite.h"

static const char main_address[1];

START_TEST(untraced_preload_leaves_the_others)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"libtrace.so", ""},
        {"/usr/lib/libtrace.so", ""},
        {"a.so:/b/libtrace.so:c.so", "a.so:c.so"},
        {"/b/libtrace.so a.so", "a.so"},
        {"a.so /b/libtrace.so", "a.so"},
        {"::a.so: :b.so:", "a.so:b.so"},
        {"notlibtrace.so:/libtrace.so/x:libtrace.so.1",
         "notlibtrace.so:/libtrace.so/x:libtrace.so.1"},
        {"/$LIB/libtrace.so:libtrace.so:libtrace.so", ""},
    };
    char to[100];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_uint_eq(untraced_preload(cases[i][0], "libtrace.so", to), strlen(cases[i][1]));
        ck_assert_str_eq(to, cases[i][1]);
    }
}
END_TEST

/* This program has the code in it, so it is its own name that is taken out here. */
START_TEST(untraced_copy_shares_all_but_the_preload)
{
    Dl_info info;
    char preload[5000];
    ck_assert_int_ne(dladdr(main_address, &info), 0);
    (void)snprintf(preload, sizeof preload, "LD_PRELOAD=/x/other.so:%s", info.dli_fname);
    char one[] = "ONE=1";
    char two[] = "LD_PRELOAD_NOT=libtrace.so";
    char *const environment[] = {one, preload, two, NULL};
    char **copy = untraced_copy(environment, malloc(untraced_bytes(environment)));
    ck_assert_ptr_eq(copy[0], one);
    ck_assert_str_eq(copy[1], "LD_PRELOAD=/x/other.so");
    ck_assert_ptr_eq(copy[2], two);
    ck_assert_ptr_null(copy[3]);
    free(copy);
    (void)snprintf(preload, sizeof preload, "LD_PRELOAD=%s", info.dli_fname);
    copy = untraced_copy(environment, malloc(untraced_bytes(environment)));
    ck_assert_ptr_eq(copy[1], two);
    ck_assert_ptr_null(copy[2]);
    free(copy);
}
END_TEST

START_TEST(untraced_copy_of_nothing_is_empty)
{
    char *const environment[] = {NULL};
    char *const *const nothings[] = {environment, NULL};
    for (size_t i = 0; i < 2; i++) {
        char **copy = untraced_copy(nothings[i], malloc(untraced_bytes(nothings[i])));
        ck_assert_ptr_null(copy[0]);
        free(copy);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        untraced_preload_leaves_the_others,
        untraced_copy_shares_all_but_the_preload,
        untraced_copy_of_nothing_is_empty,
        NULL,
    };
    return suite_run("untraced", tests);
}
