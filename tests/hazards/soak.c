/*
 * Everything at once, for as long as one likes: threads that allocate, hand blocks to each other
 * and end, children, and plugins that come and go at the same addresses. Memory must stop growing.
 * Defence: all of it; that states, windows and tables are used again (threads.c, site_table.c,
 * stack_table.c), or the resident memory would grow with time.
 * Without it: with a state of its own for every thread (no thread_list_reclaim()) 12 seconds were
 * enough for "memory GROWS".
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "seen.h"

#define THREADS 3
#define BOXES 64
#define CHILD_BLOCKS 10
#define GROWTH_BYTES                                                                               \
    ((long)48 << 20) /* what caches and debris may still add after a quarter of the time */

static _Atomic(void *) boxes[BOXES];
static atomic_bool is_over;
static long children;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long resident_bytes(void)
{
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    need(file != NULL && fgets(line, sizeof line, file) != NULL, "statm");
    fclose(file);
    return strtol(strchr(line, ' '), NULL, 10) * sysconf(_SC_PAGESIZE);
}

static __attribute__((noinline)) void *deep(unsigned depth)
{
    void *block = depth == 0 ? marked() : deep(depth - 1);
    __asm__ volatile("" ::: "memory");
    return block;
}

/* A short life: put blocks into boxes, and free what others put there. */
static void *work(void *argument)
{
    for (unsigned i = 0; i < 2000; i++) {
        free(atomic_exchange(&boxes[(i * 7) % BOXES], deep(i % 30)));
        free(realloc(malloc(1 + i % 500), (size_t)2 * (1 + i % 500)));
    }
    return argument;
}

/* One thread after another. */
static void *start_workers(void *argument)
{
    while (!is_over) {
        pthread_t worker;
        need(pthread_create(&worker, NULL, work, NULL) == 0, "pthread_create");
        pthread_join(worker, NULL);
        usleep(1000);
    }
    return argument;
}

static void make_child(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        marked_churn(CHILD_BLOCKS);
        _exit(7);
    }
    need(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "a child");
    children++;
}

static void use_plugin(const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.so", directory, name);
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    need(plugin != NULL, path);
    void *(*allocate)(size_t) = NULL;
    void *symbol = dlsym(plugin, "allocate");
    memcpy(&allocate, &symbol, sizeof symbol);
    free(allocate(MARKED));
    atomic_fetch_add(&marked_count, 1);
    dlclose(plugin);
}

int main(int count, char **arguments)
{
    pthread_t threads[THREADS];
    need(count > 2, "arguments");
    double begin = now();
    double seconds = strtod(arguments[1], NULL);
    long early = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        need(pthread_create(&threads[i], NULL, start_workers, NULL) == 0, "pthread_create");
    }
    for (unsigned i = 0; now() - begin < seconds; i++) {
        use_plugin(arguments[2], i % 2 == 0 ? "plugin_first" : "plugin_second");
        if (i % 100 == 0) {
            make_child();
        }
        if (early == 0 && now() - begin > seconds / 4) {
            early = resident_bytes();
        }
        usleep(1000);
    }
    long grown = resident_bytes() - early;
    is_over = true;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (unsigned i = 0; i < BOXES; i++) {
        free(atomic_exchange(&boxes[i], NULL));
    }
    say("memory %s\n", grown < GROWTH_BYTES ? "is bounded" : "GROWS");
    say("marked %ld\n", atomic_load(&marked_count) + CHILD_BLOCKS * children);
    say("live 0\n");
    return 0;
}
