/* The trace file: its creation, its space, and what the program may do to it meanwhile. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "file_bench.h"
#include "scratch.h"
#include "suite.h"

#define THREADS 4
#define SEGMENTS_OF_THREAD 200

static uint64_t size_of(const char *path)
{
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    return (uint64_t)status.st_size;
}

/* --- creation --- */

START_TEST(file_begins_with_its_header)
{
    struct trace_file_header read_back;
    struct stat status;
    struct trace_file_header expected = file_bench_header;
    (void)file_bench_create("a.trace");
    expected.tail = TRACE_HEADER_BYTES; /* space is taken from here on */
    ck_assert_int_eq(memcmp(file.header, &expected, sizeof expected), 0);
    int fd = open("a.trace", O_RDONLY);
    ck_assert_int_eq(read(fd, &read_back, sizeof read_back), sizeof read_back);
    ck_assert_int_eq(memcmp(&read_back, &expected, sizeof expected), 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_int_eq(status.st_size, TRACE_HEADER_BYTES);
    ck_assert_int_eq(status.st_mode & 07777, 0600);
    file.header->end_state = TRACE_END_EXIT;
    ck_assert_int_eq(pread(fd, &read_back, sizeof read_back, 0), sizeof read_back);
    ck_assert_uint_eq(read_back.end_state, TRACE_END_EXIT);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(file_is_private_whatever_the_mask)
{
    struct stat status;
    (void)umask(0);
    (void)file_bench_create("a.trace");
    ck_assert_int_eq(stat("a.trace", &status), 0);
    ck_assert_int_eq(status.st_mode & 07777, 0600);
}
END_TEST

START_TEST(file_does_not_follow_or_replace_what_is_there)
{
    char target[64];
    int fd = open("precious.trace", O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(write(fd, "precious", 8), 8);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(symlink("precious.trace", "link.trace"), 0);
    ck_assert_int_eq(symlink("nowhere", "dangling.trace"), 0);
    ck_assert_int_eq(mkfifo("fifo.trace", 0600), 0);
    ck_assert_str_eq(file_bench_create("precious.trace"), "precious.2.trace");
    ck_assert_str_eq(file_bench_create("link.trace"), "link.2.trace");
    ck_assert_str_eq(file_bench_create("dangling.trace"), "dangling.2.trace");
    ck_assert_int_eq(file_create(&file, "fifo.trace", "program", &file_bench_header), -ENODEV);
    ck_assert_int_eq(file_create(&file, "/dev/full", "program", &file_bench_header), -ENODEV);
    ck_assert_uint_eq(size_of("precious.trace"), 8);
    ck_assert_int_eq(readlink("link.trace", target, sizeof target), 14);
    ck_assert_int_ne(access("nowhere", F_OK), 0);
}
END_TEST

static int lowest_free(void)
{
    int fd = dup(0);
    ck_assert_int_eq(close(fd), 0);
    return fd;
}

START_TEST(file_takes_no_descriptor_from_the_program)
{
    struct trace_chunk *window = NULL;
    int before = lowest_free();
    (void)file_bench_create("a.trace");
    file_release(&file);
    file_release(&file);
    ck_assert_int_eq(atomic_load(&file.fd), -1);
    ck_assert_int_eq(lowest_free(), before);
    ck_assert_int_eq(file_append(&file, "segment", 7), 0);
    ck_assert_int_eq(file_map_window(&file, NULL, &window), 0);
    ck_assert_int_eq(atomic_load(&file.fd), -1);
    ck_assert_int_eq(lowest_free(), before);
    ck_assert_int_eq(dup2(0, 1000), 1000);
    file_release(&file);
    ck_assert_int_eq(fcntl(1000, F_GETFD), 0);
}
END_TEST

START_TEST(file_is_held_at_a_high_number)
{
    struct stat status;
    int before = lowest_free();
    (void)file_bench_create("a.trace");
    file_release(&file);
    file_hold(&file);
    int fd = atomic_load(&file.fd);
    ck_assert_int_ge(fd, 256);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(lowest_free(), before);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_eq(status.st_ino, file.inode);
    file_hold(&file);
    ck_assert_int_eq(atomic_load(&file.fd), fd);
    file = (struct file){.fd = -1};
    file_hold(&file); /* before there is one */
    ck_assert_int_eq(atomic_load(&file.fd), -1);
}
END_TEST

START_TEST(file_works_with_few_descriptors)
{
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){16, 1024}), 0);
    (void)file_bench_create("a.trace");
    ck_assert_int_eq(file_append(&file, "segment", 7), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){1024, 1024}), 0);
}
END_TEST

START_TEST(file_tells_why_it_cannot_be_created)
{
    file = (struct file){.fd = -1};
    ck_assert_int_eq(file_create(&file, "missing/a.trace", "p", &file_bench_header), -ENOENT);
    ck_assert_str_eq(file.path + strlen(scratch_directory), "/missing/a.trace");
    ck_assert_int_eq(close(open("a", O_WRONLY | O_CREAT, 0600)), 0);
    ck_assert_int_eq(file_create(&file, "a/a.trace", "p", &file_bench_header), -ENOTDIR);
    ck_assert_int_eq(mkdir("closed", 0500), 0);
    if (geteuid() != 0) {
        ck_assert_int_eq(file_create(&file, "closed/a.trace", "p", &file_bench_header), -EACCES);
    }
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, 1024}), 0);
    ck_assert_int_eq(file_create(&file, "a.trace", "p", &file_bench_header), -EMFILE);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){1024, 1024}), 0);
}
END_TEST

START_TEST(file_is_not_left_behind_when_there_is_no_room_for_the_header)
{
    file = (struct file){.fd = -1};
    /* check itself writes to files: no assertion until the limit is lifted */
    (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, RLIM_INFINITY});
    long result = file_create(&file, "a.trace", "p", &file_bench_header);
    (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    ck_assert_int_eq(result, -EFBIG);
    ck_assert_int_ne(access("a.trace", F_OK), 0);
}
END_TEST

START_TEST(file_of_a_child_has_its_header_where_the_parent_had_it)
{
    (void)file_bench_create("a.trace");
    struct trace_file_header *before = file.header;
    struct trace_file_header other = file_bench_header;
    other.pid = 5000;
    ck_assert_int_eq(file_create(&file, "a.trace", "program", &other), 0);
    ck_assert_ptr_eq(file.header, before);
    ck_assert_uint_eq(file.header->pid, 5000);
    ck_assert_str_eq(strrchr(file.path, '/'), "/a.2.trace");
    ck_assert_uint_eq(file.header->tail, TRACE_HEADER_BYTES);
    int fd = open("a.trace", O_RDONLY);
    struct trace_file_header first;
    ck_assert_int_eq(read(fd, &first, sizeof first), sizeof first);
    ck_assert_uint_eq(first.pid, 4711);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

/* --- windows and segments --- */

START_TEST(file_gives_windows_that_reach_the_disk)
{
    struct trace_chunk *windows[3] = {NULL};
    unsigned char byte = 0;
    (void)file_bench_create("a.trace");
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(file_append(&file, "odd length", 10), 0);
        ck_assert_int_eq(file_map_window(&file, NULL, &windows[i]), 0);
        const unsigned char *bytes = (const unsigned char *)windows[i];
        for (size_t k = 0; k < TRACE_WINDOW_BYTES; k++) {
            byte |= bytes[k];
        }
        memset(windows[i], 'A' + (int)i, TRACE_WINDOW_BYTES);
    }
    ck_assert_uint_eq(byte, 0);
    int fd = open("a.trace", O_RDONLY);
    for (size_t i = 0; i < 3; i++) {
        off_t at =
            (off_t)((size_t)2 * TRACE_WINDOW_ALIGN + i * (TRACE_WINDOW_BYTES + TRACE_WINDOW_ALIGN));
        ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
        ck_assert_uint_eq(byte, 'A' + i);
        ck_assert_int_eq(pread(fd, &byte, 1, at + TRACE_WINDOW_BYTES - 1), 1);
        ck_assert_uint_eq(byte, 'A' + i);
    }
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(file_maps_a_window_where_it_is_told)
{
    struct trace_chunk *window = NULL;
    struct trace_chunk *again = NULL;
    (void)file_bench_create("a.trace");
    ck_assert_int_eq(file_map_window(&file, NULL, &window), 0);
    window->magic = 1;
    ck_assert_int_eq(file_map_window(&file, window, &again), 0);
    ck_assert_ptr_eq(again, window);
    ck_assert_uint_eq(again->magic, 0);
}
END_TEST

START_TEST(file_has_its_space_promised_by_the_disk)
{
    struct trace_chunk *window = NULL;
    struct stat status;
    (void)file_bench_create("a.trace");
    ck_assert_int_eq(file_map_window(&file, NULL, &window), 0);
    ck_assert_int_eq(stat("a.trace", &status), 0);
    ck_assert_int_eq(status.st_size, TRACE_HEADER_BYTES + TRACE_WINDOW_BYTES);
    ck_assert_int_ge(status.st_blocks * 512, TRACE_HEADER_BYTES + TRACE_WINDOW_BYTES);
}
END_TEST

static void *append_many(void *argument)
{
    uint64_t segment[16];
    for (size_t i = 0; i < SEGMENTS_OF_THREAD; i++) {
        for (size_t k = 0; k < 16; k++) {
            segment[k] = (uintptr_t)argument * SEGMENTS_OF_THREAD + i;
        }
        ck_assert_int_eq(file_append(&file, segment, sizeof segment - i % 2 * 8), 0);
    }
    return NULL;
}

START_TEST(file_keeps_segments_of_threads_apart)
{
    static bool is_seen[(THREADS + 1) * SEGMENTS_OF_THREAD];
    pthread_t threads[THREADS];
    size_t found = 0;
    uint64_t segment[16];
    (void)file_bench_create("a.trace");
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, append_many, (void *)(i + 1)), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    int fd = open("a.trace", O_RDONLY);
    for (off_t at = TRACE_HEADER_BYTES; pread(fd, segment, sizeof segment, at) > 0; at += 128) {
        ck_assert_uint_lt(segment[0], sizeof is_seen);
        ck_assert(!is_seen[segment[0]]);
        ck_assert_uint_eq(segment[14], segment[0]);
        is_seen[segment[0]] = true;
        found++;
    }
    ck_assert_int_eq(close(fd), 0);
    ck_assert_uint_eq(found, (size_t)THREADS * SEGMENTS_OF_THREAD);
}
END_TEST

/* --- what the program does to it --- */

START_TEST(file_is_found_again_when_its_descriptor_was_closed)
{
    struct trace_chunk *window = NULL;
    (void)file_bench_create("a.trace");
    ck_assert_int_eq(close(atomic_load(&file.fd)), 0);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(file_append(&file, "segment", 7), 0);
    ck_assert_uint_eq(size_of(file.path), TRACE_HEADER_BYTES + 7);
    file_hold(&file);
    ck_assert_int_eq(close(atomic_load(&file.fd)), 0);
    ck_assert_int_eq(file_map_window(&file, NULL, &window), 0);
    ck_assert_uint_eq(size_of(file.path), 2 * TRACE_WINDOW_ALIGN + TRACE_WINDOW_BYTES);
}
END_TEST

START_TEST(file_does_not_write_to_descriptors_of_the_program)
{
    struct trace_chunk *window = NULL;
    (void)file_bench_create("a.trace");
    file_release(&file);
    file_hold(&file);
    int fd = atomic_load(&file.fd);
    int other = open("other", O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(dup2(other, fd), fd);
    ck_assert_int_eq(file_append(&file, "segment", 7), 0);
    ck_assert_int_eq(file_map_window(&file, NULL, &window), 0);
    file_release(&file);
    ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
    ck_assert_uint_eq(size_of("other"), 0);
    ck_assert_uint_eq(size_of("a.trace"), 2 * TRACE_WINDOW_ALIGN + TRACE_WINDOW_BYTES);
}
END_TEST

/* What follows a change of the root: the path leads nowhere, and the file is still written to. */
START_TEST(file_that_is_held_needs_no_path)
{
    struct trace_chunk *window = NULL;
    (void)file_bench_create("a.trace");
    file_release(&file);
    file_hold(&file);
    ck_assert_int_eq(rename("a.trace", "moved"), 0);
    ck_assert_int_eq(file_append(&file, "segment", 7), 0);
    ck_assert_int_eq(file_map_window(&file, NULL, &window), 0);
    ck_assert_uint_eq(size_of("moved"), 2 * TRACE_WINDOW_ALIGN + TRACE_WINDOW_BYTES);
}
END_TEST

START_TEST(file_that_was_deleted_gives_an_error)
{
    struct trace_chunk *window = NULL;
    (void)file_bench_create("a.trace");
    file_release(&file);
    ck_assert_int_eq(unlink("a.trace"), 0);
    int before = lowest_free();
    ck_assert_int_eq(file_append(&file, "segment", 7), -ENOENT);
    ck_assert_int_eq(file_map_window(&file, NULL, &window), -ENOENT);
    ck_assert_ptr_null(window);
    file_hold(&file);
    ck_assert_int_eq(atomic_load(&file.fd), -1);
    ck_assert_int_eq(lowest_free(), before);
}
END_TEST

START_TEST(file_that_was_replaced_is_left_alone)
{
    (void)file_bench_create("a.trace");
    file_release(&file);
    ck_assert_int_eq(rename("a.trace", "kept"), 0);
    ck_assert_int_eq(close(open("a.trace", O_WRONLY | O_CREAT, 0600)), 0);
    int before = lowest_free();
    ck_assert_int_eq(file_append(&file, "segment", 7), -ESTALE);
    file_hold(&file);
    ck_assert_int_eq(atomic_load(&file.fd), -1);
    ck_assert_uint_eq(size_of("a.trace"), 0);
    ck_assert_int_eq(lowest_free(), before);
    ck_assert_int_eq(unlink("a.trace"), 0);
    ck_assert_int_eq(symlink("kept", "a.trace"), 0);
    ck_assert_int_eq(file_append(&file, "segment", 7), -ELOOP);
    ck_assert_int_eq(unlink("a.trace"), 0);
    ck_assert_int_eq(rename("kept", "a.trace"), 0);
    ck_assert_int_eq(file_append(&file, "segment", 7), 0);
}
END_TEST

START_TEST(file_gives_an_error_at_the_size_limit_and_no_signal)
{
    struct trace_chunk *window = NULL;
    rlim_t limit = TRACE_HEADER_BYTES + TRACE_WINDOW_BYTES;
    (void)file_bench_create("a.trace");
    (void)signal(SIGXFSZ, SIG_DFL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit}), 0);
    ck_assert_int_eq(file_map_window(&file, NULL, &window), 0);
    ck_assert_int_eq(file_append(&file, "segment", 7), -EFBIG);
    ck_assert_int_eq(file_map_window(&file, NULL, &window), -EFBIG);
    ck_assert_uint_eq(size_of("a.trace"), limit);
}
END_TEST

START_TEST(file_passes_on_what_the_disk_says)
{
    struct stat status;
    struct trace_chunk *window = NULL;
    int fd = open("/dev/full", O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    struct file full = {.path = "/dev/full",
                        .fd = fd,
                        .device = status.st_dev,
                        .inode = status.st_ino,
                        .header = &(struct trace_file_header){.tail = TRACE_HEADER_BYTES}};
    ck_assert_int_eq(file_append(&full, "segment", 7), -ENOSPC);
    ck_assert_int_lt(file_map_window(&full, NULL, &window), 0);
    ck_assert_ptr_null(window);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        file_begins_with_its_header,
        file_is_private_whatever_the_mask,
        file_does_not_follow_or_replace_what_is_there,
        file_takes_no_descriptor_from_the_program,
        file_is_held_at_a_high_number,
        file_works_with_few_descriptors,
        file_tells_why_it_cannot_be_created,
        file_is_not_left_behind_when_there_is_no_room_for_the_header,
        file_of_a_child_has_its_header_where_the_parent_had_it,
        file_gives_windows_that_reach_the_disk,
        file_maps_a_window_where_it_is_told,
        file_has_its_space_promised_by_the_disk,
        file_keeps_segments_of_threads_apart,
        file_is_found_again_when_its_descriptor_was_closed,
        file_does_not_write_to_descriptors_of_the_program,
        file_that_is_held_needs_no_path,
        file_that_was_deleted_gives_an_error,
        file_that_was_replaced_is_left_alone,
        file_gives_an_error_at_the_size_limit_and_no_signal,
        file_passes_on_what_the_disk_says,
        NULL,
    };
    return suite_run_with("file", tests, scratch_enter, scratch_leave);
}
