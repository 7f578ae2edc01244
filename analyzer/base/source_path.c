/*
 * A step back is taken out of a name with the step before it. That is another file if the step
 * before was a symbolic link; where the file is there to be looked at, this is seen.
 */
#include "source_path.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* Is the step of @length bytes this one? */
static bool is_step(const char *step, size_t length, const char *name)
{
    return length == strlen(name) && memcmp(step, name, length) == 0;
}

/* Write an absolute path without steps back into @text. Return: false if that cannot be. */
static bool straighten(const char *path, char *text)
{
    size_t used = 0;
    while (*path == '/') {
        const char *step = path + 1;
        size_t length = strcspn(step, "/");
        path = step + length;
        if (is_step(step, length, "..")) {
            while (used > 0 && text[--used] != '/') {
            }
        } else if (length > 0 && !is_step(step, length, ".")) {
            if (used + 1 + length >= SOURCE_PATH_BYTES) {
                return false;
            }
            text[used++] = '/';
            memcpy(text + used, step, length);
            used += length;
        }
    }
    text[used] = '\0';
    return used > 0;
}

/* Return: whether both are known to be different files. */
static bool are_different(const char *path, const char *other)
{
    struct stat one;
    struct stat two;
    return stat(path, &one) == 0 &&
           (stat(other, &two) != 0 || one.st_dev != two.st_dev || one.st_ino != two.st_ino);
}

/* Return: what of @path is below @directory, or NULL. */
static const char *rest_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    bool is_below = strncmp(path, directory, length) == 0 && path[length] != '\0';
    return is_below ? path + length : NULL;
}

const char *source_path_below(const char *path, const char *directory, char *text)
{
    const char *rest = NULL;
    if (strstr(path, "/../") != NULL && straighten(path, text)) {
        rest = rest_below(text, directory);
        rest = rest != NULL && !are_different(path, text) ? rest : NULL;
    }
    rest = rest != NULL ? rest : rest_below(path, directory);
    return rest != NULL ? rest : path;
}
