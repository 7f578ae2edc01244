/*
 * A C program loads a C++ plugin, which throws 100,000 times.
 * Defence: libunwind is loaded with RTLD_LOCAL (unwind_libunwind.c).
 * Without it: with RTLD_GLOBAL the plugin was bound to libunwind's _Unwind_RaiseException, and
 * took 6.5 s instead of 0.3 s.
 */
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
