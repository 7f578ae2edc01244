/* plumbing.c: the C library's own list of allocating functions, and what only sounds like one. */
#include "plumbing.h"

#include <string.h>

#include "unit.h"

/* Source: glibc's manual, 3.2.3 "Unconstrained Allocation", and 5.4, 12.9, 12.12 for new strings.
 */
static const char *const manual[] = {
    "malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "posix_memalign", "memalign",
    "valloc", "free",   "strdup",  "strndup",      "wcsdup",        "asprintf",       "getline",
};

START_TEST(plumbing_has_the_manuals_functions)
{
    ck_assert_msg(plumbing_matches(manual[_i], NULL), "%s", manual[_i]);
    ck_assert_msg(plumbing_matches(manual[_i], "/any/where.c"), "%s", manual[_i]);
}
END_TEST

/* The linker names of all forms of new and delete. Source: Itanium C++ ABI, 5.1.3.3, "nw", "na". */
static const char *const operators[] = {
    "_Znwm",
    "_Znam",
    "_ZnwmRKSt9nothrow_t",
    "_ZnamSt11align_val_t",
    "operator new(unsigned long, std::nothrow_t const&)",
    "operator new[](unsigned long)",
};

START_TEST(plumbing_has_operators_mangled_and_not)
{
    ck_assert_msg(plumbing_matches(operators[_i], NULL), "%s", operators[_i]);
}
END_TEST

static const char *const others[] = {
    "",
    "mallo",
    "mallocs",
    "xmain",
    "Malloc",
    "a::std",
    "stdlike",
    "mystd::f(int)",
    "n::free_list()",
    "A::operator new_kind(int)",
    "freeze",
    "my::std::thing()",
    "strdups",
    "renew(unsigned)",
    "user_getline",
};

START_TEST(plumbing_leaves_others_alone)
{
    ck_assert_msg(!plumbing_matches(others[_i], "main.c"), "%s", others[_i]);
}
END_TEST

START_TEST(plumbing_takes_what_is_unknown_or_long)
{
    char name[5000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert(!plumbing_matches(NULL, NULL));
    ck_assert(!plumbing_matches(NULL, "main.c"));
    ck_assert(!plumbing_matches(name, name));
    ck_assert(plumbing_matches(NULL, "/usr/include/c++/12/bits/stl_vector.h"));
    memcpy(name, "std::", 5);
    ck_assert(plumbing_matches(name, NULL));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("plumbing");
    tcase_add_loop_test(tests, plumbing_has_the_manuals_functions, 0,
                        sizeof manual / sizeof manual[0]);
    tcase_add_loop_test(tests, plumbing_has_operators_mangled_and_not, 0,
                        sizeof operators / sizeof operators[0]);
    tcase_add_loop_test(tests, plumbing_leaves_others_alone, 0, sizeof others / sizeof others[0]);
    tcase_add_test(tests, plumbing_takes_what_is_unknown_or_long);
    return unit_run("plumbing", tests);
}
