/* Lines on descriptor 2. */
#include "log.h"

#include <errno.h>
#include <string.h>

#include "suite.h"

static char text[SUITE_CAPTURE_BYTES];

START_TEST(log_joins_parts_into_one_line)
{
    char number[24];
    struct suite_capture capture = suite_capture_begin();
    LOG("a", "", " b ", log_number(42, number), "%s%n");
    suite_capture_end(&capture, text);
    ck_assert_str_eq(text, "libtrace: a b 42%s%n\n");
}
END_TEST

START_TEST(log_prints_a_line_without_parts)
{
    const char *const none[] = {NULL};
    struct suite_capture capture = suite_capture_begin();
    log_line(none);
    suite_capture_end(&capture, text);
    ck_assert_str_eq(text, "libtrace: \n");
}
END_TEST

START_TEST(log_cuts_long_lines)
{
    char part[2000];
    memset(part, 'x', sizeof part - 1);
    part[sizeof part - 1] = '\0';
    struct suite_capture capture = suite_capture_begin();
    LOG("first ", part, part, "last");
    suite_capture_end(&capture, text);
    ck_assert_uint_eq(strlen(text), 512);
    ck_assert_int_eq(strncmp(text, "libtrace: first xxx", 19), 0);
    ck_assert_int_eq(text[511], '\n');
    ck_assert_ptr_null(strstr(text, "last"));
}
END_TEST

START_TEST(log_falls_silent_after_16_lines)
{
    size_t lines = 0;
    struct suite_capture capture = suite_capture_begin();
    for (int i = 0; i < 100; i++) {
        LOG("line");
    }
    suite_capture_end(&capture, text);
    for (const char *next = text; (next = strchr(next, '\n')) != NULL; next++) {
        lines++;
    }
    ck_assert_uint_eq(lines, 16);
}
END_TEST

START_TEST(log_survives_a_closed_descriptor)
{
    int saved = dup(2);
    ck_assert_int_eq(close(2), 0);
    errno = 0;
    LOG("nobody reads this");
    ck_assert_int_eq(errno, 0);
    ck_assert_int_eq(dup2(saved, 2), 2);
}
END_TEST

START_TEST(log_writes_numbers_as_printf_does)
{
    uint64_t random = suite_seed();
    char ours[24];
    char expected[24];
    for (int i = 0; i < 10000; i++) {
        uint64_t value = suite_random_bits(&random, 64);
        (void)snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
        ck_assert_ptr_eq(log_number(value, ours), ours);
        ck_assert_str_eq(ours, expected);
    }
    ck_assert_str_eq(log_number(0, ours), "0");
    ck_assert_str_eq(log_number(UINT64_MAX, ours), "18446744073709551615");
}
END_TEST

START_TEST(log_names_errors)
{
    ck_assert_str_eq(log_error(-ENOSPC), "No space left on device");
    ck_assert_str_eq(log_error(-EACCES), strerror(EACCES));
    ck_assert_str_eq(log_error(-EFBIG), strerror(EFBIG));
    ck_assert_str_eq(log_error(-ENOTDIR), strerror(ENOTDIR));
    ck_assert_ptr_nonnull(log_error(0));
    ck_assert_ptr_nonnull(log_error(-4095));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        log_joins_parts_into_one_line,
        log_prints_a_line_without_parts,
        log_cuts_long_lines,
        log_falls_silent_after_16_lines,
        log_survives_a_closed_descriptor,
        log_writes_numbers_as_printf_does,
        log_names_errors,
        NULL,
    };
    return suite_run("log", tests);
}
