/* See file_bench.h. */
#include "file_bench.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "suite.h"

const struct trace_file_header file_bench_header = {
    .magic = TRACE_MAGIC,
    .version = TRACE_VERSION,
    .pid = 4711,
    .start_realtime_ns = 1700000000999999999u,
};
char file_bench_directory[] = "/tmp/check_file.XXXXXX";
struct file file;

void file_bench_enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(file_bench_directory));
    ck_assert_int_eq(chdir(file_bench_directory), 0);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void file_bench_leave(void)
{
    ck_assert_int_eq(nftw(file_bench_directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *file_bench_create(const char *pattern)
{
    file = (struct file){.fd = -1};
    ck_assert_int_eq(file_create(&file, pattern, "program", &file_bench_header), 0);
    ck_assert_int_eq(strncmp(file.path, file_bench_directory, strlen(file_bench_directory)), 0);
    ck_assert_int_eq(access(file.path, F_OK), 0);
    return file.path + strlen(file_bench_directory) + 1;
}
