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
    uint32_t number; /* of the line asked for last, and where it begins */
    size_t position;
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

/* Have the text of @path in memory, if it can be read. */
static void open_source(struct source_lines *sources, const char *path)
{
    if (sources->path == NULL || strcmp(sources->path, path) != 0) {
        free(sources->path);
        free(sources->text);
        sources->path = strdup(path);
        sources->length = 0;
        sources->text = read_file(path, &sources->length);
        sources->number = 1;
        sources->position = 0;
    }
}

/* Find a line. Return: its first byte, NULL if it is not there. @ret_end: after its last one. */
static const char *find_line(struct source_lines *sources, uint32_t line, const char **ret_end)
{
    if (sources->text == NULL || line == 0) {
        return NULL;
    }
    const char *end = sources->text + sources->length;
    if (line < sources->number) {
        sources->number = 1;
        sources->position = 0;
    }
    const char *at = sources->text + sources->position;
    for (; sources->number < line; sources->number++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        if (next == NULL) {
            return NULL;
        }
        at = next + 1;
        sources->position = (size_t)(at - sources->text);
    }
    const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    *ret_end = stop == NULL ? end : stop;
    return at < end ? at : NULL;
}

static char *keep_line(struct source_lines *sources, const char *at, const char *stop)
{
    stop -= stop > at && stop[-1] == '\r' ? 1 : 0;
    size_t length = (size_t)(stop - at) < LINE_BYTES_MAX ? (size_t)(stop - at) : LINE_BYTES_MAX - 1;
    memcpy(sources->line, at, length);
    sources->line[length] = '\0';
    return sources->line;
}

static char *copy_line(struct source_lines *sources, const char *path, uint32_t line)
{
    const char *stop = NULL;
    open_source(sources, path);
    const char *at = find_line(sources, line, &stop);
    return at == NULL ? NULL : keep_line(sources, at, stop);
}

const char *source_line_whole(struct source_lines *sources, const char *path, uint32_t line)
{
    return copy_line(sources, path, line);
}

const char *source_line(struct source_lines *sources, const char *path, uint32_t line)
{
    char *text = copy_line(sources, path, line);
    if (text == NULL) {
        return NULL;
    }
    while (isspace((unsigned char)*text) != 0) {
        text++;
    }
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]) != 0) {
        text[--length] = '\0';
    }
    return length > 0 ? text : NULL;
}
