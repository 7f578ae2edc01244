/* Commands that a test has the shell run: objcopy, mostly. */
#ifndef TESTS_SHELL_H
#define TESTS_SHELL_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Run a command, which must succeed. */
__attribute__((format(printf, 1, 2))) static inline void shell(const char *format, ...)
{
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    ck_assert_int_lt(length, (int)sizeof command);
    ck_assert_int_eq(system(command), 0); // NOLINT(cert-env33-c): the test's own text
}

#endif
