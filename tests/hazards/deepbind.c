/*
 * A plugin that is bound past the tracer frees our blocks, and gives us blocks of its own.
 * Defence: an entry still in the live map when its address comes again is an implied free; a free
 * without entry is counted.
 * Without it: with the entry overwritten in silence, no implied free was counted, and the plugin's
 * 1,000 blocks stayed live.
 */
#include <dlfcn.h>
#include <string.h>

#include "seen.h"

#define ROUNDS 1000

int main(int count, char **arguments)
{
    void (*take)(void *) = NULL;
    void *(*give)(size_t) = NULL;
    void *plugin =
        dlopen(count > 1 ? arguments[1] : "plugin_frees.so", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    need(plugin != NULL, "dlopen");
    void *symbol = dlsym(plugin, "take");
    memcpy(&take, &symbol, sizeof symbol);
    symbol = dlsym(plugin, "give");
    memcpy(&give, &symbol, sizeof symbol);
    for (unsigned i = 0; i < ROUNDS; i++) {
        char *block = malloc(100);
        memset(block, (int)i, 100);
        take(block);       /* not seen: told from the address, when it comes again */
        block = give(300); /* not seen */
        memset(block, (int)i, 300);
        free(block); /* of a block that nobody knows */
    }
    say("%d blocks each way\n", ROUNDS);
    return 0;
}
