/*
 * What the user asked for comes in, this process's own environment is changed accordingly; the
 * program inherits it. Called before anything is started, from one thread.
 */
#include "launch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "config.h"

#define LIBRARY_NAME "libtrace.so"

static bool set_variable(const char *name, const char *value, struct refusal *ret_refusal)
{
    if (setenv(name, value, 1) != 0) {
        return refuse(ret_refusal, RUN_FAILED, "%s cannot be set: %s: free some memory", name,
                      strerror(errno));
    }
    return true;
}

bool launch_find_library(char *ret_library, struct refusal *ret_refusal)
{
    /* In a build tree and in most installations lib/ lies beside bin/; with a multiarch system a
     * directory deeper. The last one is where cmake --install put it, wherever this file is now. */
    static const char *const beside[] = {"../lib", "../" TRACE_RUN_LIBDIR,
                                         "../lib/" TRACE_RUN_MULTIARCH, "."};
    char directory[PATH_MAX];
    char candidate[2 * PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", directory, sizeof(directory) - 1);
    if (length < 0) {
        return refuse(ret_refusal, RUN_FAILED,
                      "/proc/self/exe cannot be read: %s: mount /proc, trace-run needs it",
                      strerror(errno));
    }
    directory[length] = '\0';
    char *slash = strrchr(directory, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
        snprintf(candidate, sizeof(candidate), "%s/%s/" LIBRARY_NAME, directory, beside[i]);
        if (realpath(candidate, ret_library) != NULL) {
            return true;
        }
    }
    if (realpath(TRACE_RUN_FULL_LIBDIR "/" LIBRARY_NAME, ret_library) != NULL) {
        return true;
    }
    return refuse(ret_refusal, RUN_FAILED,
                  LIBRARY_NAME " is neither in %s/../lib nor in " TRACE_RUN_FULL_LIBDIR
                               ": build or install it again",
                  directory);
}

static bool is_our_library(const char *entry, size_t length)
{
    const size_t name_length = strlen(LIBRARY_NAME);
    return length >= name_length &&
           memcmp(entry + length - name_length, LIBRARY_NAME, name_length) == 0 &&
           (length == name_length || entry[length - name_length - 1] == '/');
}

bool launch_set_preload(const char *library, struct refusal *ret_refusal)
{
    /* Source: ld.so(8): entries are separated by spaces or colons, and $ORIGIN, $LIB and
     * $PLATFORM are expanded; there is no way to quote any of these. */
    if (strpbrk(library, " :$") != NULL) {
        return refuse(ret_refusal, RUN_FAILED,
                      "%s: LD_PRELOAD cannot name a path with a space, colon or dollar sign: move "
                      "it elsewhere",
                      library);
    }
    const char *entry = getenv("LD_PRELOAD");
    entry = entry != NULL ? entry : "";
    char *list = malloc(strlen(library) + strlen(entry) + 2);
    if (list == NULL) {
        return refuse(ret_refusal, RUN_FAILED, "out of memory: free some");
    }
    char *end = stpcpy(list, library);
    while (*entry != '\0') {
        size_t length = strcspn(entry, " :");
        if (length > 0 && !is_our_library(entry, length)) {
            *end++ = ':';
            end = mempcpy(end, entry, length);
        }
        entry += length;
        entry += *entry != '\0';
    }
    *end = '\0';
    bool is_set = set_variable("LD_PRELOAD", list, ret_refusal);
    free(list);
    return is_set;
}

bool launch_set_session(uint64_t *ret_session, struct refusal *ret_refusal)
{
    uint64_t session = 0;
    char text[sizeof("0123456789abcdef")];
    while (session == 0) {
        if (getrandom(&session, sizeof(session), 0) != (ssize_t)sizeof(session)) {
            return refuse(ret_refusal, RUN_FAILED, "no random number to be had: %s: try again",
                          strerror(errno));
        }
    }
    snprintf(text, sizeof(text), "%016" PRIx64, session);
    if (!set_variable("LIBTRACE_SESSION", text, ret_refusal)) {
        return false;
    }
    *ret_session = session;
    return true;
}

/*
 * The working directory and a slash, as the beginning of a pattern: a per cent sign is doubled.
 * @ret_prefix: empty when there is no such directory (any more).
 */
static void fill_directory(char *ret_prefix, size_t room)
{
    char directory[PATH_MAX];
    size_t length = 0;
    ret_prefix[0] = '\0';
    if (getcwd(directory, sizeof(directory)) == NULL || 2 * strlen(directory) + 2 > room) {
        return;
    }
    for (const char *next = directory; *next != '\0'; next++) {
        if (*next == '%') {
            ret_prefix[length++] = '%';
        }
        ret_prefix[length++] = *next;
    }
    ret_prefix[length++] = '/';
    ret_prefix[length] = '\0';
}

bool launch_set_output(char *ret_pattern, struct refusal *ret_refusal)
{
    char directory[2 * PATH_MAX] = "";
    const char *pattern = getenv("LIBTRACE_OUTPUT");
    if (pattern == NULL || pattern[0] == '\0') {
        pattern = CONFIG_OUTPUT;
    }
    if (pattern[0] != '/') {
        fill_directory(directory, sizeof(directory));
    }
    int length = snprintf(ret_pattern, PATH_MAX, "%s%s", directory, pattern);
    if (length < 0 || length >= PATH_MAX) {
        return refuse(ret_refusal, RUN_FAILED, "%s: the name of the output is too long: shorten it",
                      pattern);
    }
    return set_variable("LIBTRACE_OUTPUT", ret_pattern, ret_refusal);
}
