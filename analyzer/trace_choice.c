/* Newest by modification time; of equally old ones the name that sorts last. */
#include "trace_choice.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *trace_choice_newest(const char *directory)
{
    char *newest = NULL;
    struct timespec time = {0};
    DIR *stream = opendir(directory);
    if (stream == NULL) {
        return NULL;
    }
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        struct stat facts;
        if (fnmatch("*.trace", entry->d_name, FNM_PERIOD) != 0 ||
            fstatat(dirfd(stream), entry->d_name, &facts, 0) != 0 || !S_ISREG(facts.st_mode)) {
            continue;
        }
        const struct timespec *changed = &facts.st_mtim;
        bool is_newer = newest == NULL || changed->tv_sec > time.tv_sec ||
                        (changed->tv_sec == time.tv_sec &&
                         (changed->tv_nsec > time.tv_nsec ||
                          (changed->tv_nsec == time.tv_nsec && strcmp(entry->d_name, newest) > 0)));
        if (is_newer) {
            free(newest);
            newest = strdup(entry->d_name);
            time = *changed;
        }
    }
    (void)closedir(stream);
    return newest;
}
