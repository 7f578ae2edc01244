/*
 * A program for other preloaded libraries, auditors and plugins to be loaded into.
 * Defence: lazy start, the bootstrap arena (process.c, bootstrap.c); the next allocator in the
 * loader's order is used.
 * Without it: where the program refers to a function of early.c whose resolver allocates, with an
 * arena that gives out nothing the resolver got no blocks ("the answer is 0"); with one whose
 * blocks realloc() and free() did not know, and with a start at the first call of all (no
 * is_libc_ready() in process.c), SIGSEGV.
 */
#include <dlfcn.h>
#include <string.h>

#include "seen.h"

/* Of early.c, if that is preloaded: its resolver runs before main() and all constructors. */
int early_answer(void) __attribute__((weak));

/* Load a library with a constructor, late, if one is named; allocate in every way. */
int main(int count, char **arguments)
{
    marked_churn(50);
    if (early_answer != NULL) {
        say("the answer is %d\n", early_answer());
    }
    if (count > 2) {
        void *plugin = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
        need(plugin != NULL, "dlopen");
        dlclose(plugin);
    }
    void *aligned = NULL;
    char *text = strdup("some text");
    need(posix_memalign(&aligned, 256, 100) == 0, "posix_memalign");
    text = realloc(text, 100000);
    free(aligned);
    free(aligned_alloc(64, 640));
    free(calloc(10, 1000));
    say("%s, %d\n", text, count);
    free(text);
    fill_windows(3000);
    say_marked();
    return 0;
}
