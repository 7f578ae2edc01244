/* An environment without the tracer. See untraced.h. */
#include "untraced.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#define VARIABLE "LD_PRELOAD="
#define VARIABLE_BYTES (sizeof VARIABLE - 1)
#define SEPARATORS ": "

static bool is_preload(const char *entry)
{
    return strncmp(entry, VARIABLE, VARIABLE_BYTES) == 0;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Return: what this library's file is called. */
static const char *own_name(void)
{
    static const char anchor;
    Dl_info info;
    return dladdr(&anchor, &info) != 0 ? last_part(info.dli_fname) : "";
}

size_t untraced_preload(const char *list, const char *name, char *to)
{
    size_t name_bytes = strlen(name);
    size_t used = 0;
    while (*list != '\0') {
        size_t length = strcspn(list, SEPARATORS);
        bool is_it = length >= name_bytes &&
                     memcmp(list + length - name_bytes, name, name_bytes) == 0 &&
                     (length == name_bytes || list[length - name_bytes - 1] == '/');
        if (!is_it && length > 0) {
            if (used > 0) {
                to[used++] = ':';
            }
            memcpy(to + used, list, length);
            used += length;
        }
        list += length + (list[length] != '\0' ? 1 : 0);
    }
    to[used] = '\0';
    return used;
}

size_t untraced_bytes(char *const *environment)
{
    size_t bytes = sizeof *environment;
    for (; environment != NULL && *environment != NULL; environment++) {
        bytes += sizeof *environment + (is_preload(*environment) ? strlen(*environment) + 1 : 0);
    }
    return bytes;
}

char **untraced_copy(char *const *environment, void *copy)
{
    char **entries = copy;
    size_t count = 0;
    size_t used = 0;
    while (environment != NULL && environment[count] != NULL) {
        count++;
    }
    char *text = (char *)(entries + count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!is_preload(environment[i])) {
            entries[used++] = environment[i];
            continue;
        }
        memcpy(text, VARIABLE, VARIABLE_BYTES);
        size_t length =
            untraced_preload(environment[i] + VARIABLE_BYTES, own_name(), text + VARIABLE_BYTES);
        if (length > 0) {
            entries[used++] = text;
            text += VARIABLE_BYTES + length + 1;
        }
    }
    entries[used] = NULL;
    return entries;
}
