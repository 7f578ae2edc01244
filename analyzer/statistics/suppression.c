/*
 * A pattern is a row of pieces between stars. Each is taken where it is found first, which leaves
 * most for the others; one before "$" has to be the end of the text.
 */
#include "suppression.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PREFIX[] = "leak:";

/* Return: the first place of @length bytes of @piece in @text; NULL if there is none. */
static const char *find_piece(const char *text, const char *piece, size_t length)
{
    const char *end = text + strlen(text);
    for (; (size_t)(end - text) >= length; text++) {
        if (memcmp(text, piece, length) == 0) {
            return text;
        }
    }
    return NULL;
}

bool suppression_matches(const char *pattern, const char *text)
{
    if (text == NULL) {
        return false;
    }
    bool is_anchored = pattern[0] == '^';
    pattern += is_anchored ? 1 : 0;
    for (;;) {
        size_t length = strcspn(pattern, "*$");
        size_t left = strlen(text);
        if (pattern[length] == '$') {
            bool fits = is_anchored ? left == length : left >= length;
            return fits && memcmp(text + left - length, pattern, length) == 0;
        }
        const char *found = is_anchored && (left < length || memcmp(text, pattern, length) != 0)
                                ? NULL
                                : find_piece(text, pattern, length);
        if (found == NULL || pattern[length] == '\0') {
            return found != NULL;
        }
        text = found + length;
        pattern += length + 1;
        is_anchored = false;
    }
}

static bool add(struct suppressions *suppressions, const char *pattern)
{
    char **grown =
        realloc(suppressions->patterns, (suppressions->count + 1) * sizeof *suppressions->patterns);
    if (grown == NULL) {
        return false;
    }
    suppressions->patterns = grown;
    grown[suppressions->count] = strdup(pattern);
    return grown[suppressions->count++] != NULL;
}

/* Cut blanks off both ends. Return: the first character that is none. */
static char *trim(char *line)
{
    static const char blanks[] = " \t\r\n";
    line += strspn(line, blanks);
    size_t length = strlen(line);
    while (length > 0 && strchr(blanks, line[length - 1]) != NULL) {
        line[--length] = '\0';
    }
    return line;
}

enum trace_status suppressions_load(struct suppressions *suppressions, const char *path,
                                    struct trace_error *error)
{
    const size_t prefix = sizeof PREFIX - 1;
    enum trace_status status = TRACE_OK;
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    errno = file != NULL ? 0 : errno;
    for (size_t number = 1; file != NULL && status == TRACE_OK; number++) {
        if (getline(&line, &room, file) < 0) {
            break;
        }
        const char *text = trim(line);
        if (text[0] == '\0' || text[0] == '#') {
            continue;
        }
        if (strncmp(text, PREFIX, prefix) != 0 || text[prefix] == '\0') {
            status = trace_fail(error, TRACE_CORRUPT, 0,
                                "%s:%zu: \"%.64s\" is no suppression; one is leak:PATTERN", path,
                                number, text);
        } else if (!add(suppressions, text + prefix)) {
            status = trace_fail(error, TRACE_NOMEM, 0, "no memory for suppressions");
        }
    }
    if (status == TRACE_OK && (file == NULL || ferror(file) != 0)) {
        status = trace_fail(error, TRACE_IO, 0, "%s: cannot be read: %s", path, strerror(errno));
    }
    free(line);
    if (file != NULL) {
        (void)fclose(file);
    }
    return status;
}

void suppressions_fini(struct suppressions *suppressions)
{
    for (size_t i = 0; i < suppressions->count; i++) {
        free(suppressions->patterns[i]);
    }
    free(suppressions->patterns);
    *suppressions = (struct suppressions){0};
}

bool suppressions_match(const struct suppressions *suppressions, const struct frame *frame)
{
    for (size_t i = 0; i < suppressions->count; i++) {
        const char *pattern = suppressions->patterns[i];
        if (suppression_matches(pattern, frame->function) ||
            suppression_matches(pattern, frame->file) ||
            suppression_matches(pattern, frame->path) ||
            suppression_matches(pattern, frame->module)) {
            return true;
        }
    }
    return false;
}
