/*
 * One file is kept in memory, the one asked for last. Paths come from debug information that may be
 * anybody's: only regular files of a sane size are read.
 */
#include "source_line.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_BYTES_MAX = 64 << 20,
    LINE_BYTES_MAX = 4096,
};

struct source_lines {
    char *path;
    char *text;
    size_t length;
    char line[LINE_BYTES_MAX];
};

struct source_lines *source_lines_new(void)
{
    return calloc(1, sizeof(struct source_lines));
}

void source_lines_free(struct source_lines *sources)
{
    if (sources != NULL) {
        free(sources->path);
        free(sources->text);
        free(sources);
    }
}

/* Read a whole file. Return: its bytes, or NULL. */
static char *read_file(const char *path, size_t *ret_length)
{
    struct stat facts;
    char *text = NULL;
    size_t length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return NULL;
    }
    bool is_readable = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0 &&
                       facts.st_size <= FILE_BYTES_MAX;
    if (is_readable) {
        text = malloc((size_t)facts.st_size);
    }
    while (text != NULL && length < (size_t)facts.st_size) {
        ssize_t got = read(fd, text + length, (size_t)facts.st_size - length);
        if (got <= 0) {
            break;
        }
        length += (size_t)got;
    }
    (void)close(fd);
    *ret_length = length;
    return text;
}

const char *source_line(struct source_lines *sources, const char *path, uint32_t line)
{
    if (sources->path == NULL || strcmp(sources->path, path) != 0) {
        free(sources->path);
        free(sources->text);
        sources->path = strdup(path);
        sources->length = 0;
        sources->text = read_file(path, &sources->length);
    }
    if (sources->text == NULL) {
        return NULL;
    }
    const char *at = sources->text;
    const char *end = sources->text + sources->length;
    for (uint32_t i = 1; i < line; i++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        if (next == NULL) {
            return NULL;
        }
        at = next + 1;
    }
    const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : end;
    stop = stop == NULL ? end : stop;
    while (at < stop && isspace((unsigned char)*at) != 0) {
        at++;
    }
    while (stop > at && isspace((unsigned char)stop[-1]) != 0) {
        stop--;
    }
    size_t length = (size_t)(stop - at) < LINE_BYTES_MAX ? (size_t)(stop - at) : LINE_BYTES_MAX - 1;
    memcpy(sources->line, at, length);
    sources->line[length] = '\0';
    return length > 0 ? sources->line : NULL;
}
