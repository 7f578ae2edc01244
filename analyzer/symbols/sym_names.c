/* A demangled name is found by the number that its linker name has among the strings. */
#include "sym_names.h"

#include <stdlib.h>
#include <string.h>

#include "sym_demangle.h"

bool sym_names_init(struct sym_names *names, bool no_demangle)
{
    *names = (struct sym_names){.strings = strings_new(), .no_demangle = no_demangle};
    return names->strings != NULL;
}

void sym_names_fini(struct sym_names *names)
{
    free(names->shown);
    strings_free(names->strings);
    *names = (struct sym_names){0};
}

const char *sym_names_keep(struct sym_names *names, const char *text)
{
    return strings_text(names->strings, text);
}

/* Make room for the name to show of one more string. Return: false without memory. */
static bool reserve(struct sym_names *names, size_t number)
{
    if (number < names->shown_count) {
        return true;
    }
    size_t wanted = (number + 64) * 2;
    const char **moved = realloc(names->shown, wanted * sizeof *moved);
    if (moved == NULL) {
        return false;
    }
    memset(moved + names->shown_count, 0, (wanted - names->shown_count) * sizeof *moved);
    names->shown = moved;
    names->shown_count = wanted;
    return true;
}

const char *sym_names_show(struct sym_names *names, const char *name)
{
    uint32_t number = 0;
    if (name == NULL) {
        return NULL;
    }
    const char *kept = strings_intern(names->strings, name, strlen(name), &number);
    if (kept == NULL || names->no_demangle) {
        return kept;
    }
    if (!reserve(names, number)) {
        return NULL;
    }
    if (names->shown[number] == NULL) {
        char *demangled = sym_demangle(kept);
        names->shown[number] = demangled != NULL ? strings_text(names->strings, demangled) : kept;
        free(demangled);
    }
    return names->shown[number];
}
