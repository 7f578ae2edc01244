/* progress.c: a bar on a terminal, after a second; nothing anywhere else. */
#include "progress.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static int from; /* what is written to stderr can be read here */

static void use_pipe(void)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    from = ends[0];
}

static void use_terminal(void)
{
    from = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (from < 0) {
        exit(EXIT_SUCCESS); // a bare root may have no terminals: what follows cannot be tried there
    }
    ck_assert_int_eq(grantpt(from) | unlockpt(from), 0);
    int terminal = open(ptsname(from), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
}

/* Return: what has been written since the last time. */
static const char *shown(void)
{
    static char text[4096];
    ssize_t length = read(from, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

/* Let that much time go by. */
static void wait_for(struct progress *progress, time_t seconds)
{
    progress->start.tv_sec -= seconds;
    progress->drawn.tv_sec -= seconds;
}

START_TEST(progress_needs_a_terminal)
{
    struct progress progress;
    use_pipe();
    progress_start(&progress, "reading", 100);
    wait_for(&progress, 60);
    progress_add(&progress, 50);
    progress_finish(&progress);
    ck_assert_str_eq(shown(), "");
}
END_TEST

START_TEST(progress_waits_for_a_second)
{
    struct progress progress;
    use_terminal();
    progress_start(&progress, "reading", 100);
    progress_add(&progress, 50);
    progress_finish(&progress);
    ck_assert_str_eq(shown(), "");
}
END_TEST

START_TEST(progress_draws_and_takes_away)
{
    struct progress progress;
    use_terminal();
    progress_start(&progress, "reading", 200);
    progress_add(&progress, 40);
    wait_for(&progress, 2);
    progress_add(&progress, 10);
    const char *text = shown();
    ck_assert_ptr_nonnull(strstr(text, "reading"));
    ck_assert_ptr_nonnull(strstr(text, "##########.")); // a quarter of 40
    ck_assert_ptr_nonnull(strstr(text, " 25 %"));
    progress_add(&progress, 10); // too soon after the last
    ck_assert_str_eq(shown(), "");
    progress_finish(&progress);
    ck_assert_str_eq(shown(), "\r\033[K");
    progress_finish(&progress);
    ck_assert_str_eq(shown(), "");
}
END_TEST

START_TEST(progress_never_exceeds_all)
{
    struct progress progress;
    use_terminal();
    progress_start(&progress, "reading", 10);
    wait_for(&progress, 2);
    progress_add(&progress, 1000);
    ck_assert_ptr_nonnull(strstr(shown(), "100 %"));
    progress_start(&progress, "nothing", 0);
    wait_for(&progress, 2);
    progress_add(&progress, 0);
    ck_assert_ptr_nonnull(strstr(shown(), "  0 %"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("progress");
    tcase_add_test(tests, progress_needs_a_terminal);
    tcase_add_test(tests, progress_waits_for_a_second);
    tcase_add_test(tests, progress_draws_and_takes_away);
    tcase_add_test(tests, progress_never_exceeds_all);
    return unit_run("progress", tests);
}
