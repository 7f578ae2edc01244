/* summary.c: how a process ended, and whether it is still there. The process is this test itself.
 */
#include "summary.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "scene.h"
#include "trace_codec.h"
#include "unit.h"

/* What the trace says of its process; the truth unless a test changes it. */
static struct {
    char executable[TRACE_PATH_BYTES];
    struct utsname system;
    unsigned long long start;
    uint32_t end_state;
} told;

static void setup(void)
{
    char line[1024];
    scene_enter();
    ssize_t length = readlink("/proc/self/exe", told.executable, sizeof told.executable - 1);
    ck_assert_int_gt(length, 0);
    told.executable[length] = '\0';
    ck_assert_int_eq(uname(&told.system), 0);
    FILE *file = fopen("/proc/self/stat", "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    (void)fclose(file);
    // Field 22, where 3 is the first after the name.
    const char *at = strrchr(line, ')') + 2;
    for (int field = 3; field < 22; field++) {
        at = strchr(at, ' ') + 1;
    }
    told.start = strtoull(at, NULL, 10);
    told.end_state = TRACE_END_NONE;
}

static enum report_end find_end(void)
{
    static const char *const nothing = "";
    uint8_t record[2 * TRACE_PATH_BYTES];
    uint8_t *to = record;
    struct trace_builder *builder = builder_new();
    struct trace_file_header *header = builder_header(builder);
    header->pid = (uint32_t)getpid();
    header->process_start = told.start;
    header->end_state = told.end_state;
    *to++ = TRACE_DEF_PROCESS;
    to = trace_put_bytes(to, told.executable, strlen(told.executable));
    to = trace_put_bytes(to, nothing, 0);
    to = trace_put_bytes(to, told.system.nodename, strlen(told.system.nodename));
    to = trace_put_bytes(to, nothing, 0);
    to = trace_put_varint(to, 0);
    to = trace_put_varint(to, 0);
    builder_raw(builder, 0, TRACE_DEFINITIONS, record, (size_t)(to - record));
    builder_write(builder, "t.trace");
    builder_free(builder);

    struct reader reader;
    struct replay replay;
    struct trace_error error;
    struct arena arena = {0};
    struct report_trace trace;
    const struct moment moment = {.kind = MOMENT_END};
    ck_assert_int_eq(reader_open("t.trace", &reader, &error), TRACE_OK);
    ck_assert_int_eq(replay_run(&reader, &moment, NULL, NULL, NULL, NULL, &replay, &error),
                     TRACE_OK);
    ck_assert_int_eq(summary_make(&reader, &replay, &arena, &trace, &error), TRACE_OK);
    enum report_end end = trace.end;
    replay_fini(&replay);
    reader_close(&reader);
    arena_fini(&arena);
    return end;
}

START_TEST(summary_believes_what_the_process_said)
{
    static const struct {
        uint32_t end_state;
        enum report_end end;
    } ends[] = {
        {TRACE_END_EXIT, REPORT_END_EXIT},
        {TRACE_END_QUICK, REPORT_END_QUICK},
        {TRACE_END_EXEC, REPORT_END_EXEC},
        {TRACE_END_STOPPED, REPORT_END_STOPPED},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        told.end_state = ends[i].end_state;
        ck_assert_int_eq(find_end(), ends[i].end);
    }
}
END_TEST

START_TEST(summary_finds_a_running_process)
{
    ck_assert_int_eq(find_end(), REPORT_END_RUNNING);
}
END_TEST

START_TEST(summary_is_not_fooled_by_a_reused_number)
{
    told.start++;
    ck_assert_int_eq(find_end(), REPORT_END_UNTOLD);
    told.start = 0;
    ck_assert_int_eq(find_end(), REPORT_END_UNTOLD);
}
END_TEST

START_TEST(summary_is_not_fooled_by_exec)
{
    told.executable[0] = '?';
    ck_assert_int_eq(find_end(), REPORT_END_UNTOLD);
}
END_TEST

START_TEST(summary_is_not_fooled_by_another_host)
{
    (void)snprintf(told.system.nodename, sizeof told.system.nodename, "elsewhere");
    ck_assert_int_eq(find_end(), REPORT_END_UNTOLD);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("summary");
    tcase_add_checked_fixture(tests, setup, scene_leave);
    tcase_add_test(tests, summary_believes_what_the_process_said);
    tcase_add_test(tests, summary_finds_a_running_process);
    tcase_add_test(tests, summary_is_not_fooled_by_a_reused_number);
    tcase_add_test(tests, summary_is_not_fooled_by_exec);
    tcase_add_test(tests, summary_is_not_fooled_by_another_host);
    return unit_run("summary", tests);
}
