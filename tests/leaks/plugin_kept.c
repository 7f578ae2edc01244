/* A block that only a global variable of a loaded library keeps. */
#include <dlfcn.h>

#include "leaks.h"

int main(void)
{
    void *plugin = dlopen(LEAKS_DIRECTORY "/plugin_holder.so", RTLD_NOW);
    void (*hold)(void) = (void (*)(void))dlsym(plugin, "hold");
    hold();
    forget();
    return 0;
}
