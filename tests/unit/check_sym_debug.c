/* sym_debug.c and, with the same answers, sym_isolate.c: this program's own debug information. */
#include "sym_debug.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own_code.h"
#include "sym_isolate.h"
#include "unit.h"

static struct elf_file file;
static struct trace_error error;

/* What the sink got. */
static struct {
    size_t calls;
    size_t count;
    uint64_t address;
    char functions[4][64];
    char files[4][512];
    struct sym_debug_frame frames[4];
    size_t calls_max;
} got;

static bool take(void *context, uint64_t address, const struct sym_debug_frame *frames,
                 size_t count)
{
    ck_assert_ptr_eq(context, &got);
    ck_assert_uint_le(count, 4);
    got.calls++;
    got.count = count;
    got.address = address;
    for (size_t i = 0; i < count; i++) {
        got.frames[i] = frames[i];
        (void)snprintf(got.functions[i], sizeof got.functions[i], "%s",
                       frames[i].function != NULL ? frames[i].function : "");
        (void)snprintf(got.files[i], sizeof got.files[i], "%s",
                       frames[i].file != NULL ? frames[i].file : "");
    }
    return got.calls_max == 0 || got.calls < got.calls_max;
}

static enum trace_status resolve_here(const uint64_t *addresses, size_t count)
{
    struct sym_debug *debug = NULL;
    enum trace_status status =
        sym_debug_open(&(struct sym_debug_files){.file = &file}, &debug, &error);
    if (status == TRACE_OK) {
        status = sym_debug_resolve(debug, addresses, count, take, &got, &error);
    }
    sym_debug_free(debug);
    return status;
}

static enum trace_status resolve_apart(const uint64_t *addresses, size_t count)
{
    struct sym_isolate_child child;
    ck_assert_int_eq(sym_isolate_start(&(struct sym_debug_files){.file = &file}, addresses, count,
                                       &child, &error),
                     TRACE_OK);
    return sym_isolate_finish(&child, take, NULL, &got, &error);
}

/* Each test runs with both. */
static enum trace_status (*const ways[])(const uint64_t *addresses, size_t count) = {resolve_here,
                                                                                     resolve_apart};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void open_file(const char *path)
{
    elf_file_close(&file);
    ck_assert_int_eq(elf_file_open(path, &file, &error), TRACE_OK);
}

static void setup(void)
{
    file.fd = -1;
    open_file("/proc/self/exe");
}

static void teardown(void)
{
    elf_file_close(&file);
}

static void check_frame(size_t i, const char *function, uint32_t line)
{
    ck_assert_str_eq(got.functions[i], function);
    ck_assert_ptr_nonnull(strstr(got.files[i], "/own_code.h"));
    ck_assert_uint_eq(got.frames[i].line, line);
}

START_TEST(sym_debug_expands_inlined_calls)
{
    uint64_t address = own_outer();
    ck_assert_int_eq(ways[_i](&address, 1), TRACE_OK);
    ck_assert_uint_eq(got.calls, 1);
    ck_assert_uint_eq(got.address, address);
    ck_assert_uint_eq(got.count, 2);
    check_frame(0, "own_inlined", OWN_INLINED_LINE);
    check_frame(1, "own_outer", OWN_OUTER_LINE);
    ck_assert(got.frames[0].is_inlined);
    ck_assert(!got.frames[1].is_inlined);
    ck_assert_uint_eq(got.frames[1].function_addr, own_in_file((uint64_t)(uintptr_t)own_outer));
}
END_TEST

START_TEST(sym_debug_says_nothing_of_unknown_addresses)
{
    const uint64_t addresses[] = {0, 1, UINT64_MAX - 1, UINT64_MAX};
    ck_assert_int_eq(ways[_i](addresses, 4), TRACE_OK);
    ck_assert_int_eq(ways[_i](addresses, 0), TRACE_OK);
    ck_assert_uint_eq(got.calls, 0);
}
END_TEST

START_TEST(sym_debug_resolves_every_address_of_a_function)
{
    uint64_t addresses[16];
    uint64_t start = own_in_file((uint64_t)(uintptr_t)own_outer);
    for (size_t i = 0; i < 16; i++) {
        addresses[i] = start + i;
    }
    ck_assert_int_eq(ways[_i](addresses, 16), TRACE_OK);
    ck_assert_uint_eq(got.calls, 16);
    ck_assert_str_eq(got.functions[got.count - 1], "own_outer");
}
END_TEST

START_TEST(sym_debug_stops_when_told)
{
    uint64_t start = own_in_file((uint64_t)(uintptr_t)own_outer);
    const uint64_t addresses[] = {start, start + 1, start + 2};
    got.calls_max = 1;
    ck_assert_int_eq(ways[_i](addresses, 3), TRACE_NOMEM);
    ck_assert_uint_eq(got.calls, 1);
}
END_TEST

START_TEST(sym_debug_misses_debug_information)
{
    // unwind information is a kind of debug information to libdwarf
    static const char tool[] = "objcopy --strip-debug -R .eh_frame -R .eh_frame_hdr";
    char command[256];
    char path[] = "/tmp/check_sym_debug.XXXXXX";
    uint64_t address = own_outer();
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
    (void)snprintf(command, sizeof command, "%s /proc/%d/exe %s", tool, (int)getpid(), path);
    ck_assert_int_eq(system(command), 0); // NOLINT(cert-env33-c): the test's own text
    open_file(path);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(ways[_i](&address, 1), TRACE_NOT_FOUND);
    ck_assert_uint_eq(got.calls, 0);
}
END_TEST

/* No child is left, and no descriptor. */
START_TEST(sym_isolate_cleans_up)
{
    uint64_t address = own_outer();
    int before = dup(0);
    ck_assert_int_eq(close(before), 0);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(resolve_apart(&address, 1), TRACE_OK);
    }
    int after = dup(0);
    ck_assert_int_eq(after, before);
    ck_assert_int_eq(close(after), 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* A child that works until its pipe is closed, and one that nobody knows. */
START_TEST(sym_isolate_waits_no_longer_than_told)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct sym_isolate_child child = {.pid = fork(), .output = -1};
    ck_assert_int_ge(child.pid, 0);
    if (child.pid == 0) {
        char byte = 0;
        (void)close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    ck_assert(!sym_isolate_wait(&child, 1));
    ck_assert(!sym_isolate_wait(&child, 20));
    (void)close(ends[1]);
    ck_assert(sym_isolate_wait(&child, -1));
    ck_assert(sym_isolate_wait(&child, 0)); // it is still there to be finished
    ck_assert_int_eq(waitpid(child.pid, NULL, 0), child.pid);
    ck_assert(sym_isolate_wait(&child, -1));
    (void)close(ends[0]);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sym_debug");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, sym_debug_expands_inlined_calls, 0, WAYS);
    tcase_add_loop_test(tests, sym_debug_says_nothing_of_unknown_addresses, 0, WAYS);
    tcase_add_loop_test(tests, sym_debug_resolves_every_address_of_a_function, 0, WAYS);
    tcase_add_loop_test(tests, sym_debug_stops_when_told, 0, WAYS);
    tcase_add_loop_test(tests, sym_debug_misses_debug_information, 0, WAYS);
    tcase_add_test(tests, sym_isolate_cleans_up);
    tcase_add_test(tests, sym_isolate_waits_no_longer_than_told);
    sym_debug_free(NULL);
    return unit_run("sym_debug", tests);
}
