/* size_format(): the table of examples. tests/report/size_format.py asks CPython for the rest. */
#include "size_format.h"
#include "unit.h"

static const struct {
    double bytes;
    bool is_signed;
    const char *text;
} rows[] = {
    {0, false, "0 B"},
    {0, true, "+0 B"},
    {1023, false, "1023 B"},
    {10239, false, "10239 B"},
    {10240, false, "10.0 KiB"},
    {101376, false, "99.0 KiB"},
    {102348, false, "99.9 KiB"},
    {102399, false, "100.0 KiB"},
    {102400, false, "100 KiB"},
    {1048576, false, "1024 KiB"},
    {10485759, false, "10240 KiB"},
    {10485760, false, "10.0 MiB"},
    {1152921504606846976.0, false, "1048576 TiB"},
    {-20000, true, "-19.5 KiB"},
    {20000, true, "+19.5 KiB"},
    {33.333, false, "33 B"},
    {2.5, false, "2 B"},
    {3.5, false, "4 B"},
    {-5, false, "-5 B"},
};

START_TEST(size_format_is_tracemallocs)
{
    char text[SIZE_FORMAT_BYTES];
    ck_assert_str_eq(size_format(text, rows[_i].bytes, rows[_i].is_signed), rows[_i].text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("size_format");
    tcase_add_loop_test(tests, size_format_is_tracemallocs, 0, sizeof rows / sizeof rows[0]);
    return unit_run("size_format", tests);
}
