#include <dlfcn.h>
#include <string.h>

#include "seen.h"

int main(int count, char **arguments)
{
    long (*throw_often)(long) = NULL;
    const char *(*unwinder)(void) = NULL;
    void *plugin = dlopen(count > 1 ? arguments[1] : "plugin_throws.so", RTLD_NOW | RTLD_LOCAL);
    need(plugin != NULL, "dlopen");
    void *symbol = dlsym(plugin, "throw_often");
    memcpy(&throw_often, &symbol, sizeof symbol);
    symbol = dlsym(plugin, "unwinder");
    memcpy(&unwinder, &symbol, sizeof symbol);
    say("caught %ld, by %s\n", throw_often(100000), strrchr(unwinder(), '/'));
    return 0;
}
