/*
 * Addresses are counted once, however many stacks go through them. A module whose addresses all
 * have a name and a line is not listed.
 */
#include "module_report.h"

#include <stdlib.h>
#include <string.h>

#include "remedy.h"

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

/* Return: what is missing of a module, and what would help. */
static const char *advice_for(struct arena *arena, const struct module_table *modules,
                              const struct symbolizer *symbolizer, uint32_t module)
{
    size_t symbols = module_table_symbols(modules, module);
    const char *lack = symbolizer_lack(symbolizer, symbols);
    const char *warning = symbolizer_warning(symbolizer, symbols);
    if (lack != NULL) {
        return remedy_for(arena, module_table_path(modules, module),
                          module_table_build_id(modules, module), lack);
    }
    return warning != NULL
               ? warning
               : "its debug information does not tell of them: a part was built without -g";
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
        list[kept++] =
            (struct report_module){.path = path,
                                   .addresses = tallies[i].addresses,
                                   .unnamed = tallies[i].unnamed,
                                   .lineless = tallies[i].lineless,
                                   .advice = advice_for(&report->arena, modules, symbolizer, i)};
    }
    qsort(list, kept, sizeof *list, compare_modules);
    report->modules = list;
    report->module_count = kept;
    free(tallies);
    return TRACE_OK;
}
