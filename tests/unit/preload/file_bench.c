/* See file_bench.h. */
#include "file_bench.h"

#include <string.h>

#include "scratch.h"
#include "suite.h"

const struct trace_file_header file_bench_header = {
    .magic = TRACE_MAGIC,
    .version = TRACE_VERSION,
    .pid = 4711,
    .start_realtime_ns = 1700000000999999999u,
};
struct file file;

const char *file_bench_create(const char *pattern)
{
    file = (struct file){.fd = -1};
    ck_assert_int_eq(file_create(&file, pattern, "program", &file_bench_header), 0);
    ck_assert_int_eq(strncmp(file.path, scratch_directory, strlen(scratch_directory)), 0);
    ck_assert_int_eq(access(file.path, F_OK), 0);
    return file.path + strlen(scratch_directory) + 1;
}
