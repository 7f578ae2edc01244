/* memory_limit.c: the limit that is named is the one that the process has. */
#include "memory_limit.h"

#include <stdbool.h>
#include <sys/resource.h>

#include "unit.h"

/* Return: whether both limits could be set. Larger ones than any process needs. */
static bool limit(rlim_t space, rlim_t data)
{
    const struct rlimit limits[] = {{space, RLIM_INFINITY}, {data, RLIM_INFINITY}};
    return setrlimit(RLIMIT_AS, &limits[0]) == 0 && setrlimit(RLIMIT_DATA, &limits[1]) == 0;
}

static const struct {
    rlim_t space;
    rlim_t data;
    const char *advice;
} limits[] = {
    {RLIM_INFINITY, RLIM_INFINITY,
     "the system has no more memory; free some, or report on fewer traces at once"},
    {(rlim_t)1 << 60, RLIM_INFINITY,
     "memory is limited to 1048576 TiB here; raise that (ulimit -v unlimited), or report on fewer "
     "traces at once"},
    {(rlim_t)1 << 60, (rlim_t)1 << 50,
     "memory is limited to 1024 TiB here; raise that (ulimit -d unlimited), or report on fewer "
     "traces at once"},
};

START_TEST(memory_limit_is_named)
{
    char text[MEMORY_LIMIT_BYTES];
    if (limit(limits[_i].space, limits[_i].data)) { // else the tests have limits of their own
        ck_assert_str_eq(memory_limit_advice(text), limits[_i].advice);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("memory_limit");
    tcase_add_loop_test(tests, memory_limit_is_named, 0, sizeof limits / sizeof limits[0]);
    return unit_run("memory_limit", tests);
}
