/* States of threads: taken over only when their owner is gone. */
#include "thread_state.h"

#include <pthread.h>

#include "memory.h"
#include "suite.h"
#include "sys.h"

#define THREADS 6
#define OTHER_OWNER 1 /* init, which is no thread of this process */

static struct thread_list list;
static pthread_barrier_t barrier;

/* A thread that tells its id and ends. */
static void *tell_id(void *argument)
{
    atomic_store((_Atomic int *)argument, sys_gettid());
    return NULL;
}

static void *live_until_barrier(void *argument)
{
    atomic_store((_Atomic int *)argument, sys_gettid());
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_barrier_wait(&barrier);
    return NULL;
}

/* The id of a thread that has ended, and whose number the kernel has not used again. */
static int dead_thread(void)
{
    _Atomic int thread = 0;
    pthread_t handle;
    ck_assert_int_eq(pthread_create(&handle, NULL, tell_id, &thread), 0);
    ck_assert_int_eq(pthread_join(handle, NULL), 0);
    while (sys_tgkill(sys_getpid(), atomic_load(&thread), 0) == 0) {
        ck_assert_int_eq(usleep(1000), 0); /* join returns a little before the kernel forgets */
    }
    return atomic_load(&thread);
}

static struct thread_state *add(int owner)
{
    struct thread_state *state = thread_state_new();
    ck_assert_ptr_nonnull(state);
    thread_list_add(&list, state, owner);
    ck_assert_int_eq(atomic_load(&state->owner), owner);
    return state;
}

START_TEST(thread_state_is_new_and_has_a_stack)
{
    uint64_t before = memory_mapped_bytes();
    struct thread_state *state = thread_state_new();
    ck_assert_ptr_nonnull(state);
    ck_assert_int_eq(thread_busy(state), THREAD_IDLE);
    ck_assert_ptr_null(state->events.chunk);
    ck_assert_ptr_null(state->definitions.window.chunk);
    ck_assert_ptr_null(state->nested);
    ck_assert_ptr_eq(state->unwinder.own_stack_top, state->own_stack + sizeof state->own_stack);
    ck_assert_uint_eq((uintptr_t)state->unwinder.own_stack_top % 16, 0);
    ck_assert(site_table_insert(&state->sites, 1, 2, 3));
    thread_state_free(state);
    thread_state_free(NULL);
    ck_assert_uint_eq(memory_mapped_bytes(), before);
}
END_TEST

START_TEST(thread_state_is_not_found_in_an_empty_list)
{
    ck_assert_ptr_null(thread_list_reclaim(&list, sys_gettid()));
}
END_TEST

START_TEST(thread_state_of_an_ended_thread_is_taken_over_once)
{
    struct thread_state *state = add(dead_thread());
    ck_assert_ptr_eq(thread_list_reclaim(&list, sys_gettid()), state);
    ck_assert_int_eq(atomic_load(&state->owner), sys_gettid());
    ck_assert_ptr_null(thread_list_reclaim(&list, OTHER_OWNER));
}
END_TEST

START_TEST(thread_state_whose_number_came_again_is_taken_over)
{
    struct thread_state *state = add(sys_gettid());
    ck_assert_ptr_eq(thread_list_reclaim(&list, sys_gettid()), state);
}
END_TEST

START_TEST(thread_states_of_living_threads_are_left_alone)
{
    pthread_t threads[THREADS];
    _Atomic int ids[THREADS];
    struct thread_state *states[THREADS];
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS + 1), 0);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, live_until_barrier, &ids[i]), 0);
    }
    (void)pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < THREADS; i++) {
        states[i] = add(atomic_load(&ids[i]));
    }
    struct thread_state *dead = add(dead_thread());
    for (int i = 0; i < 10; i++) {
        ck_assert_ptr_eq(thread_list_reclaim(&list, sys_gettid()), dead);
        atomic_store(&dead->owner, OTHER_OWNER);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(atomic_load(&states[i]->owner), atomic_load(&ids[i]));
    }
    (void)pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}
END_TEST

/* However long the list, the hand comes round to every state of an ended thread. */
START_TEST(thread_states_are_all_found_in_time)
{
    const unsigned count = 100;
    int dead = dead_thread();
    for (unsigned i = 0; i < count; i++) {
        (void)add(i % 10 == 3 ? dead : sys_getpid());
    }
    unsigned found = 0;
    for (unsigned i = 0; i < count; i++) {
        struct thread_state *state = thread_list_reclaim(&list, OTHER_OWNER);
        if (state != NULL) {
            ck_assert_int_eq(atomic_load(&state->owner), OTHER_OWNER);
            atomic_store(&state->owner, sys_getpid());
            found++;
        }
    }
    ck_assert_uint_eq(found, count / 10);
}
END_TEST

static void *reclaim_many(void *argument)
{
    uintptr_t found = 0;
    (void)argument;
    for (int i = 0; i < 200; i++) {
        found += thread_list_reclaim(&list, sys_gettid()) != NULL;
    }
    return (void *)found;
}

/* A thread's own states count as ended, so owners are numbers that no thread has. */
START_TEST(thread_states_are_taken_by_one_thread_each)
{
    pthread_t threads[THREADS];
    uintptr_t found = 0;
    int dead = dead_thread();
    for (unsigned i = 0; i < 50; i++) {
        (void)add(dead);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reclaim_many, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        found += (uintptr_t)result;
    }
    ck_assert_uint_ge(found, 50);
    for (struct thread_state *state = atomic_load(&list.first); state != NULL;
         state = state->next) {
        ck_assert_int_ne(atomic_load(&state->owner), dead);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        thread_state_is_new_and_has_a_stack,
        thread_state_is_not_found_in_an_empty_list,
        thread_state_of_an_ended_thread_is_taken_over_once,
        thread_state_whose_number_came_again_is_taken_over,
        thread_states_of_living_threads_are_left_alone,
        thread_states_are_all_found_in_time,
        thread_states_are_taken_by_one_thread_each,
        NULL,
    };
    return suite_run("thread_state", tests);
}
