/*
 * Two plugins with the same code replace each other at one address.
 * Defence: dlclose() forgets rules and modules (tracer_code_unloaded() in tracer.c).
 * Without it: the first plugin had 6,000 blocks, the second none, instead of 3,000 each.
 */
#include <dlfcn.h>
#include <string.h>

#include "seen.h"

#define ROUNDS 1000

int main(int count, char **arguments)
{
    char path[2][512];
    unsigned at_the_same_place = 0;
    void *last = NULL;
    need(count == 2, "arguments");
    snprintf(path[0], sizeof path[0], "%s/plugin_first.so", arguments[1]);
    snprintf(path[1], sizeof path[1], "%s/plugin_second.so", arguments[1]);
    for (unsigned i = 0; i < 2 * ROUNDS; i++) {
        void *(*allocate)(size_t) = NULL;
        void *plugin = dlopen(path[i % 2], RTLD_NOW | RTLD_LOCAL);
        need(plugin != NULL, "dlopen");
        void *symbol = dlsym(plugin, "allocate");
        memcpy(&allocate, &symbol, sizeof symbol);
        for (unsigned j = 0; j < 3; j++) {
            free(allocate(MARKED));
        }
        at_the_same_place += symbol == last;
        last = symbol;
        dlclose(plugin);
    }
    say("%s\nmarked %d\nlive 0\n", at_the_same_place > ROUNDS ? "replaced" : "side by side",
        6 * ROUNDS);
    return 0;
}
