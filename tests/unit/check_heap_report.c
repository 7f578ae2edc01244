/*
 * What --leaks, --retained and --why say of a picture that is small enough to be worked out by
 * hand: heap_analysis.c, heap_sites.c, heap_report.c, heap_roots.c and render_heap.c together.
 *
 *     variable main -> 0 -> 1 -> 2 <- main's frame     3 -> 4    5 <- the program's thread-local
 * part, pointing inside
 */
#include <string.h>

#include "scene.h"
#include "unit.h"

/* Varints of two bytes. */
#define TWO(number) (0x80 | ((number)&0x7f)), ((number) >> 7)

static void add_picture(struct trace_builder *builder)
{
    // a record a line
    // clang-format off
    static const uint8_t records[] = {
        TRACE_PIC_HEAD, 4, 'e', 'x', 'i', 't', TWO(2000), 3, 1, 0, // after 2 s, the registers known
        TRACE_PIC_COUNT, 0, 0,
        TRACE_PIC_BLOCK, TWO(0x1000 / 8), 1, TWO(1999), // born in the first tenth
        TRACE_PIC_BLOCK, 16, 2, TWO(1999),
        TRACE_PIC_BLOCK, 16, 2, 0, // and in the last
        TRACE_PIC_BLOCK, 16, 3, 0,
        TRACE_PIC_BLOCK, 16, 3, 0,
        TRACE_PIC_BLOCK, 16, 3, 0,
        TRACE_PIC_COUNT, 6, 0,
        TRACE_PIC_FROM_BLOCK, 0, 1, 2, 0, // 0 to 1
        TRACE_PIC_FROM_BLOCK, 1, 1, 2, 0, // 1 to 2
        TRACE_PIC_FROM_BLOCK, 2, 1, 4, 0, // 3 to 4
        TRACE_PIC_TLS, 3, 1, TWO(0x140),
        TRACE_PIC_FRAMES, 15, 77, 2, 0x82, 0x84, 0x80, 4, 0x80, 0x40, 0, 1, 0, 0x80, 1, 0, 1, // main at 0x1000, up to 0x1040
        TRACE_PIC_REGION, 0, TRACE_REGION_MODULE, TWO(0x100), 8, 1, 0, 0, 0,
        TRACE_PIC_FROM_ROOT, 0, 0, 1, 0, 7, 0, // 4 back from 4: block 0
        TRACE_PIC_REGION, 1, TRACE_REGION_STACK, TWO(0x1000), 64, 0, 0, 77, 0,
        TRACE_PIC_FROM_ROOT, 1, 1, 1, 0, 4, 0, // block 2
        TRACE_PIC_REGION, 2, TRACE_REGION_TLS, TWO(0x1fc0), 64, 0, TWO(0x2000), 77, 0,
        TRACE_PIC_FROM_ROOT, 2, 0, 1, 0, 6, 8 << 3, // block 5, 8 bytes inside
        TRACE_PIC_END, 6, 0, 0, 20, TWO(1500), 0,
    };
    // clang-format on
    builder_raw(builder, 1, TRACE_PICTURE, records, sizeof records);
    builder_seal(builder, 1, TRACE_PICTURE, BUILDER_PLAIN);
}

static void setup(void)
{
    struct trace_builder *builder = (scene_enter(), scene_new());
    builder_site(builder, 0, 1, SCENE_MAIN, 100);
    builder_site(builder, 0, 2, SCENE_WORK, 50);
    builder_site(builder, 0, 3, SCENE_INLINED, 10);
    for (uint32_t site = 1; site <= 3; site++) {
        builder_time(builder, 0, site, site);
        for (uint32_t i = 0; i < site; i++) {
            builder_allocate(builder, 0, site);
        }
    }
    add_picture(builder);
    builder_write(builder, "t.trace");
    builder_free(builder);
}

static const char head[] = "[ Heap picture #1 \"exit\" after 2.000 s: 230 B in 6 blocks ]\n"
                           "The program was held up for 1.5 ms to take it.\n";

static const struct {
    const char *arguments;
    const char *text; /* after the head */
} reports[] = {
    {"--leaks t.trace",
     "definitely lost: 10 B in 1 block\n"
     "indirectly lost: 10 B in 1 block\n"
     "possibly lost: 10 B in 1 block\n"
     "still reachable: 200 B in 3 blocks\n"
     "\n"
     "[ definitely lost, by lineno: 10 B in 1 block ]\n"
     "src/inner.c:7: size=10 B, count=1, average=10 B, and indirectly 10 B in 1 block\n"
     "  File \"/scene/src/main.c\", line 10\n"
     "  File \"src/work.c\", line 22\n"
     "  File \"src/inner.c\", line 7\n"
     "\n"
     "[ indirectly lost, by lineno: 10 B in 1 block ]\n"
     "src/inner.c:7: size=10 B, count=1, average=10 B\n"
     "\n"
     "[ possibly lost, by lineno: 10 B in 1 block ]\n"
     "src/inner.c:7: size=10 B, count=1, average=10 B\n"
     "  File \"/scene/src/main.c\", line 10\n"
     "  File \"src/work.c\", line 22\n"
     "  File \"src/inner.c\", line 7\n"
     "\n"
     "[ still reachable, by lineno: 200 B in 3 blocks ]\n"
     "src/work.c:20: size=100 B, count=2, average=50 B\n"
     "/scene/src/main.c:10: size=100 B, count=1, average=100 B\n"},
    {"--retained t.trace",
     "\n"
     "[ Top 3 by lineno, by retained size ]\n"
     "/scene/src/main.c:10: retained=150 B, size=100 B, count=1, average=100 B\n"
     "src/work.c:20: retained=100 B, size=100 B, count=2, average=50 B\n"
     "src/inner.c:7: retained=30 B, size=30 B, count=3, average=10 B\n"},
    {"--why main.c t.trace", "100 B in 1 block: 1 still reachable\n"
                             "\n"
                             "/scene/src/main.c:10, 100 B in 1 block at 0x1000\n"
                             "  <- global variable main (/scene/src/main.c:10) at 0x100\n"},
    {"--why work.c:20 t.trace", "100 B in 2 blocks: 2 still reachable\n"
                                "\n"
                                "src/work.c:20, 50 B in 1 block at 0x1100\n"
                                "  <- main's local (thread 77) at 0x1008\n"
                                "\n"
                                "src/work.c:20, 100 B in 2 blocks, one after another\n"
                                "  <- /scene/src/main.c:10, 100 B in 1 block at 0x1000\n"
                                "  <- global variable main (/scene/src/main.c:10) at 0x100\n"},
    {"--why 0x1288 t.trace", "10 B in 1 block: 1 possibly lost\n"
                             "\n"
                             "src/inner.c:7, 10 B in 1 block at 0x1280\n"
                             "  <- thread-local variable main (/scene/src/main.c:10) (thread 77) "
                             "at 0x1fc0, pointing inside\n"},
    {"--why site:3 t.trace",
     "30 B in 3 blocks: 1 definitely lost, 1 indirectly lost, 1 possibly lost\n"
     "\n"
     "src/inner.c:7, 20 B in 2 blocks, one after another\n"
     "  <- nothing: it is lost\n"
     "\n"
     "src/inner.c:7, 10 B in 1 block at 0x1280\n"
     "  <- thread-local variable main (/scene/src/main.c:10) (thread 77) at 0x1fc0, pointing "
     "inside\n"},
};

START_TEST(heap_report_is_as_worked_out)
{
    int code = -1;
    char *text = scene_report(reports[_i].arguments, &code);
    ck_assert_int_eq(code, 0);
    ck_assert_msg(strncmp(text, head, strlen(head)) == 0, "%s", text);
    ck_assert_str_eq(text + strlen(head), reports[_i].text);
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("heap_report");
    tcase_add_checked_fixture(tests, setup, scene_leave);
    tcase_add_loop_test(tests, heap_report_is_as_worked_out, 0, sizeof reports / sizeof reports[0]);
    return unit_run("heap_report", tests);
}
