/*
 * The ways out that run no destructors: each, in a child, over a tracer of the test's own that
 * writes down what it is told. With the status, that is all a parent can see.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "real.h"
#include "suite.h"
#include "tracer.h"

#define STATUS 37

static int notes = -1; /* descriptor for them, in a child */
static bool has_next = true;

static void note(char what)
{
    if (notes >= 0) {
        ck_assert_int_eq(write(notes, &what, 1), 1);
    }
}

void tracer_ending(enum trace_end how)
{
    note((char)('0' + (int)how));
}

void real_find(const char *name, void *ret_function)
{
    void *symbol = has_next ? dlsym(RTLD_NEXT, name) : NULL;
    memcpy(ret_function, &symbol, sizeof symbol);
}

static void on_quick_exit(void)
{
    note('q');
}

static void on_exit_proper(void)
{
    note('x');
}

/* Run @leave in a child. Return: what was noted: the kind of end as a digit, handlers as letters.
 */
static const char *leave_by(void (*leave)(int))
{
    static char noted[16];
    int ends[2];
    int status = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        notes = ends[1];
        (void)at_quick_exit(on_quick_exit);
        (void)atexit(on_exit_proper);
        leave(STATUS);
        abort();
    }
    (void)close(ends[1]);
    size_t count = 0;
    ssize_t got = 0;
    do { /* the child writes more than once */
        got = read(ends[0], noted + count, sizeof noted - 1 - count);
        ck_assert_int_ge(got, 0);
        count += (size_t)got;
    } while (got > 0);
    noted[count] = '\0';
    (void)close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), STATUS);
    return noted;
}

_Static_assert(TRACE_END_QUICK == 2, "'2' is noted");

START_TEST(exits_tell_before_the_end)
{
    ck_assert_str_eq(leave_by(_exit), "2");
    ck_assert_str_eq(leave_by(_Exit), "2");
}
END_TEST

START_TEST(exits_let_the_handlers_of_quick_exit_run)
{
    ck_assert_str_eq(leave_by(quick_exit), "2q");
}
END_TEST

START_TEST(exits_end_without_the_real_function)
{
    has_next = false;
    ck_assert_str_eq(leave_by(quick_exit), "22");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        exits_tell_before_the_end,
        exits_let_the_handlers_of_quick_exit_run,
        exits_end_without_the_real_function,
        NULL,
    };
    return suite_run("exits", tests);
}
