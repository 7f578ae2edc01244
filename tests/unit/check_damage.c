/*
 * Damaged traces: a small one, cut at every byte, and with every bit of it flipped. The answer is a
 * report or a refusal, never a crash; under a sanitizer not a wrong access either.
 *
 * A report sees every byte with one of its bits flipped, and all reports together see all bits.
 * With LIBTRACE_TEST_ALL=1 each report sees each bit.
 */
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "scene.h"
#include "unit.h"

enum { BYTES_MAX = 1 << 16, WINDOW_KEPT = 128 };

static uint8_t whole[BYTES_MAX];
static uint8_t changed[BYTES_MAX];
static size_t length;

/* A trace with a chunk of each kind: plain, compressed, and a window at its end. */
static void make_whole(void)
{
    struct trace_builder *builder = golden_new(BUILDER_PLAIN, BUILDER_ZSTD);
    golden_add_picture(builder, BUILDER_PLAIN);
    builder_allocate(builder, 0, 2);
    builder_seal(builder, 0, TRACE_EVENTS, BUILDER_WINDOW);
    const uint8_t *bytes = builder_bytes(builder, &length);
    // Nearly all of the window is zeros, which say nothing and take long to write so often.
    length -= TRACE_WINDOW_BYTES - TRACE_CHUNK_BYTES - WINDOW_KEPT;
    ck_assert_uint_le(length, BYTES_MAX);
    memcpy(whole, bytes, length);
    builder_free(builder);
}

static void setup(void)
{
    scene_enter();
    make_whole();
}

static const char *const reports[] = {
    "t.trace",
    "--by traceback --at peak --format json t.trace",
    "--summary t.trace",
    "--each-snapshot --cumulative t.trace",
    "--annotate * --at peak t.trace",
    "--timeline --format json t.trace",
    "--each-snapshot --format csv t.trace",
    "--format folded --compare-to 50% t.trace",
    "--lifetimes --temporary t.trace",
    "--format pprof -o pprof.out t.trace",
    "--format mprof t.trace",
    "--format sqlite -o sqlite.out t.trace",
    "--growth t.trace",
    "--by module t.trace",
    "--domain 300 --by domain --allocated t.trace",
    "--leaks t.trace",
    "--why main.c:10 t.trace",
    "--retained t.trace",
};
enum { REPORTS = sizeof reports / sizeof reports[0] };

static void try_bytes(const uint8_t *bytes, size_t count, const char *arguments)
{
    int code = -1;
    builder_write_file("t.trace", bytes, count);
    char *text = scene_report(arguments, &code);
    ck_assert(code == 0 || code == 1);
    // Of nothing there are no stacks to be folded; everything else says so.
    ck_assert(text[0] != '\0' || strstr(arguments, "folded") != NULL);
    free(text);
}

/* Return: the byte after @at that is worth trying; most of a window and of the header is zero. */
static size_t next_offset(size_t at)
{
    at++;
    while (at < length && whole[at] == 0 && at % 61 != 0) {
        at++;
    }
    return at;
}

START_TEST(damage_by_a_cut)
{
    for (size_t cut = 0; cut < length; cut = cut < 200 ? cut + 1 : next_offset(cut)) {
        try_bytes(whole, cut, reports[_i]);
    }
}
END_TEST

_Static_assert(REPORTS >= 8, "there is a report for each bit of a byte");

START_TEST(damage_of_a_bit)
{
    const char *all = getenv("LIBTRACE_TEST_ALL");
    size_t bits = all != NULL && strcmp(all, "1") == 0 ? 8 : 1;
    for (size_t at = 0; at < length; at = next_offset(at)) {
        for (size_t bit = 0; bit < bits; bit++) {
            memcpy(changed, whole, length);
            changed[at] ^= (uint8_t)(1U << (at + (size_t)_i + bit) % 8);
            try_bytes(changed, length, reports[_i]);
        }
    }
}
END_TEST

START_TEST(damage_is_told)
{
    // What cannot be decompressed any more is a chunk less, and is said.
    size_t at = length;
    while (memcmp(whole + at - 4, "\x28\xb5\x2f\xfd", 4) != 0) {
        at--;
    }
    memcpy(changed, whole, length);
    changed[at] ^= 0xff;
    builder_write_file("t.trace", changed, length);
    char *text = scene_report("--summary t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "- pieces of the trace damaged and skipped: 1; "));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("damage");
    tcase_set_timeout(tests, 280);
    tcase_add_checked_fixture(tests, setup, scene_leave);
    tcase_add_loop_test(tests, damage_by_a_cut, 0, REPORTS);
    tcase_add_loop_test(tests, damage_of_a_bit, 0, REPORTS);
    tcase_add_test(tests, damage_is_told);
    return unit_run("damage", tests);
}
