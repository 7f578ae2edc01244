/*
 * Plugins with thread-local storage come and go, threads touch it: the loader allocates in the
 * middle.
 * Defence: initial-exec TLS for our own pointer (process.h).
 * Without it: there is nothing to take out that would still link; not seen to fail.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "seen.h"

#define THREADS 4
#define PLUGINS 6
#define ROUNDS 150

static atomic_bool is_over;
static char *(*touch[PLUGINS])(int);
static pthread_barrier_t step;

static void *churn(void *argument)
{
    while (!is_over) {
        free(marked());
    }
    return argument;
}

static void *use(void *argument)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&step);
        for (unsigned i = 0; i < PLUGINS; i++) {
            need(touch[i]((int)i)[100] == (char)i, "touch");
            free(marked());
        }
        pthread_barrier_wait(&step);
    }
    return argument;
}

int main(int count, char **arguments)
{
    pthread_t threads[THREADS];
    void *plugins[PLUGINS];
    char path[512];
    need(count == 2, "arguments");
    pthread_barrier_init(&step, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        need(pthread_create(&threads[i], NULL, i == 0 ? churn : use, NULL) == 0, "pthread_create");
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < PLUGINS; i++) {
            snprintf(path, sizeof path, "%s/plugin_tls%u.so", arguments[1], i);
            plugins[i] = dlopen(path, RTLD_NOW | RTLD_LOCAL);
            need(plugins[i] != NULL, path);
            void *symbol = dlsym(plugins[i], "touch");
            memcpy(&touch[i], &symbol, sizeof symbol);
        }
        pthread_barrier_wait(&step);
        pthread_barrier_wait(&step);
        for (unsigned i = 0; i < PLUGINS; i++) {
            dlclose(plugins[i]);
        }
    }
    is_over = true;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    say("%d rounds\n", ROUNDS);
    say_marked();
    say("live 0\n");
    return 0;
}
