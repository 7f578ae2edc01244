/* The start: what a trace says about its process, and when there is none. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "scene_trace.h"
#include "scratch.h"
#include "suite.h"

static struct reader reader;

START_TEST(start_describes_the_process)
{
    char executable[TRACE_PATH_BYTES];
    char directory[TRACE_PATH_BYTES];
    char host[256];
    const char *const environment[] = {"LIBTRACE_SESSION=00000000000004d2", NULL};
    time_t before = time(NULL);
    ck_assert_ptr_nonnull(realpath(SCENES, executable));
    ck_assert_ptr_nonnull(getcwd(directory, sizeof directory));
    ck_assert_int_eq(gethostname(host, sizeof host), 0);
    ck_assert_int_eq(scene_run("nothing", environment, NULL), 0);
    scene_open("1.trace", &reader);
    const struct process_definition *process = &reader.definitions.process;
    ck_assert_str_eq(process->executable, executable);
    ck_assert_str_eq(process->directory, directory);
    ck_assert_str_eq(process->host, host);
    ck_assert_uint_eq(process->argument_total, 2);
    ck_assert_uint_eq(process->argument_count, 2);
    ck_assert_str_eq(process->arguments[0], "tracer_scenes");
    ck_assert_str_eq(process->arguments[1], "nothing");
    const struct trace_file_header *header = &reader.file.header;
    ck_assert_uint_eq(header->parent_pid, (uint32_t)getpid());
    ck_assert_uint_eq(header->session, 0x4d2);
    ck_assert_uint_eq(header->first_stack, TRACE_STACK_FIRST);
    ck_assert_uint_eq(header->first_site, TRACE_SITE_FIRST);
    ck_assert_int_ge((time_t)(header->start_realtime_ns / 1000000000), before - 1);
    ck_assert_int_le((time_t)(header->start_realtime_ns / 1000000000), time(NULL) + 1);
    ck_assert_uint_eq(header->end_state, TRACE_END_EXIT);
    ck_assert_uint_gt(header->counters[TRACE_TRACER_BYTES], 0);
#if !SUITE_IS_SANITIZED
    ck_assert_ptr_nonnull(strstr(process->allocator, "/libc.so.6"));
#endif
    reader_close(&reader);
}
END_TEST

/* Without LIBTRACE_SESSION a number at random: two runs do not share it. */
START_TEST(start_makes_a_session)
{
    ck_assert_int_eq(scene_run("nothing", NULL, NULL), 0);
    ck_assert_int_eq(scene_run("nothing", NULL, NULL), 0);
    scene_open("1.trace", &reader);
    uint64_t first = reader.file.header.session;
    reader_close(&reader);
    scene_open("2.trace", &reader);
    ck_assert_uint_ne(first, 0);
    ck_assert_uint_ne(reader.file.header.session, first);
    reader_close(&reader);
}
END_TEST

START_TEST(start_gives_up_without_a_file)
{
    const char *const environment[] = {"LIBTRACE_OUTPUT=/no such directory/t.trace", NULL};
    char log[SUITE_CAPTURE_BYTES];
    struct suite_capture capture = suite_capture_begin();
    int status = scene_run("untraced", environment, NULL);
    suite_capture_end(&capture, log);
    ck_assert_int_eq(status, 0);
    ck_assert_ptr_nonnull(strstr(log, "/no such directory/t.trace"));
    ck_assert_ptr_nonnull(strstr(log, "LIBTRACE_OUTPUT"));
    ck_assert_ptr_eq(strchr(log, '\n'), log + strlen(log) - 1); /* one line */
}
END_TEST

START_TEST(start_names_the_trace_after_the_program)
{
    const char *const environment[] = {"LIBTRACE_OUTPUT=%e.trace", NULL};
    ck_assert_int_eq(scene_run("nothing", environment, NULL), 0);
    ck_assert_int_eq(access("tracer_scenes.trace", F_OK), 0);
}
END_TEST

START_TEST(start_is_silent_unless_asked)
{
    const char *const environment[] = {"LIBTRACE_OUTPUT=v.trace", "LIBTRACE_VERBOSE=1", NULL};
    char log[SUITE_CAPTURE_BYTES];
    struct suite_capture capture = suite_capture_begin();
    ck_assert_int_eq(scene_run("order", NULL, NULL), 0);
    suite_capture_end(&capture, log);
    ck_assert_str_eq(log, "");
    capture = suite_capture_begin();
    ck_assert_int_eq(scene_run("order", environment, NULL), 0);
    suite_capture_end(&capture, log);
    ck_assert_ptr_nonnull(strstr(log, "v.trace"));
}
END_TEST

/* The loader knows none of these and goes on; we take our own name out. */
START_TEST(start_leaves_the_environment_of_children)
{
    static const struct {
        const char *preload;
        const char *left;
    } rows[] = {
        {"LD_PRELOAD=/a/one.so:/b/libtrace.so:two.so", "/a/one.so:two.so"},
        {"LD_PRELOAD=libtrace.so", ""},
        {"LD_PRELOAD=/b/libtrace.so one.so", "one.so"},
        {"LD_PRELOAD=xlibtrace.so:libtrace.so.1", "xlibtrace.so:libtrace.so.1"},
        {"OTHER=libtrace.so", "(none)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const environment[] = {"LIBTRACE_OUTPUT=c%n.trace", "LIBTRACE_CHILDREN=0",
                                           rows[i].preload, NULL};
        char output[SCENE_OUTPUT_BYTES];
        char log[SUITE_CAPTURE_BYTES];
        struct suite_capture capture = suite_capture_begin();
        int status = scene_run("environment", environment, output);
        suite_capture_end(&capture, log);
        ck_assert_int_eq(status, 0);
        output[strcspn(output, "\n")] = '\0';
        ck_assert_str_eq(output, rows[i].left);
        ck_assert_int_eq(access("c2.trace", F_OK), -1); /* its forked child has none */
        ck_assert_int_eq(unlink("c1.trace"), 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        start_describes_the_process,
        start_makes_a_session,
        start_gives_up_without_a_file,
        start_names_the_trace_after_the_program,
        start_is_silent_unless_asked,
        start_leaves_the_environment_of_children,
        NULL,
    };
    return suite_run_with("start", tests, scratch_enter, scratch_leave);
}
