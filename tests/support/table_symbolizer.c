/*
 * A stand-in for the symbolizer: a module's "debug information" is a text file at its path, with a
 * line for each frame: ADDRESS FILE LINE FUNCTION, where - stands for unknown and the function goes
 * to the end of the line. Several lines of one address are inlined frames, innermost first.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "inner_allocator.h"
#include "symbolize.h"

struct row {
    uint64_t address;
    struct symbol_frame frame;
};

struct table {
    struct row *rows;
    size_t count;
};

struct symbolizer {
    struct table *tables;
    size_t count;
    struct arena arena;
};

struct symbolizer *symbolizer_new(const struct symbol_options *options)
{
    (void)options;
    return calloc(1, sizeof(struct symbolizer));
}

void symbolizer_free(struct symbolizer *symbolizer)
{
    if (symbolizer != NULL) {
        for (size_t i = 0; i < symbolizer->count; i++) {
            free(symbolizer->tables[i].rows);
        }
        free(symbolizer->tables);
        arena_fini(&symbolizer->arena);
        free(symbolizer);
    }
}

static const char *known(struct symbolizer *symbolizer, const char *word)
{
    return strcmp(word, "-") == 0 ? NULL : arena_copy(&symbolizer->arena, word, strlen(word));
}

static void read_row(struct symbolizer *symbolizer, struct table *table, char *line)
{
    char *rest = line;
    char *words[4];
    for (size_t i = 0; i < 4; i++) {
        words[i] = strsep(&rest, i < 3 ? " " : "\n");
        if (words[i] == NULL) {
            return;
        }
    }
    struct row *rows = realloc(table->rows, (table->count + 1) * sizeof *rows);
    if (rows == NULL) {
        abort();
    }
    table->rows = rows;
    rows[table->count++] = (struct row){
        .address = strtoull(words[0], NULL, 0),
        .frame = {.file = known(symbolizer, words[1]),
                  .line = (uint32_t)strtoul(words[2], NULL, 10),
                  .function = known(symbolizer, words[3])},
    };
}

enum trace_status symbolizer_add_module(struct symbolizer *symbolizer, const char *path,
                                        const uint8_t *build_id, size_t build_id_bytes,
                                        size_t *ret_module)
{
    (void)build_id;
    (void)build_id_bytes;
    struct table *tables = realloc(symbolizer->tables, (symbolizer->count + 1) * sizeof *tables);
    if (tables == NULL) {
        return TRACE_NOMEM;
    }
    symbolizer->tables = tables;
    struct table *table = &tables[symbolizer->count];
    *table = (struct table){0};
    *ret_module = symbolizer->count++;
    FILE *file = fopen(path, "re");
    char line[4096];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        read_row(symbolizer, table, line);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return TRACE_OK;
}

bool symbolizer_add_saved(struct symbolizer *symbolizer, size_t module,
                          const struct saved_symbols *symbols)
{
    (void)symbolizer;
    (void)module;
    (void)symbols;
    return true;
}

enum trace_status symbolizer_resolve(struct symbolizer *symbolizer,
                                     const struct symbol_request *requests, size_t count,
                                     symbol_progress progress, void *context)
{
    (void)symbolizer;
    for (size_t i = 0; i < count && progress != NULL; i++) {
        progress(context, requests[i].count);
    }
    return TRACE_OK;
}

struct symbol_frames symbolizer_frames(const struct symbolizer *symbolizer, size_t module,
                                       uint64_t address)
{
    const struct table *table = &symbolizer->tables[module];
    size_t first = 0;
    while (first < table->count && table->rows[first].address != address) {
        first++;
    }
    size_t count = 0;
    while (first + count < table->count && table->rows[first + count].address == address) {
        count++;
    }
    // The arena is the symbolizer's to grow, though the answer does not change it.
    struct symbolizer *owner = (struct symbolizer *)(uintptr_t)symbolizer;
    struct symbol_frame *frames = arena_array(&owner->arena, count + 1, sizeof *frames);
    for (size_t i = 0; frames != NULL && i < count; i++) {
        frames[i] = table->rows[first + i].frame;
        frames[i].is_inlined = i + 1 < count;
    }
    return (struct symbol_frames){frames, frames != NULL ? count : 0};
}

/* A row whose address is asked for as data is a variable: its function is the name. */
enum trace_status symbolizer_variables(struct symbolizer *symbolizer, size_t module,
                                       enum symbol_storage storage, const uint64_t *addresses,
                                       size_t count, struct symbol_variable *ret_variables)
{
    (void)storage;
    for (size_t i = 0; i < count; i++) {
        struct symbol_frames found = symbolizer_frames(symbolizer, module, addresses[i]);
        ret_variables[i] = (struct symbol_variable){0};
        if (found.count > 0) {
            ret_variables[i] = (struct symbol_variable){found.frames[0].function,
                                                        found.frames[0].file, found.frames[0].line};
        }
    }
    return TRACE_OK;
}

/* No table has locals. */
enum trace_status symbolizer_locals(struct symbolizer *symbolizer, size_t module,
                                    const struct stack_word *words, size_t count,
                                    const char **ret_names)
{
    (void)symbolizer;
    (void)module;
    (void)words;
    for (size_t i = 0; i < count; i++) {
        ret_names[i] = NULL;
    }
    return TRACE_OK;
}

const char *symbolizer_warning(const struct symbolizer *symbolizer, size_t module)
{
    (void)symbolizer;
    (void)module;
    return NULL;
}

const char *symbolizer_lack(const struct symbolizer *symbolizer, size_t module)
{
    (void)symbolizer;
    (void)module;
    return NULL;
}

/* A module of the stand-in has one if its path says so. */
const char *inner_allocator_find(const char *path)
{
    return strstr(path, "/jemalloc_in_") != NULL ? "jemalloc" : NULL;
}
