/* Linker names to source names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sym_demangle.h"
#include "unit.h"

static const struct {
    const char *name;
    const char *shown; /* NULL: not a mangled name */
} names[] = {
    {"_ZN3foo3barEv", "foo::bar()"},
    {"_ZN3FooC4Ei", "Foo::Foo(int)"},
    {"_Znwm", "operator new(unsigned long)"},
    {"_Z3addRK5pointIdE", "add(point<double> const&)"},
    {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
    {"_Z1fv.constprop.0", "f() [clone .constprop.0]"},
    {"_Znwm@plt", "operator new(unsigned long)@plt"},
    {"_RNvC6_123foo3bar", "123foo::bar"},
    {"_Dmain", "D main"},
    {"_D8demangle4testFAaZv", "demangle.test(char[])"},
    {"_D6object6Object8toStringMFZAya", "object.Object.toString()"},
    {"_D3", NULL},
    {"_Debug", NULL},
    {"malloc", NULL},
    {"malloc@plt", NULL},
    {"_start", NULL},
    {"_Z", NULL},
    {"_ZN3foo", NULL},
    {"", NULL},
};

START_TEST(sym_demangle_shows_source_names)
{
    char *shown = sym_demangle(names[_i].name);
    ck_assert_pstr_eq(shown, names[_i].shown);
    free(shown);
}
END_TEST

/*
 * Write the name of f(A<int, int>, A<first, first>, A<second, second>, ...): each argument, shown,
 * is twice as long as the one before.
 */
static void write_doubling(char *name, size_t bytes, int levels)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t used = (size_t)snprintf(name, bytes, "_Z1f1AIiiE");
    for (int i = 0; i < levels; i++) {
        used += (size_t)snprintf(name + used, bytes - used, "S_IS%c_S%c_E", digits[i], digits[i]);
    }
}

START_TEST(sym_demangle_bounds_what_it_shows)
{
    char name[1024];
    write_doubling(name, sizeof name, 3);
    char *shown = sym_demangle(name);
    ck_assert_ptr_nonnull(shown);
    ck_assert_ptr_nonnull(strstr(shown, "A<A<int, int>, A<int, int> >"));
    free(shown);
    write_doubling(name, sizeof name, 35); // 34 GB and more
    ck_assert_ptr_null(sym_demangle(name));
}
END_TEST

/* A D name whose references would repeat each other: more than any compiler writes. */
START_TEST(sym_demangle_leaves_doubtful_names_of_d)
{
    char name[4096] = "_D1a1fF";
    memset(name + strlen(name), 'Q', 100);
    (void)snprintf(name + strlen(name), 8, "Zv");
    ck_assert_ptr_null(sym_demangle(name));
    const size_t start = strlen("_D1a1fF");
    memset(name + start, 'i', sizeof name - 1 - start);
    ck_assert_ptr_null(sym_demangle(name));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("names");
    tcase_add_loop_test(tests, sym_demangle_shows_source_names, 0,
                        (int)(sizeof names / sizeof names[0]));
    tcase_add_test(tests, sym_demangle_bounds_what_it_shows);
    tcase_add_test(tests, sym_demangle_leaves_doubtful_names_of_d);
    return unit_run("sym_demangle", tests);
}
