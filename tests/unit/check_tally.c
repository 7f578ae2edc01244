/* tally.c: what counts, by each metric, and that a table's total has every block once. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

/*
 * The scene allocates 4 * 100 + 2 * 50, then 10 + 3 * 1000 + 7 bytes, and frees two of the 1000.
 * The snapshot is after the first six blocks.
 */
static const struct {
    const char *arguments;
    const char *total;
} totals[] = {
    {"t.trace", "at end: 1517 B live in 9 blocks"},
    {"--at warm t.trace", ": 500 B live in 6 blocks"},
    {"--allocated t.trace", "at end: 3517 B allocated in 11 blocks"},
    {"--freed t.trace", "at end: 2000 B freed in 2 blocks"},
    {"--by size t.trace", "at end: 1517 B live in 9 blocks"},
    {"--cumulative t.trace", "at end: 1517 B live in 9 blocks"},
    {"--filter src/work.c t.trace", "at end: 400 B live in 4 blocks"},
    {"--filter src/work.c --all-frames t.trace", "at end: 1400 B live in 5 blocks"},
    {"--exclude src/work.c --exclude src/inner.c t.trace", "at end: 117 B live in 4 blocks"},
    {"--suppressions known t.trace", "at end: 117 B live in 4 blocks"},
    {"--compare-to warm t.trace", ": 1517 B (+1017 B) live in 9 blocks (+3)"},
    {"--allocated --compare-to warm t.trace", ": 3517 B (+3017 B) allocated in 11 blocks (+5)"},
    {"--freed --compare-to warm t.trace", ": 2000 B (+2000 B) freed in 2 blocks (+2)"},
    {"--compare-to t.trace t.trace", ": 1517 B (+0 B) live in 9 blocks (+0)"},
    {"t.trace t.trace", "3034 B live in 18 blocks"},
};

START_TEST(tally_counts_every_block_once)
{
    scene_write("t.trace");
    builder_write_file("known", "leak:work.c\n", strlen("leak:work.c\n"));
    char *text = scene_report(totals[_i].arguments, NULL);
    text[strcspn(text, "\n")] = '\0';
    ck_assert_msg(strstr(text, totals[_i].total) != NULL, "%s: no \"%s\" in %s",
                  totals[_i].arguments, totals[_i].total, text);
    free(text);
}
END_TEST

START_TEST(tally_says_what_was_suppressed)
{
    scene_write("t.trace");
    builder_write_file("known", "leak:work.c\n", strlen("leak:work.c\n"));
    char *text = scene_report("--suppressions known --format json t.trace", NULL);
    const char *suppressed = strstr(text, "\"suppressed\"");
    ck_assert_ptr_nonnull(suppressed);
    ck_assert_ptr_nonnull(strstr(suppressed, "1400"));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("tally");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_loop_test(tests, tally_counts_every_block_once, 0, sizeof totals / sizeof totals[0]);
    tcase_add_test(tests, tally_says_what_was_suppressed);
    return unit_run("tally", tests);
}
