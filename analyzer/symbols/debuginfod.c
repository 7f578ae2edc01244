/*
 * One client for each file: they are few, and a server that does not answer once is not asked
 * again (libdebuginfod keeps that in its cache, too, for ten minutes).
 */
#include "debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIBRARY "libdebuginfod.so.1"

/* As <elfutils/debuginfod.h> has them; the header is not needed to build. */
typedef int (*progress_function)(void *client, long done, long total);

struct library {
    void *handle;
    void *(*begin)(void);
    void (*end)(void *client);
    int (*find)(void *client, const unsigned char *build_id, int build_id_bytes, char **ret_path);
    void (*set_progress)(void *client, progress_function function);
    void (*set_user_data)(void *client, void *data);
    void *(*get_user_data)(void *client);
};

struct download {
    const char *what;
    time_t started;
    bool is_terminal;
    bool is_shown;
};

static bool load_symbol(void *handle, const char *name, void *ret_function, size_t bytes)
{
    void *symbol = dlsym(handle, name);
    memcpy(ret_function, &symbol, bytes); // a pointer to data may be one to a function: POSIX
    return symbol != NULL;
}

#define LOAD(library, name, field)                                                                 \
    load_symbol((library)->handle, name, &(library)->field, sizeof(library)->field)

/* Return: whether the library is there, with all that is needed. */
static bool load(struct library *library)
{
    library->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    return library->handle != NULL && LOAD(library, "debuginfod_begin", begin) &&
           LOAD(library, "debuginfod_end", end) &&
           LOAD(library, "debuginfod_find_debuginfo", find) &&
           LOAD(library, "debuginfod_set_progressfn", set_progress) &&
           LOAD(library, "debuginfod_set_user_data", set_user_data);
}

static time_t now_s(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Return: what the client was given. The callback gets the client alone, so the library again. */
static struct download *download_of(void *client)
{
    struct library library = {.handle = dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD)};
    return library.handle != NULL && LOAD(&library, "debuginfod_get_user_data", get_user_data)
               ? library.get_user_data(client)
               : NULL;
}

/* libdebuginfod calls it a few times a second. Return: not 0 to give up. */
static int show_progress(void *client, long done, long total)
{
    struct download *download = download_of(client);
    if (download == NULL) {
        return 0;
    }
    if (download->is_terminal) {
        download->is_shown = true;
        (void)fprintf(stderr, "\rdebuginfod: %.60s: %ld of %ld KiB\033[K", download->what,
                      done / 1024, total / 1024);
    }
    return now_s() - download->started >= DEBUGINFOD_SECONDS_MAX;
}

/* Return: libdebuginfod's result: a descriptor, or minus an error number. */
static int run(const struct library *library, const uint8_t *build_id, size_t build_id_bytes,
               struct download *download, char **ret_path)
{
    void *client = library->begin();
    if (client == NULL) {
        return -ENOMEM;
    }
    library->set_user_data(client, download);
    library->set_progress(client, show_progress);
    int result = library->find(client, build_id, (int)build_id_bytes, ret_path);
    library->end(client);
    if (download->is_shown) {
        (void)fputs("\r\033[K", stderr);
    }
    return result;
}

bool debuginfod_fetch(const uint8_t *build_id, size_t build_id_bytes, const char *what,
                      char *ret_path, size_t path_bytes, char *ret_why, size_t why_bytes)
{
    const char *urls = getenv("DEBUGINFOD_URLS");
    struct library library = {0};
    char *path = NULL;
    if (urls == NULL || urls[strspn(urls, " ")] == '\0' || build_id_bytes == 0) {
        return false;
    }
    if (!load(&library)) {
        (void)snprintf(ret_why, why_bytes,
                       "DEBUGINFOD_URLS is set, but " LIBRARY
                       " cannot be loaded: install libdebuginfod1");
        return false;
    }
    struct download download = {
        .what = what, .started = now_s(), .is_terminal = isatty(STDERR_FILENO) == 1};
    int result = run(&library, build_id, build_id_bytes, &download, &path);
    bool is_found = result >= 0 && path != NULL && strlen(path) < path_bytes;
    if (is_found) {
        (void)snprintf(ret_path, path_bytes, "%s", path);
    } else {
        (void)snprintf(ret_why, why_bytes, "debuginfod has no debug file of it: %s",
                       result < 0 ? strerror(-result) : "its name is too long");
    }
    if (result >= 0) {
        (void)close(result);
    }
    free(path);
    return is_found; // the library stays: curl does not like to be unloaded
}
