/* The slow path's lock. */
#include "lock.h"

#include <pthread.h>
#include <stdbool.h>

#include "suite.h"

#define THREADS 4
#define ROUNDS ((uint64_t)20000)

static struct lock lock;
static uint64_t counter; /* under the lock */

static void *count_up(void *argument)
{
    (void)argument;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        lock_acquire(&lock);
        counter++;
        lock_release(&lock);
    }
    return NULL;
}

START_TEST(lock_lets_one_in_at_a_time)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_up, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_uint_eq(counter, THREADS * ROUNDS);
    ck_assert_uint_eq(atomic_load(&lock.state), 0);
}
END_TEST

static _Atomic unsigned inside;

static void *wait_for_lock(void *argument)
{
    (void)argument;
    lock_acquire(&lock);
    (void)atomic_fetch_add(&inside, 1);
    lock_release(&lock);
    return NULL;
}

/* Many sleep; each that leaves wakes the next. */
START_TEST(lock_wakes_everybody_who_waits)
{
    pthread_t threads[THREADS];
    lock_acquire(&lock);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, wait_for_lock, NULL), 0);
    }
    ck_assert_int_eq(usleep(50000), 0);
    ck_assert_uint_eq(atomic_load(&inside), 0);
    ck_assert_uint_eq(atomic_load(&lock.state), 2);
    lock_release(&lock);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_uint_eq(atomic_load(&inside), THREADS);
    ck_assert_uint_eq(atomic_load(&lock.state), 0);
}
END_TEST

START_TEST(lock_is_cheap_when_nobody_else_wants_it)
{
    for (int i = 0; i < 3; i++) {
        lock_acquire(&lock);
        ck_assert_uint_eq(atomic_load(&lock.state), 1);
        lock_release(&lock);
        ck_assert_uint_eq(atomic_load(&lock.state), 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        lock_lets_one_in_at_a_time,
        lock_wakes_everybody_who_waits,
        lock_is_cheap_when_nobody_else_wants_it,
        NULL,
    };
    return suite_run("lock", tests);
}
