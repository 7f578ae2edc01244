/* fnmatch over the names of a frame. Backslashes are ordinary, as in Python's fnmatch. */
#include "pattern.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { PLAIN_NAME_BYTES = 1024 };

/*
 * Cut digits off the end of @text, with @mark before them.
 * Return: whether there were any, of a number of 32 bits that is at least @least.
 */
static bool cut_number(char *text, char mark, uint32_t least, uint32_t *ret_number)
{
    char *at = strrchr(text, mark);
    char *end = NULL;
    if (at == NULL || isdigit((unsigned char)at[1]) == 0) {
        return false;
    }
    unsigned long number = strtoul(at + 1, &end, 10);
    if (*end != '\0' || number < least || number > UINT32_MAX) {
        return false;
    }
    *at = '\0';
    *ret_number = (uint32_t)number;
    return true;
}

bool patterns_add(struct patterns *patterns, const char *text, bool has_parts)
{
    struct pattern pattern = {.glob = strdup(text)};
    struct pattern *items =
        realloc(patterns->items, (patterns->count + 1) * sizeof *patterns->items);
    if (items != NULL) {
        patterns->items = items;
    }
    if (pattern.glob == NULL || items == NULL) {
        free(pattern.glob);
        return false;
    }
    if (has_parts) {
        pattern.has_domain = cut_number(pattern.glob, '@', 0, &pattern.domain);
        (void)cut_number(pattern.glob, ':', 1, &pattern.line);
        patterns->have_domain = patterns->have_domain || pattern.has_domain;
    }
    patterns->items[patterns->count++] = pattern;
    return true;
}

void patterns_fini(struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++) {
        free(patterns->items[i].glob);
    }
    free(patterns->items);
    *patterns = (struct patterns){0};
}

const char *pattern_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Return: whether @at is right after the word "operator". */
static bool follows_operator(const char *start, const char *at)
{
    const size_t length = sizeof "operator" - 1;
    size_t before = (size_t)(at - start);
    if (before < length || memcmp(at - length, "operator", length) != 0) {
        return false;
    }
    unsigned char previous = before > length ? (unsigned char)at[-(ptrdiff_t)length - 1] : ' ';
    return isalnum(previous) == 0 && previous != '_';
}

/* Return: the last character of the operator whose symbol, blank or parenthesis is at @at. */
static const char *skip_operator(const char *at)
{
    if (at[0] == '(' && at[1] == ')') {
        return at + 1;
    }
    size_t length = strspn(at, "<>=!-+*/%^&|~,[]");
    bool has_arguments = length > 0 && at[length] == ' ' && at[length + 1] == '<';
    return at + (length > 0 ? length - 1 : 0) + (has_arguments ? 1 : 0);
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

void pattern_plain_name(const char *function, char *name, size_t room)
{
    const char *start = function;
    const char *at = function;
    int depth = 0;
    for (; *at != '\0'; at++) {
        if (follows_operator(function, at)) {
            // "operator new[]" keeps its blank, "operator<" does not open template arguments.
            at = skip_operator(at);
        } else if (*at == '<') {
            depth++;
        } else if (*at == '>') {
            depth--;
        } else if (*at == '(' && depth <= 0 && !starts_with(at, "(anonymous namespace)")) {
            break;
        } else if (*at == ' ' && depth <= 0 && !starts_with(at, " namespace)")) {
            start = at + 1; // what is before is a return type
        }
    }
    size_t length = (size_t)(at - start);
    length = length < room ? length : room - 1;
    memcpy(name, start, length);
    name[length] = '\0';
}

static bool glob_matches(const char *glob, const char *text)
{
    return text != NULL && fnmatch(glob, text, FNM_NOESCAPE) == 0;
}

static bool path_matches(const char *glob, const char *path)
{
    return path != NULL &&
           (glob_matches(glob, path) ||
            (strchr(glob, '/') == NULL && glob_matches(glob, pattern_base_name(path))));
}

static bool file_matches(const char *glob, const struct frame *frame)
{
    return path_matches(glob, frame->file) || glob_matches(glob, frame->path);
}

bool patterns_match_file(const struct patterns *patterns, const struct frame *frame)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (file_matches(patterns->items[i].glob, frame)) {
            return true;
        }
    }
    return false;
}

/* Return: whether a pattern is nothing but a domain. */
static bool is_bare(const struct pattern *pattern)
{
    return pattern->has_domain && pattern->line == 0 && pattern->glob[0] == '\0';
}

/* @domain: of the patterns that are tried; NULL: those that have none. */
static bool match(const struct patterns *patterns, const struct frame *frame,
                  const uint32_t *domain)
{
    char plain[PLAIN_NAME_BYTES] = "";
    if (frame->function != NULL && patterns->count > 0) {
        pattern_plain_name(frame->function, plain, sizeof plain);
    }
    for (size_t i = 0; i < patterns->count; i++) {
        const struct pattern *pattern = &patterns->items[i];
        if (pattern->has_domain != (domain != NULL) ||
            (domain != NULL && *domain != pattern->domain) ||
            (pattern->line != 0 && pattern->line != frame->line)) {
            continue;
        }
        if (is_bare(pattern) || file_matches(pattern->glob, frame) ||
            path_matches(pattern->glob, frame->module) ||
            glob_matches(pattern->glob, frame->function) ||
            (frame->function != NULL && glob_matches(pattern->glob, plain)) ||
            (!frame->has_line && glob_matches(pattern->glob, frame->place))) {
            return true;
        }
    }
    return false;
}

bool patterns_match(const struct patterns *patterns, const struct frame *frame)
{
    return match(patterns, frame, NULL);
}

bool patterns_match_in_domain(const struct patterns *patterns, const struct frame *frame,
                              uint32_t domain)
{
    return patterns->have_domain && match(patterns, frame, &domain);
}
