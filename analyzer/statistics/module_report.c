/*
 * Addresses are counted once, however many stacks go through them. A module whose addresses all
 * have a name and a line is not listed.
 */
#include "module_report.h"

#include <stdlib.h>
#include <string.h>

#include "package.h"

static int compare_modules(const void *left, const void *right)
{
    const struct report_module *a = left;
    const struct report_module *b = right;
    if (a->unnamed != b->unnamed) {
        return a->unnamed > b->unnamed ? -1 : 1;
    }
    if (a->lineless != b->lineless) {
        return a->lineless > b->lineless ? -1 : 1;
    }
    return strcmp(a->path, b->path);
}

/* Return: the advice for a module, with the package that its symbols are in, where dpkg knows. */
static const char *advice_for(struct arena *arena, const char *path, const char *warning)
{
    char package[256];
    if (warning == NULL || path[0] != '/' ||
        !package_find(PACKAGE_LISTS, path, package, sizeof package)) {
        return warning;
    }
    return arena_format(arena, "%s; its package is %s, symbols would be in %s-dbgsym or %s-dbg",
                        warning, package, package, package);
}

enum trace_status module_report_make(const struct frame_table *frames,
                                     const struct module_table *modules,
                                     const struct symbolizer *symbolizer, struct report *report)
{
    size_t count = module_table_count(modules);
    struct frame_tally *tallies = calloc(count + 1, sizeof *tallies);
    struct report_module *list = arena_array(&report->arena, count + 1, sizeof *list);
    if (tallies == NULL || list == NULL) {
        free(tallies);
        return TRACE_NOMEM;
    }
    frame_table_tally(frames, tallies, count);
    size_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (tallies[i].unnamed + tallies[i].lineless == 0) {
            continue;
        }
        const char *path = module_table_path(modules, i);
        const char *warning = symbolizer_warning(symbolizer, module_table_symbols(modules, i));
        list[kept++] = (struct report_module){.path = path,
                                              .addresses = tallies[i].addresses,
                                              .unnamed = tallies[i].unnamed,
                                              .lineless = tallies[i].lineless,
                                              .advice = advice_for(&report->arena, path, warning)};
    }
    qsort(list, kept, sizeof *list, compare_modules);
    report->modules = list;
    report->module_count = kept;
    free(tallies);
    return TRACE_OK;
}
