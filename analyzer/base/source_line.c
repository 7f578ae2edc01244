/*
 * The files asked for last are kept in memory: the frames of stacks go to and fro between them. One
 * that cannot be read is kept as such. Paths come from debug information that may be anybody's:
 * only regular files of a sane size are read.
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
    FILE_BYTES_MAX = 64 << 20, /* of one file; of all that are kept but the one in use, too */
    FILES_KEPT = 64,
    LINE_BYTES_MAX = 4096,
};

struct source_file {
    char *path; /* NULL: a free place */
    char *text; /* NULL: cannot be read */
    size_t length;
    uint32_t number; /* of the line asked for last, and where it begins */
    size_t position;
    uint64_t used; /* when it was asked for last */
};

struct source_lines {
    struct source_file files[FILES_KEPT];
    uint64_t clock;
    char line[LINE_BYTES_MAX];
};

struct source_lines *source_lines_new(void)
{
    return calloc(1, sizeof(struct source_lines));
}

static void forget(struct source_file *file)
{
    free(file->path);
    free(file->text);
    *file = (struct source_file){0};
}

void source_lines_free(struct source_lines *sources)
{
    for (size_t i = 0; sources != NULL && i < FILES_KEPT; i++) {
        forget(&sources->files[i]);
    }
    free(sources);
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

/* Return: the file that was asked for longest ago, or a free place, but not @kept. */
static struct source_file *oldest_but(struct source_lines *sources, const struct source_file *kept)
{
    struct source_file *oldest = NULL;
    for (size_t i = 0; i < FILES_KEPT; i++) {
        struct source_file *file = &sources->files[i];
        if (file != kept && (oldest == NULL || file->used < oldest->used)) {
            oldest = file;
        }
    }
    return oldest;
}

/* Forget what was asked for longest ago until the others than @kept are not too much. */
static void make_room(struct source_lines *sources, const struct source_file *kept)
{
    size_t bytes = 0;
    for (size_t i = 0; i < FILES_KEPT; i++) {
        bytes += &sources->files[i] != kept ? sources->files[i].length : 0;
    }
    while (bytes > FILE_BYTES_MAX) {
        struct source_file *oldest = oldest_but(sources, kept);
        bytes -= oldest->length;
        forget(oldest);
        oldest->used = sources->clock; // or the place, which is free now, would be the oldest again
    }
}

/* Return: the file, read if it was not in memory. */
static struct source_file *open_source(struct source_lines *sources, const char *path)
{
    struct source_file *file = NULL;
    for (size_t i = 0; i < FILES_KEPT && file == NULL; i++) {
        const char *known = sources->files[i].path;
        file = known != NULL && strcmp(known, path) == 0 ? &sources->files[i] : NULL;
    }
    if (file == NULL) {
        file = oldest_but(sources, NULL);
        forget(file);
        file->path = strdup(path);
        file->text = read_file(path, &file->length);
        file->number = 1;
        make_room(sources, file);
    }
    file->used = ++sources->clock;
    return file;
}

/* Find a line. Return: its first byte, NULL if it is not there. @ret_end: after its last one. */
static const char *find_line(struct source_file *file, uint32_t line, const char **ret_end)
{
    if (file->text == NULL || line == 0) {
        return NULL;
    }
    const char *end = file->text + file->length;
    if (line < file->number) {
        file->number = 1;
        file->position = 0;
    }
    const char *at = file->text + file->position;
    for (; file->number < line; file->number++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        if (next == NULL) {
            return NULL;
        }
        at = next + 1;
        file->position = (size_t)(at - file->text);
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
    const char *at = find_line(open_source(sources, path), line, &stop);
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
