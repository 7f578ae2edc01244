/*
 * A library that allocates as early as it can: in the resolver of an indirect function
 * (EARLY_IFUNC), which the loader calls while it relocates the program that refers to it, before
 * any constructor; and in its constructor, which looks at what the process was given, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "seen.h"

void early_show(int count, char **arguments, char **environment);

static void *kept;
static int ways;

#ifdef EARLY_IFUNC
static int has_blocks;

static int answer(void)
{
    return has_blocks ? 42 : 0;
}

static int (*resolve(void))(void)
{
    void *block = malloc(100);
    kept = realloc(calloc(3, 50), 500);
    has_blocks = block != NULL && kept != NULL;
    free(block);
    return answer;
}

int early_answer(void) __attribute__((ifunc("resolve")));
#endif

__attribute__((constructor)) void early_show(int count, char **arguments, char **environment)
{
    int variables = 0;
    kept = realloc(kept, 5000);
    free(marked());
    for (; environment[variables] != NULL; variables++) {
        ways += strncmp(environment[variables], "HAZARD_WORD=", 12) == 0;
    }
    const char *word = getenv("HAZARD_WORD");
    say("early: %d arguments, the last is %s, %s, found %d times; pages of %lu, %s\n", count,
        arguments[count - 1], word != NULL ? word : "no word", ways, getauxval(AT_PAGESZ),
        program_invocation_short_name);
    free(kept);
    say_marked();
}
