/*
 * When heap pictures are due, over a tracer of the test's own that is not recording: then nothing
 * else is done. Ticks are milliseconds in 32 bits, and stay at the last one after 49 days.
 */
#include "periods.h"

#include <string.h>

#include "picture.h"
#include "process.h"
#include "suite.h"
#include "writing.h"

struct process process;
struct gate gate;

static unsigned pictures;

bool picture_take(const char *name, bool waits)
{
    ck_assert_str_eq(name, "interval");
    ck_assert(!waits);
    pictures++;
    return true;
}

uint8_t *writing_make_room(struct thread_state *state, size_t room)
{
    (void)state;
    (void)room;
    ck_abort_msg("an event while nothing is recorded");
}

uint8_t *writing_pass_time(struct thread_state *state, size_t room)
{
    return writing_make_room(state, room);
}

static void start(unsigned seconds)
{
    process.config.picture_seconds = seconds;
    periods_start(&process.periods, &process.config, &process.tally);
    pictures = 0;
}

/* Return: how many pictures were taken at @tick, by two threads one after the other. */
static unsigned run(uint32_t tick)
{
    static struct thread_state state;
    unsigned before = pictures;
    periods_run(&state, tick);
    periods_run(&state, tick);
    return pictures - before;
}

START_TEST(periods_take_a_picture_each_time)
{
    start(10);
    ck_assert_uint_eq(run(0), 0);
    ck_assert_uint_eq(run(9999), 0);
    ck_assert_uint_eq(run(10000), 1);
    ck_assert_uint_eq(run(19999), 0);
    ck_assert_uint_eq(run(20001), 1);
    ck_assert_uint_eq(run(30000), 0); /* not 10 s after the last one */
    ck_assert_uint_eq(run(30001), 1);
    ck_assert_uint_eq(run(500000), 1); /* many were due */
    ck_assert_uint_eq(run(509999), 0);
}
END_TEST

START_TEST(periods_take_no_picture_unless_asked)
{
    start(0);
    ck_assert_uint_eq(run(UINT32_MAX), 0);
}
END_TEST

START_TEST(periods_end_with_time)
{
    start(10);
    ck_assert_uint_eq(run(UINT32_MAX - 10000), 1);
    ck_assert_uint_eq(run(UINT32_MAX - 1), 0);
    ck_assert_uint_eq(run(UINT32_MAX), 1);
    ck_assert_uint_eq(run(UINT32_MAX),
                      0); /* the last tick goes on, and no picture after the other */
    ck_assert(!periods_are_due(&process.periods, UINT32_MAX, &process.tally));
}
END_TEST

START_TEST(periods_may_be_longer_than_time)
{
    start(UINT32_MAX);
    ck_assert_uint_eq(run(UINT32_MAX), 0);
}
END_TEST

/* A child after fork counts from its own beginning. */
START_TEST(periods_start_anew)
{
    start(10);
    ck_assert_uint_eq(run(500000), 1);
    start(10);
    ck_assert_uint_eq(run(9999), 0);
    ck_assert_uint_eq(run(10000), 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        periods_take_a_picture_each_time,
        periods_take_no_picture_unless_asked,
        periods_end_with_time,
        periods_may_be_longer_than_time,
        periods_start_anew,
        NULL,
    };
    return suite_run("periods", tests);
}
