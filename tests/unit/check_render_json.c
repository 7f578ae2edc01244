/* render_json.c: every field of the interface is there, and null where nothing is known. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

static struct json_object *report(const char *arguments)
{
    char *text = scene_report(arguments, NULL);
    struct json_object *root = json_tokener_parse(text);
    ck_assert_msg(root != NULL, "no JSON: %s", text);
    free(text);
    return root;
}

static struct json_object *field(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    ck_assert_msg(json_object_object_get_ex(object, name, &value), "no %s", name);
    return value;
}

static void check_fields(struct json_object *object, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)field(object, names[i]);
    }
}

START_TEST(render_json_has_every_field)
{
    static const char *const trace[] = {"file",  "pid",        "program", "arguments",
                                        "start", "duration_s", "end"};
    static const char *const summary[] = {
        "allocations",
        "frees",
        "reallocations",
        "bytes_allocated",
        "bytes_freed",
        "live_bytes",
        "live_blocks",
        "peak_bytes",
        "peak_s",
        "threads",
        "stacks",
        "sites",
        "lost_events",
        "cut_stacks",
        "unknown_frees",
        "implied_frees",
        "unwind_corrections",
        "unresolved_frames",
    };
    static const char *const statistic[] = {"key",       "file",      "line",      "function",
                                            "module",    "size",      "count",     "average",
                                            "traceback", "size_diff", "count_diff"};
    static const char *const by[] = {"lineno",    "filename", "function", "module",
                                     "traceback", "thread",   "size"};
    scene_write("t.trace");
    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
        char arguments[64];
        (void)snprintf(arguments, sizeof arguments, "--format json --by %s t.trace", by[i]);
        struct json_object *root = report(arguments);
        check_fields(field(root, "trace"), trace, sizeof trace / sizeof trace[0]);
        check_fields(field(root, "summary"), summary, sizeof summary / sizeof summary[0]);
        struct json_object *statistics = field(root, "statistics");
        ck_assert_uint_gt(json_object_array_length(statistics), 0);
        for (size_t s = 0; s < json_object_array_length(statistics); s++) {
            check_fields(json_object_array_get_idx(statistics, s), statistic,
                         sizeof statistic / sizeof statistic[0]);
        }
        json_object_put(root);
    }
}
END_TEST

START_TEST(render_json_has_differences)
{
    scene_write("t.trace");
    struct json_object *root = report("--format json --compare-to warm --top 1 t.trace");
    struct json_object *line = json_object_array_get_idx(field(root, "statistics"), 0);
    ck_assert_int_eq(json_object_get_int64(field(line, "size_diff")), 1000);
    ck_assert_int_eq(json_object_get_int64(field(line, "count_diff")), 1);
    ck_assert_int_eq(json_object_get_int64(field(field(root, "other"), "size_diff")), 17);
    ck_assert_int_eq(json_object_get_int64(field(field(root, "total"), "count_diff")), 3);
    ck_assert_str_eq(json_object_get_string(field(root, "compared_to")),
                     "snapshot #1 \"warm\" (1.500 s)");
    json_object_put(root);
    root = report("--format json --at warm --compare-to end t.trace");
    ck_assert_int_eq(json_object_get_int64(field(field(root, "total"), "size_diff")), -1017);
    json_object_put(root);
    root = report("--format json t.trace");
    line = json_object_array_get_idx(field(root, "statistics"), 0);
    ck_assert_ptr_null(field(line, "size_diff"));
    ck_assert_ptr_null(field(root, "compared_to"));
    json_object_put(root);
}
END_TEST

START_TEST(render_json_has_the_numbers)
{
    scene_write("t.trace");
    struct json_object *root = report("--format json --top 4 t.trace");
    struct json_object *statistics = field(root, "statistics");
    ck_assert_uint_eq(json_object_array_length(statistics), 4);
    struct json_object *first = json_object_array_get_idx(statistics, 2);
    ck_assert_str_eq(json_object_get_string(field(first, "key")), "/scene/src/main.c:10");
    ck_assert_int_eq(json_object_get_int(field(first, "line")), 10);
    ck_assert_int_eq(json_object_get_int(field(first, "size")), 100);
    ck_assert_int_eq(json_object_get_int(field(first, "count")), 2);
    ck_assert(json_object_get_double(field(first, "average")) == 50.0);
    ck_assert_ptr_null(field(first, "traceback"));
    struct json_object *nameless = json_object_array_get_idx(statistics, 3);
    ck_assert_str_eq(json_object_get_string(field(nameless, "key")), "app!0x500");
    ck_assert_ptr_null(field(nameless, "file"));
    ck_assert_ptr_null(field(nameless, "line"));
    ck_assert_ptr_null(field(nameless, "function"));
    ck_assert_int_eq(json_object_get_int(field(field(root, "other"), "size")), 7);
    ck_assert_int_eq(json_object_get_int(field(field(root, "total"), "size")), 1517);
    struct json_object *summary = field(root, "summary");
    ck_assert_int_eq(json_object_get_int(field(summary, "allocations")), 11);
    ck_assert_int_eq(json_object_get_int(field(summary, "frees")), 2);
    ck_assert_int_eq(json_object_get_int(field(summary, "peak_bytes")), 3517);
    ck_assert(json_object_get_double(field(summary, "peak_s")) == 2.0);
    ck_assert_int_eq(json_object_get_int(field(summary, "cut_stacks")), 1);
    ck_assert(json_object_get_double(field(field(root, "trace"), "start")) == 1.8e9);
    json_object_put(root);
}
END_TEST

START_TEST(render_json_has_tracebacks_and_snapshots)
{
    scene_write("t.trace");
    struct json_object *root = report("--format json --by traceback --top 1 t.trace");
    struct json_object *first = json_object_array_get_idx(field(root, "statistics"), 0);
    struct json_object *traceback = field(first, "traceback");
    ck_assert_uint_eq(json_object_array_length(traceback), 3);
    struct json_object *inner = json_object_array_get_idx(traceback, 2);
    ck_assert_str_eq(json_object_get_string(field(inner, "function")), "inner");
    ck_assert(json_object_get_boolean(field(inner, "inlined")));
    json_object_put(root);
    root = report("--format json --each-snapshot t.trace");
    struct json_object *snapshot = json_object_array_get_idx(field(root, "snapshots"), 0);
    ck_assert_str_eq(json_object_get_string(field(snapshot, "name")), "warm");
    ck_assert_uint_eq(json_object_array_length(field(snapshot, "statistics")), 2);
    json_object_put(root);
}
END_TEST

START_TEST(render_json_is_utf_8)
{
    static const char table[] = "0x1 \xff\xe4.c 3 m\"\x01\n";
    struct trace_builder *builder = scene_new();
    builder_write_file("app", table, sizeof table - 1);
    builder_stack(builder, 50, TRACE_STACK_WHOLE, 1, SCENE_BIAS + 2);
    builder_site(builder, 0, 1, 50, 10);
    builder_allocate(builder, 0, 1);
    builder_write(builder, "t.trace");
    builder_free(builder);
    struct json_object *root = report("--format json t.trace");
    struct json_object *first = json_object_array_get_idx(field(root, "statistics"), 0);
    ck_assert_str_eq(json_object_get_string(field(first, "file")), "\xef\xbf\xbd\xef\xbf\xbd.c");
    ck_assert_str_eq(json_object_get_string(field(first, "function")), "m\"\x01");
    json_object_put(root);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("render_json");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, render_json_has_every_field);
    tcase_add_test(tests, render_json_has_differences);
    tcase_add_test(tests, render_json_has_the_numbers);
    tcase_add_test(tests, render_json_has_tracebacks_and_snapshots);
    tcase_add_test(tests, render_json_is_utf_8);
    return unit_run("render_json", tests);
}
