/* What tests of the trace file share: one file in the directory of the test. */
#ifndef TESTS_FILE_BENCH_H
#define TESTS_FILE_BENCH_H

#include "file.h"

extern const struct trace_file_header file_bench_header; /* of process 4711, started in 2023 */
extern struct file file;                                 /* the one that was created last */

/*
 * Create a file of the program "program" with file_bench_header, which has to succeed.
 * Return: its name inside the test's directory.
 */
const char *file_bench_create(const char *pattern);

#endif
