/* render_csv.c: one table, quoted so that every reader of RFC 4180 gets back what was meant. */
#include "render.h"

#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

static void check_report(const char *arguments, const char *expected)
{
    char *text = scene_report(arguments, NULL);
    ck_assert_str_eq(text, expected);
    free(text);
}

#define TABLES "file,moment,key,line,size,count\r\n"

START_TEST(render_csv_has_groups)
{
    scene_write("t.trace");
    check_report("--format csv --top 2 t.trace",
                 TABLES "\"t.trace\",\"end\",\"src/inner.c\",7,1000,1\r\n"
                        "\"t.trace\",\"end\",\"src/work.c\",20,400,4\r\n"
                        "\"t.trace\",\"end\",,,117,4\r\n");
    check_report("--format csv --by module t.trace t.trace",
                 TABLES ",\"end\",\"app\",,3034,18\r\n");
    check_report("--format csv --each-snapshot --by size t.trace",
                 TABLES "\"t.trace\",\"snapshot #1 \"\"warm\"\" (1.500 s)\",\"100 B\",,400,4\r\n"
                        "\"t.trace\",\"snapshot #1 \"\"warm\"\" (1.500 s)\",\"50 B\",,100,2\r\n");
}
END_TEST

START_TEST(render_csv_has_what_is_asked_for)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_MAIN, 100);
    builder_site(builder, 0, 2, SCENE_WORK, 10);
    builder_domain(builder, 0, 2, 7);
    for (uint32_t site = 1; site <= 2; site++) {
        builder_allocate(builder, 0, site);
        builder_allocate(builder, 0, site);
    }
    builder_time(builder, 0, 10, 1);
    builder_release(builder, 0, 1, 10);
    builder_write(builder, "t.trace");
    builder_free(builder);
    check_report("--format csv --by domain t.trace",
                 "file,moment,key,line,size,count,domain\r\n"
                 "\"t.trace\",\"end\",\"domain 0\",,100,1,0\r\n"
                 "\"t.trace\",\"end\",\"domain 7\",,20,2,7\r\n");
    check_report("--format csv --by domain --top 1 t.trace",
                 "file,moment,key,line,size,count,domain\r\n"
                 "\"t.trace\",\"end\",\"domain 0\",,100,1,0\r\n"
                 "\"t.trace\",\"end\",,,20,2,\r\n"); // as many fields as in any other line
    check_report("--format csv --allocated --lifetimes t.trace",
                 "file,moment,key,line,size,count,median_lifetime_s,longest_lifetime_s\r\n"
                 "\"t.trace\",\"end\",\"/scene/src/main.c\",10,200,2,0.010,0.010\r\n"
                 "\"t.trace\",\"end\",\"src/work.c\",20,20,2,,\r\n");
}
END_TEST

START_TEST(render_csv_has_the_other_tables)
{
    scene_write("t.trace");
    check_report("--format csv --snapshots t.trace",
                 "file,number,name,s,live_bytes,live_blocks,rss_bytes\r\n"
                 "\"t.trace\",1,\"warm\",1.500,500,6,\"\"\r\n"
                 "\"t.trace\",\"\",\"end\",2.000,1517,9,\"\"\r\n");
    check_report("--format csv --annotate inner.c t.trace",
                 "file,line,mem_usage,increment,occurrences,contents\r\n"
                 "\"src/inner.c\",7,3510,1000,3,\r\n");
    char *text = scene_report("--format csv --timeline t.trace", NULL);
    static const char head[] = "file,s,live_bytes,live_blocks,peak_bytes,peak_blocks,"
                               "rss_bytes,peak_rss_bytes\r\n"
                               "\"t.trace\",0.001,0,0,0,0,\"\",\"\"\r\n";
    static const char end[] = "\"t.trace\",2.000,1517,9,3517,11,\"\",\"\"\r\n";
    ck_assert_int_eq(strncmp(text, head, sizeof head - 1), 0);
    ck_assert_str_eq(text + strlen(text) - (sizeof end - 1), end);
    free(text);
}
END_TEST

START_TEST(render_csv_quotes)
{
    enum { LONG = 700 };
    char name[LONG + 1];
    for (size_t i = 0; i < LONG; i += 2) {
        memcpy(name + i, "\xc3\xa4", 2); // pieces must not cut a character
    }
    name[LONG] = '\0';
    name[1] = '"';
    name[0] = ',';
    char table[LONG + 64];
    (void)snprintf(table, sizeof table, "0x1 a%s\033.c 3 f\n", name);
    struct trace_builder *builder = scene_new();
    builder_write_file("app", table, strlen(table));
    builder_stack(builder, 50, TRACE_STACK_WHOLE, 1, SCENE_BIAS + 2);
    builder_site(builder, 0, 1, 50, 10);
    builder_allocate(builder, 0, 1);
    builder_write(builder, "t.trace");
    builder_free(builder);
    char expected[LONG + 128];
    (void)snprintf(expected, sizeof expected,
                   TABLES "\"t.trace\",\"end\",\"a,\"\"%s\\x1b.c\",3,10,1\r\n", name + 2);
    check_report("--format csv t.trace", expected);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("render_csv");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, render_csv_has_groups);
    tcase_add_test(tests, render_csv_has_what_is_asked_for);
    tcase_add_test(tests, render_csv_has_the_other_tables);
    tcase_add_test(tests, render_csv_quotes);
    return unit_run("render_csv", tests);
}
