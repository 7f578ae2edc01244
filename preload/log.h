/*
 * One-line diagnostics on the traced program's stderr: for what a user must know, and never more
 * than a few lines. Formatting without stdio; written with one system call.
 */
#ifndef PRELOAD_LOG_H
#define PRELOAD_LOG_H

#include <stdint.h>

/*
 * Print "libtrace: " and the parts one after another, then a newline.
 * @parts: strings, up to a NULL.
 * Context: any thread, async-signal-safe. After 16 lines nothing is printed any more.
 */
void log_line(const char *const *parts);
#define LOG(...) log_line((const char *const[]){__VA_ARGS__, NULL})

/* A number as text, for LOG and for paths. @buffer: room for 24 bytes. Return: @buffer. */
const char *log_number(uint64_t value, char *buffer);

/* The name of an error, e.g. "No space left on device", from a negative system call result. */
const char *log_error(long result);

#endif
