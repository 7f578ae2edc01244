/* A module is the same as another if path and build-id are: interned as one string, with a zero
 * byte between them, they give the module its number. */
#include "modules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code_map.h"
#include "grow.h"

struct module {
    const char *build_id; /* NULL: none */
    const char *path;
    size_t symbols;
};

struct module_table {
    struct symbolizer *symbolizer;
    struct strings *names;
    struct strings *keys;
    struct module *modules;
    size_t count;
    size_t capacity;
};

struct module_table *module_table_new(struct symbolizer *symbolizer, struct strings *strings)
{
    struct module_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->symbolizer = symbolizer;
    table->names = strings;
    table->keys = strings_new();
    if (table->keys == NULL) {
        free(table);
        return NULL;
    }
    return table;
}

void module_table_free(struct module_table *table)
{
    if (table != NULL) {
        strings_free(table->keys);
        free(table->modules);
        free(table);
    }
}

size_t module_table_count(const struct module_table *table)
{
    return table->count;
}

const char *module_table_path(const struct module_table *table, uint32_t module)
{
    return module < table->count ? table->modules[module].path : NULL;
}

const char *module_table_build_id(const struct module_table *table, uint32_t module)
{
    return module < table->count ? table->modules[module].build_id : NULL;
}

size_t module_table_symbols(const struct module_table *table, uint32_t module)
{
    return table->modules[module].symbols;
}

static enum trace_status add_module(struct module_table *table,
                                    const struct module_definition *definition,
                                    uint32_t *ret_number)
{
    char key[TRACE_PATH_BYTES + 1 + TRACE_BUILD_ID_BYTES + 32];
    size_t length = strnlen(definition->path, TRACE_PATH_BYTES);
    memcpy(key, definition->path, length);
    key[length++] = '\0';
    memcpy(key + length, definition->build_id, definition->build_id_bytes);
    length += definition->build_id_bytes;
    if (definition->symbols.count > 0 && definition->build_id_bytes == 0) {
        // Its file is gone, and nothing tells it from others of this name but the names in it.
        (void)snprintf(key + length, sizeof key - length, "%zu", table->count);
        length += strlen(key + length);
    }
    if (strings_intern(table->keys, key, length, ret_number) == NULL) {
        return TRACE_NOMEM;
    }
    if (*ret_number < table->count) {
        return TRACE_OK;
    }
    struct module *modules =
        grow_array(table->modules, table->count, &table->capacity, sizeof *modules);
    if (modules == NULL) {
        return TRACE_NOMEM;
    }
    table->modules = modules;
    struct module *module = &table->modules[table->count];
    module->path = strings_text(table->names, definition->path);
    char digits[TRACE_BUILD_ID_BYTES * 2 + 1] = "";
    for (size_t i = 0; i < definition->build_id_bytes; i++) {
        (void)snprintf(digits + 2 * i, 3, "%02x", definition->build_id[i]);
    }
    module->build_id = digits[0] != '\0' ? strings_text(table->names, digits) : NULL;
    enum trace_status status =
        module->path == NULL
            ? TRACE_NOMEM
            : symbolizer_add_module(table->symbolizer, definition->path, definition->build_id,
                                    definition->build_id_bytes, &module->symbols);
    if (status == TRACE_OK &&
        !symbolizer_add_saved(table->symbolizer, module->symbols, &definition->symbols)) {
        status = TRACE_NOMEM;
    }
    table->count += status == TRACE_OK ? 1 : 0;
    return status;
}

/*
 * Make a module of the code that a process made at run time, if there is a map that names it. It
 * has no file, starts at 0, and stands for the id of "no module".
 */
static enum trace_status add_code_map(struct module_table *table,
                                      const struct definitions *definitions, uint32_t *ret_number)
{
    char path[64];
    struct arena arena = {0};
    struct module_definition module = {.path = path, .build_id = (const uint8_t *)""};
    if (definitions->code_map_bytes == 0) {
        return TRACE_OK;
    }
    (void)snprintf(path, sizeof path, "[perf-%" PRIu32 ".map]", definitions->pid);
    enum trace_status status =
        code_map_parse(definitions->code_map, definitions->code_map_bytes, &arena, &module.symbols);
    if (status == TRACE_OK && module.symbols.count > 0) {
        status = add_module(table, &module, ret_number);
    }
    free(module.symbols.items);
    arena_fini(&arena);
    return status;
}

enum trace_status module_table_add(struct module_table *table,
                                   const struct definitions *definitions, uint32_t **ret_numbers,
                                   struct trace_error *error)
{
    uint32_t *numbers = calloc(definitions->module_count + 1, sizeof *numbers);
    enum trace_status status = numbers == NULL ? TRACE_NOMEM : TRACE_OK;
    for (size_t i = 0; i < definitions->module_count && status == TRACE_OK; i++) {
        numbers[i] = MODULE_NONE;
        if (definitions->modules[i].path != NULL) {
            status = add_module(table, &definitions->modules[i], &numbers[i]);
        }
    }
    if (status == TRACE_OK && definitions->module_count > 0) {
        status = add_code_map(table, definitions, &numbers[0]);
    }
    if (status != TRACE_OK) {
        free(numbers);
        return trace_fail(error, status, 0, "no memory for %zu modules", definitions->module_count);
    }
    *ret_numbers = numbers;
    return TRACE_OK;
}

uint64_t module_address(const struct definitions *definitions, const uint32_t *numbers,
                        const struct stack_node *node, uint32_t *ret_module)
{
    // A return address is the instruction after the call, and may belong to the next line.
    if (node->module < definitions->module_count && numbers[node->module] != MODULE_NONE) {
        *ret_module = numbers[node->module];
        return node->address - definitions->modules[node->module].bias - 1;
    }
    *ret_module = MODULE_NONE;
    return node->address - 1;
}
