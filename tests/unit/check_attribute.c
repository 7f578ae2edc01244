/* attribute.c, plumbing.c and pattern.c: whose block it is. */
#include "attribute.h"

#include <string.h>

#include "pattern.h"
#include "plumbing.h"
#include "scene.h"
#include "unit.h"

static const struct {
    const char *arguments;
    const char *line; /* that must be in the report */
} owners[] = {
    {"t.trace", "src/work.c:20: size=400 B, count=4, average=100 B\n"}, // not the vector's insides
    {"t.trace", "/scene/src/main.c:10: size=100 B, count=2, average=50 B\n"}, // not xstrdup
    {"t.trace",
     "src/inner.c:7: size=1000 B, count=1, average=1000 B\n"}, // not what it is inlined into
    {"t.trace", "app!exported+0x0: size=7 B, count=1, average=7 B\n"},
    {"t.trace", "app!0x500: size=10 B, count=1, average=10 B\n"},
    {"--skip inner t.trace", "src/work.c:22: size=1000 B, count=1, average=1000 B\n"},
    {"--skip src/*.c t.trace", "/scene/src/main.c:10: size=1500 B, count=7, average=214 B\n"},
    {"--own */main.c t.trace", "/scene/src/main.c:10: size=1507 B, count=8, average=188 B\n"},
    {"--own main t.trace", "/scene/src/main.c:10: size=1507 B, count=8, average=188 B\n"},
    {"--own xstrdup t.trace", "src/util.c:5: size=100 B, count=2, average=50 B\n"},
    {"--own nothing t.trace", "src/work.c:20: size=400 B, count=4, average=100 B\n"},
    {"--skip app --skip *.c --skip *.h t.trace",
     "/scene/src/main.c:10: size=1507 B, count=8, average=188 B\n"},
};

START_TEST(attribute_finds_the_owner)
{
    scene_write("t.trace");
    char *text = scene_report(owners[_i].arguments, NULL);
    ck_assert_msg(strstr(text, owners[_i].line) != NULL, "%s: no \"%s\" in\n%s",
                  owners[_i].arguments, owners[_i].line, text);
    free(text);
}
END_TEST

/* A stack of plumbing only belongs to the outermost frame that has a name. */
START_TEST(attribute_gives_plumbing_to_its_outermost)
{
    struct trace_builder *builder = scene_new();
    builder_stack(builder, 100, TRACE_STACK_BROKEN, 0, 0x99);
    builder_stack(builder, 101, 100, 1, SCENE_BIAS + 0x401);
    builder_stack(builder, 102, 101, 1, SCENE_BIAS + 0x301);
    builder_site(builder, 0, 1, 102, 8);
    builder_allocate(builder, 0, 1);
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--skip <unknown>* t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "\nsrc/util.c:5: size=8 B"));
    free(text);
}
END_TEST

/* Callers are asked about a few at a time; an owner may be hundreds of them away. */
START_TEST(attribute_looks_for_the_owner_far_out)
{
    struct trace_builder *builder = scene_new();
    uint32_t stack = SCENE_WORK;
    for (uint32_t depth = 0; depth < 500; depth++) {
        builder_stack(builder, 100 + depth, stack, 1, SCENE_BIAS + 0x301); // plumbing
        stack = 100 + depth;
    }
    builder_site(builder, 0, 1, stack, 8);
    builder_allocate(builder, 0, 1);
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("t.trace", NULL);
    ck_assert_str_eq(text, "[ Top 10 by lineno, at end: 8 B live in 1 block ]\n"
                           "src/work.c:20: size=8 B, count=1, average=8 B\n");
    free(text);
}
END_TEST

START_TEST(attribute_survives_a_cycle_of_stacks)
{
    struct trace_builder *builder = scene_new();
    builder_stack(builder, 100, 101, 1, SCENE_BIAS + 0x401);
    builder_stack(builder, 101, 100, 1, SCENE_BIAS + 0x401);
    builder_site(builder, 0, 1, 101, 8);
    builder_site(builder, 0, 2, TRACE_STACK_CUT, 3);
    builder_site(builder, 0, 3, 77777, 2);
    builder_allocate(builder, 0, 1);
    builder_allocate(builder, 0, 2);
    builder_allocate(builder, 0, 3);
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "\nsrc/util.c:5: size=8 B"));
    ck_assert_ptr_nonnull(strstr(text, "\n<unknown>:0: size=5 B, count=2"));
    free(text);
    text = scene_report("--by traceback --cumulative t.trace", NULL);
    free(text);
    text = scene_report("--by traceback --limit 2 t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "src/util.c"));
    free(text);
}
END_TEST

static const struct {
    const char *function;
    const char *file;
    bool is_plumbing;
} functions[] = {
    {"malloc", NULL, true},
    {"operator new(unsigned long)", NULL, true},
    {"operator new[](unsigned long, std::align_val_t)", NULL, true},
    {"operator delete[](void*)", NULL, true},
    {"std::allocator<char>::allocate(unsigned long)", NULL, true},
    {"void std::vector<int, std::allocator<int> >::_M_realloc_insert<int>(int&&)", NULL, true},
    {"std::__cxx11::basic_string<char>::_M_create(unsigned long&, unsigned long)", NULL, true},
    {"__gnu_cxx::new_allocator<int>::allocate(unsigned long, void const*)", NULL, true},
    {"_Znwm", NULL, true},
    {"_ZNSt6vectorIiE9push_backEi", NULL, true},
    {"g_strdup_vprintf", NULL, true},
    {"PyMem_RawMalloc", NULL, true},
    {"sqlite3DbMallocRawNN", NULL, true},
    {"_M_insert", "/usr/include/c++/12/bits/stl_tree.h", true},
    {"main", "main.c", false},
    {"fill(std::vector<int>&)", "fill.cc", false},
    {"std::string user::name()", "user.cc", false},
    {"(anonymous namespace)::make(std::string)", "make.cc", false},
    {"mallocate", NULL, false},
    {"my_malloc_user", NULL, false},
    {"Foo::operator()(int) const", NULL, false},
    {"Foo::operator<(Foo const&) const", NULL, false},
    {"my_operator(std::string)", NULL, false},
    {NULL, "main.c", false},
    {NULL, NULL, false},
};

START_TEST(plumbing_is_known)
{
    ck_assert_msg(plumbing_matches(functions[_i].function, functions[_i].file) ==
                      functions[_i].is_plumbing,
                  "%s", functions[_i].function != NULL ? functions[_i].function : "NULL");
}
END_TEST

static const struct {
    const char *function;
    const char *plain;
} names[] = {
    {"main", "main"},
    {"f(int)", "f"},
    {"void n::f<int>(int)", "n::f<int>"},
    {"std::map<int, long> n::make()", "n::make"},
    {"operator new(unsigned long)", "operator new"},
    {"operator new[](unsigned long)", "operator new[]"},
    {"A::operator()(int)", "A::operator()"},
    {"bool A::operator< <int>(int)", "A::operator<"},
    {"(anonymous namespace)::f(int)", "(anonymous namespace)::f"},
    {"a::(anonymous namespace)::f(int)", "a::(anonymous namespace)::f"},
    {"<alloc::vec::Vec<T> as core::X>::f", "<alloc::vec::Vec<T> as core::X>::f"},
};

START_TEST(pattern_cuts_names_down)
{
    char plain[64];
    pattern_plain_name(names[_i].function, plain, sizeof plain);
    ck_assert_msg(strncmp(plain, names[_i].plain, strlen(names[_i].plain)) == 0, "%s: %s",
                  names[_i].function, plain);
    pattern_plain_name(names[_i].function, plain, 3);
    ck_assert_uint_le(strlen(plain), 2);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("attribute");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_loop_test(tests, attribute_finds_the_owner, 0, sizeof owners / sizeof owners[0]);
    tcase_add_test(tests, attribute_gives_plumbing_to_its_outermost);
    tcase_add_test(tests, attribute_looks_for_the_owner_far_out);
    tcase_add_test(tests, attribute_survives_a_cycle_of_stacks);
    tcase_add_loop_test(tests, plumbing_is_known, 0, sizeof functions / sizeof functions[0]);
    tcase_add_loop_test(tests, pattern_cuts_names_down, 0, sizeof names / sizeof names[0]);
    return unit_run("attribute", tests);
}
