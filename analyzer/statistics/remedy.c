/* Source of the servers: https://sourceware.org/elfutils/Debuginfod.html */
#include "remedy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package.h"

#define RELEASE "/etc/os-release"

static const struct {
    const char *distribution; /* ID in os-release(5) */
    const char *server;
} servers[] = {
    {"debian", "https://debuginfod.debian.net"},
    {"ubuntu", "https://debuginfod.ubuntu.com"},
    {"fedora", "https://debuginfod.fedoraproject.org"},
    {"arch", "https://debuginfod.archlinux.org"},
    {"opensuse-tumbleweed", "https://debuginfod.opensuse.org"},
};

/* Return: whether a line of os-release(5) says that this is the distribution, in quotes or not. */
static bool names(const char *line, const char *distribution)
{
    static const char key[] = "ID=";
    if (strncmp(line, key, sizeof key - 1) != 0) {
        return false;
    }
    line += sizeof key - 1;
    line += *line == '"' || *line == '\'' ? 1 : 0;
    size_t length = strlen(distribution);
    return strncmp(line, distribution, length) == 0 && strchr("\"'\n", line[length]) != NULL;
}

const char *remedy_server(const char *release)
{
    const char *server = "https://debuginfod.elfutils.org";
    char line[256];
    FILE *file = fopen(release, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
            server = names(line, servers[i].distribution) ? servers[i].server : server;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return server;
}

/* Programs are loaded by links, and libraries from "../lib": lists have what these lead to. */
static bool find_package(const char *path, char *ret_name, size_t name_bytes)
{
    if (path[0] != '/') {
        return false;
    }
    bool is_packaged = package_find(PACKAGE_LISTS, path, ret_name, name_bytes);
    char *real = is_packaged ? NULL : realpath(path, NULL);
    if (real != NULL && strcmp(real, path) != 0) {
        is_packaged = package_find(PACKAGE_LISTS, real, ret_name, name_bytes);
    }
    free(real);
    return is_packaged;
}

const char *remedy_for(struct arena *arena, const char *path, const char *build_id,
                       const char *lack)
{
    char package[256];
    char server[128] = "";
    const char *urls = getenv("DEBUGINFOD_URLS");
    bool is_packaged = find_package(path, package, sizeof package);
    if (build_id != NULL && is_packaged && (urls == NULL || urls[0] == '\0')) {
        (void)snprintf(server, sizeof server, ", or set DEBUGINFOD_URLS=%s",
                       remedy_server(RELEASE));
    }
    return is_packaged ? arena_format(arena, "%s: install %s-dbgsym or %s-dbg%s", lack, package,
                                      package, server)
                       : arena_format(arena, "%s: rebuild it with -g", lack);
}
