/* A fuzz target without libFuzzer: runs each file of the directories that it is given, once. */
#include <dirent.h>
#include <string.h>

#include "fuzz.h"

static void run_file(const char *path)
{
    size_t size = 0;
    size_t room = 4096;
    char *bytes = malloc(room);
    FILE *file = fopen(path, "rb");
    fuzz_require(file != NULL && bytes != NULL);
    for (size_t got; (got = fread(bytes + size, 1, room - size, file)) > 0;) {
        size += got;
        if (size == room) {
            room *= 2;
            bytes = realloc(bytes, room);
            fuzz_require(bytes != NULL);
        }
    }
    (void)fclose(file);
    /* a copy of the exact size: a read beyond its end is a sanitizer's to find */
    uint8_t *exact = malloc(size > 0 ? size : 1);
    fuzz_require(exact != NULL);
    memcpy(exact, bytes, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    free(bytes);
}

int main(int count, char **arguments)
{
    unsigned files = 0;
    for (int i = 1; i < count; i++) {
        DIR *listed = opendir(arguments[i]);
        fuzz_require(listed != NULL);
        for (const struct dirent *entry; (entry = readdir(listed)) != NULL;) {
            char path[4096];
            if (entry->d_name[0] != '.') {
                (void)snprintf(path, sizeof path, "%s/%s", arguments[i], entry->d_name);
                run_file(path);
                files++;
            }
        }
        (void)closedir(listed);
    }
    (void)printf("%u inputs\n", files);
    return files > 0 ? 0 : 1;
}
