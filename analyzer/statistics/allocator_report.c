/* Allocators inside programs, for a report. See allocator_report.h. */
#include "allocator_report.h"

#include <stdlib.h>
#include <string.h>

#include "inner_allocator.h"

static bool is_allocator(const struct report *report, const char *path)
{
    size_t i = 0;
    while (i < report->trace_count && (report->traces[i].allocator == NULL ||
                                       strcmp(report->traces[i].allocator, path) != 0)) {
        i++;
    }
    return i < report->trace_count;
}

/* Look into a file, unless it is among the @count of @seen; add it there. Return: false without
 * memory. */
static bool look_into(struct report *report, const char *path, const char **seen, size_t *count)
{
    if (path == NULL || path[0] != '/' || is_allocator(report, path)) {
        return true;
    }
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(seen[i], path) == 0) {
            return true;
        }
    }
    seen[(*count)++] = path;
    const char *name = inner_allocator_find(path);
    if (name == NULL) {
        return true;
    }
    const char *line = arena_format(&report->arena,
                                    "%s has an allocator of its own inside: %s; "
                                    "its blocks are not seen",
                                    path, name);
    report->inner_allocators[report->inner_count++] = line;
    return line != NULL;
}

enum trace_status allocator_report_make(const struct module_table *modules, struct report *report)
{
    size_t most = report->trace_count + module_table_count(modules);
    const char **seen = calloc(most + 1, sizeof *seen);
    report->inner_allocators = arena_array(&report->arena, most + 1, sizeof(const char *));
    bool is_good = seen != NULL && report->inner_allocators != NULL;
    size_t count = 0;
    for (size_t i = 0; is_good && i < report->trace_count; i++) {
        is_good = look_into(report, report->traces[i].program, seen, &count);
    }
    for (uint32_t i = 0; is_good && i < module_table_count(modules); i++) {
        is_good = look_into(report, module_table_path(modules, i), seen, &count);
    }
    free(seen);
    return is_good ? TRACE_OK : TRACE_NOMEM;
}
