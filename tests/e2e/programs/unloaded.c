/*
 * Plugins that are gone before the end: `unloaded PLUGIN PLUGIN` loads and closes them in turn, so
 * that one comes where the other was. Prints where each was.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 4, FIRST_BYTES = 5000 };

static void *volatile kept;

int main(int argc, char **argv)
{
    for (size_t i = 0; i < ROUNDS && argc == 3; i++) {
        void *plugin = dlopen(argv[1 + i % 2], RTLD_NOW | RTLD_LOCAL);
        if (plugin == NULL) {
            (void)fprintf(stderr, "%s\n", dlerror());
            return EXIT_FAILURE;
        }
        void *(*allocate)(size_t) = (void *(*)(size_t))dlsym(plugin, "allocate");
        kept = allocate(FIRST_BYTES + i);
        (void)printf("%p\n", (void *)allocate);
        (void)dlclose(plugin);
    }
    return EXIT_SUCCESS;
}
