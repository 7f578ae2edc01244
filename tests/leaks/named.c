/* Blocks that variables of each kind keep: of each it says "ADDRESS VARIABLE". */
#include <dlfcn.h>
#include <stdio.h>

#include "leaks.h"

static void *volatile global_keeper;
static __thread void *volatile thread_keeper;

static void *make(const char *variable)
{
    void *made = block(56);
    (void)printf("%p %s\n", made, variable);
    return made;
}

void keep_in_library(void);

int main(void)
{
    void *plugin = dlopen(LEAKS_DIRECTORY "/plugin_named.so", RTLD_NOW | RTLD_LOCAL);
    void (*keep_in_plugin)(void) = (void (*)(void))dlsym(plugin, "keep_in_library");
    static void *volatile inner_keeper;
    global_keeper = make("global_keeper");
    thread_keeper = make("thread_keeper");
    inner_keeper = make("inner_keeper");
    keep_in_library();
    keep_in_plugin();
    forget();
    return inner_keeper == NULL;
}
