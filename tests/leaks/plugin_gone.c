/* A block that a global variable kept, of a library that is unloaded. */
#include <dlfcn.h>

#include "leaks.h"

int main(void)
{
    void *plugin = dlopen(LEAKS_DIRECTORY "/plugin_holder.so", RTLD_NOW);
    void (*hold)(void) = (void (*)(void))dlsym(plugin, "hold");
    hold();
    (void)dlclose(plugin);
    forget();
    return 0;
}
