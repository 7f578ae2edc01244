/* What tests of the trace file share: a directory for each test, and one file in it. */
#ifndef TESTS_FILE_BENCH_H
#define TESTS_FILE_BENCH_H

#include "file.h"

extern const struct trace_file_header file_bench_header; /* of process 4711, started in 2023 */
extern char file_bench_directory[];
extern struct file file; /* the one that was created last */

/* Make a directory and change to it; remove it with all that is in it. Fixtures of each test. */
void file_bench_enter(void);
void file_bench_leave(void);

/*
 * Create a file of the program "program" with file_bench_header, which has to succeed.
 * Return: its name inside the test's directory.
 */
const char *file_bench_create(const char *pattern);

#endif
