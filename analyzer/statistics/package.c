/*
 * All lists are read, a few megabytes; so this is for a summary, and for modules that lack
 * something. Where /lib is a link to /usr/lib, lists have the one or the other.
 */
#include "package.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Return: whether a list has a line @path, or the same below or above /usr. */
static bool has_line(FILE *list, const char *path)
{
    static const char usr[] = "/usr";
    char *line = NULL;
    size_t room = 0;
    bool is_found = false;
    const char *shorter = strncmp(path, usr, strlen(usr)) == 0 ? path + strlen(usr) : path;
    while (!is_found && getline(&line, &room, list) > 0) {
        line[strcspn(line, "\n")] = '\0';
        const char *found = strncmp(line, usr, strlen(usr)) == 0 ? line + strlen(usr) : line;
        is_found = strcmp(found, shorter) == 0;
    }
    free(line);
    return is_found;
}

bool package_find(const char *lists, const char *path, char *ret_name, size_t name_bytes)
{
    char list_path[PATH_MAX];
    bool is_found = false;
    DIR *directory = opendir(lists);
    if (directory == NULL) {
        return false;
    }
    for (const struct dirent *entry; !is_found && (entry = readdir(directory)) != NULL;) {
        const char *end = strstr(entry->d_name, ".list");
        int length = snprintf(list_path, sizeof list_path, "%s/%s", lists, entry->d_name);
        if (end == NULL || end[strlen(".list")] != '\0' || length < 0 ||
            (size_t)length >= sizeof list_path) {
            continue;
        }
        FILE *list = fopen(list_path, "re");
        is_found = list != NULL && has_line(list, path);
        if (is_found) {
            (void)snprintf(ret_name, name_bytes, "%.*s", (int)strcspn(entry->d_name, ":"),
                           entry->d_name);
            char *suffix = strstr(ret_name, ".list");
            if (suffix != NULL) {
                *suffix = '\0';
            }
        }
        if (list != NULL) {
            (void)fclose(list);
        }
    }
    (void)closedir(directory);
    return is_found;
}
