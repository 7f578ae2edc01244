/* Scenes of threads and of forked processes. */
#include "scene.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "libtrace.h"

#define THREADS 4

static pthread_barrier_t barrier;

static void *run_thread(void *argument)
{
    unsigned i = *(const unsigned *)argument;
    char name[16];
    (void)snprintf(name, sizeof name, "worker %u", i);
    (void)prctl(PR_SET_NAME, name);
    (void)pthread_barrier_wait(&barrier);
    allocate(10 + i, 1000 + i);
    (void)pthread_barrier_wait(&barrier); /* all are alive until all have recorded */
    return NULL;
}

static void scene_threads(void)
{
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];
    allocate(1, 100);
    REQUIRE(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        REQUIRE(pthread_create(&threads[i], NULL, run_thread, &numbers[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        REQUIRE(pthread_join(threads[i], NULL) == 0);
    }
    release(10); /* a block of another thread */
}

static void scene_fork(void)
{
    allocate(1, 100);
    allocate(4, 400);
    in_child(live_as_child);
    release(1);
}

static void live_silently(void)
{
}

static void scene_fork_silent(void)
{
    allocate(1, 100);
    in_child(live_silently);
}

static void scene_fork_paused(void)
{
    allocate(1, 100);
    libtrace_stop();
    in_child(live_as_child);
}

/* As many threads as there are states, and then as many again, with what the first ones left. */
static void scene_traced_threads(void)
{
    pthread_t thread;
    libtrace_clear_traces();
    REQUIRE(pthread_barrier_init(&barrier, NULL, 1) == 0);
    for (unsigned i = 0; i < 20; i++) {
        REQUIRE(pthread_create(&thread, NULL, run_thread, &i) == 0);
        REQUIRE(pthread_join(thread, NULL) == 0);
        require_memory((size_t)1000 * (i + 1) + i * (i + 1) / 2,
                       (size_t)1000 * (i + 1) + i * (i + 1) / 2);
    }
}

static void live_and_ask(void)
{
    REQUIRE(libtrace_is_tracing() == 1);
    require_memory(0, 0);
    allocate(2, 200);
    release(1);
    require_memory(200, 200);
    libtrace_clear_traces();
    allocate(3, 300);
    require_memory(300, 300);
}

static void scene_traced_fork(void)
{
    allocate(1, 100);
    require_memory(100, 100);
    in_child(live_and_ask);
    require_memory(100, 100);
    in_child(live_and_ask);
}

const struct scene scenes_of_threads[] = {
    {"threads", scene_threads},
    {"fork", scene_fork},
    {"fork_silent", scene_fork_silent},
    {"fork_paused", scene_fork_paused},
    {"traced_threads", scene_traced_threads},
    {"traced_fork", scene_traced_fork},
    {0},
};
