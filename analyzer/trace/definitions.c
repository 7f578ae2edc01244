/*
 * Definition records to tables, in two passes over the same chunks: the first counts records and
 * finds the largest ids, which bounds the arrays; the second fills them.
 *
 * A record that contradicts the format ends its chunk: what follows cannot be trusted, since every
 * id is a difference to the one before.
 */
#include "definitions.h"

#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "trace_codec.h"

enum {
    MODULE_MAX = 16383,
    SPARE_IDS = 1 << 18,  /* ids may have gaps: as many unused ones as this ... */
    SPARE_FACTOR = 16,    /* ... and so many times those that are defined */
    ADDRESS_BITS_MAX = 56 /* no block is larger than an address space */
};

/* One pass: with @is_counting nothing but the numbers at the end is written. */
struct loader {
    struct definitions *definitions;
    bool is_counting;
    bool is_out_of_memory;
    uint32_t stream;
    uint64_t stack_records;
    uint64_t site_records;
    uint64_t stack_last; /* largest id */
    uint64_t site_last;
    size_t thread_capacity;
    /* bases of this chunk's deltas */
    uint64_t stack_id;
    uint64_t module;
    uint64_t address;
    uint64_t site_id;
    uint64_t site_stack;
};

/* Read a string; NULL when there is none. */
static const char *get_text(struct loader *loader, struct trace_cursor *cursor, size_t limit)
{
    size_t length = 0;
    const uint8_t *bytes = trace_get_bytes(cursor, limit, &length);
    if (loader->is_counting || cursor->is_bad) {
        return NULL;
    }
    char *text = arena_copy(&loader->definitions->arena, bytes, length);
    loader->is_out_of_memory = loader->is_out_of_memory || text == NULL;
    return text;
}

static bool load_process(struct loader *loader, struct trace_cursor *cursor)
{
    struct process_definition process = {0};
    process.executable = get_text(loader, cursor, TRACE_RECORD_BYTES);
    process.directory = get_text(loader, cursor, TRACE_RECORD_BYTES);
    process.host = get_text(loader, cursor, TRACE_RECORD_BYTES);
    process.allocator = get_text(loader, cursor, TRACE_RECORD_BYTES);
    process.argument_total = trace_get_varint(cursor);
    uint64_t count = trace_get_varint(cursor);
    if (cursor->is_bad || count > TRACE_ARGUMENTS_MAX) {
        return false;
    }
    if (!loader->is_counting) {
        process.arguments =
            arena_array(&loader->definitions->arena, (size_t)count + 1, sizeof(char *));
        if (process.arguments == NULL) {
            loader->is_out_of_memory = true;
            return false;
        }
    }
    for (size_t i = 0; i < count && !cursor->is_bad; i++) {
        const char *argument = get_text(loader, cursor, TRACE_RECORD_BYTES);
        if (process.arguments != NULL && argument != NULL) {
            process.arguments[process.argument_count++] = argument;
        }
    }
    bool is_first = loader->definitions->process.executable == NULL;
    if (!cursor->is_bad && !loader->is_counting && is_first) {
        loader->definitions->process = process;
    }
    return !cursor->is_bad;
}

static bool grow_modules(struct definitions *definitions, size_t id)
{
    size_t count = id + 1;
    if (count <= definitions->module_count) {
        return true;
    }
    struct module_definition *modules = realloc(definitions->modules, count * sizeof *modules);
    if (modules == NULL) {
        return false;
    }
    memset(modules + definitions->module_count, 0,
           (count - definitions->module_count) * sizeof *modules);
    definitions->modules = modules;
    definitions->module_count = count;
    return true;
}

static bool load_module(struct loader *loader, struct trace_cursor *cursor)
{
    struct module_definition module = {0};
    uint64_t id = trace_get_varint(cursor);
    module.start = trace_get_varint(cursor);
    module.end = trace_get_varint(cursor);
    module.bias = trace_get_varint(cursor);
    const uint8_t *build_id = trace_get_bytes(cursor, TRACE_BUILD_ID_BYTES, &module.build_id_bytes);
    module.path = get_text(loader, cursor, TRACE_PATH_BYTES);
    if (cursor->is_bad || id == 0 || id > MODULE_MAX) {
        return false;
    }
    if (loader->is_counting || module.path == NULL) {
        return true;
    }
    module.build_id =
        (const uint8_t *)arena_copy(&loader->definitions->arena, build_id, module.build_id_bytes);
    if (module.build_id == NULL || !grow_modules(loader->definitions, (size_t)id)) {
        loader->is_out_of_memory = true;
        return false;
    }
    module.symbols = loader->definitions->modules[id].symbols;
    loader->definitions->modules[id] = module;
    return true;
}

static bool add_symbol(struct loader *loader, struct saved_symbols *symbols,
                       const struct saved_symbol *symbol)
{
    struct saved_symbol *moved =
        grow_array(symbols->items, symbols->count, &symbols->capacity, sizeof *moved);
    if (moved == NULL) {
        loader->is_out_of_memory = true;
        return false;
    }
    symbols->items = moved;
    symbols->items[symbols->count++] = *symbol;
    return true;
}

static bool load_symbols(struct loader *loader, struct trace_cursor *cursor)
{
    struct definitions *definitions = loader->definitions;
    size_t length = 0;
    const uint8_t *bytes = trace_get_bytes(cursor, TRACE_RECORDS_MAX, &length);
    if (cursor->is_bad || loader->is_counting) {
        return !cursor->is_bad;
    }
    struct trace_cursor fields = trace_cursor_over(bytes, length);
    uint64_t id = trace_get_varint(&fields);
    if (id == 0 || id >= definitions->module_count || definitions->modules[id].path == NULL) {
        return true; // the chunk that defines it may be lost
    }
    struct saved_symbol symbol = {0};
    while (fields.next < fields.end && !fields.is_bad) {
        symbol.address = trace_get_delta(&fields, symbol.address);
        symbol.bytes = trace_get_varint(&fields);
        symbol.name = get_text(loader, &fields, TRACE_RECORDS_MAX);
        if (symbol.name == NULL ||
            !add_symbol(loader, &definitions->modules[id].symbols, &symbol)) {
            return false;
        }
    }
    return !fields.is_bad;
}

/* @tag: what is left out is what the record before leads to. */
static bool load_stack(struct loader *loader, struct trace_cursor *cursor, uint8_t tag)
{
    struct definitions *definitions = loader->definitions;
    const bool is_full = tag == TRACE_DEF_STACK;
    uint64_t id = is_full ? trace_get_delta(cursor, loader->stack_id) : loader->stack_id + 1;
    uint64_t parent =
        tag == TRACE_DEF_STACK_CALLEE ? loader->stack_id : trace_get_delta(cursor, id);
    uint64_t module = is_full ? trace_get_varint(cursor) : loader->module;
    uint64_t address = trace_get_delta(cursor, loader->address);
    bool is_root = parent < TRACE_STACK_FIRST;
    if (cursor->is_bad || id < definitions->first_stack || id > UINT32_MAX || parent == id ||
        (!is_root && parent < definitions->first_stack) || parent > UINT32_MAX ||
        module > MODULE_MAX) {
        return false;
    }
    loader->stack_id = id;
    loader->module = module;
    loader->address = address;
    if (loader->is_counting) {
        loader->stack_records++;
        loader->stack_last = id > loader->stack_last ? id : loader->stack_last;
        return true;
    }
    if (id - definitions->first_stack >= definitions->stack_slots) {
        return false;
    }
    struct stack_node *node = &definitions->stacks[id - definitions->first_stack];
    if (!node->is_defined) {
        definitions->stack_count++;
        definitions->cut_count += parent == TRACE_STACK_CUT ? 1 : 0;
        definitions->broken_count += parent == TRACE_STACK_BROKEN ? 1 : 0;
    }
    *node = (struct stack_node){address, (uint32_t)parent, (uint16_t)module, true};
    return true;
}

static bool load_site(struct loader *loader, struct trace_cursor *cursor, uint8_t tag)
{
    struct definitions *definitions = loader->definitions;
    const bool is_full = tag == TRACE_DEF_SITE;
    uint64_t id = is_full ? trace_get_delta(cursor, loader->site_id) : loader->site_id + 1;
    uint64_t stack = is_full ? trace_get_delta(cursor, loader->site_stack) : loader->stack_id;
    uint64_t size = trace_get_varint(cursor);
    if (cursor->is_bad || id < definitions->first_site || id > UINT32_MAX || stack > UINT32_MAX ||
        (stack >= TRACE_STACK_FIRST && stack < definitions->first_stack) ||
        size >> ADDRESS_BITS_MAX != 0) {
        return false;
    }
    loader->site_id = id;
    loader->site_stack = stack;
    if (loader->is_counting) {
        loader->site_records++;
        loader->site_last = id > loader->site_last ? id : loader->site_last;
        return true;
    }
    if (id - definitions->first_site >= definitions->site_slots) {
        return false;
    }
    struct site *site = &definitions->sites[id - definitions->first_site];
    definitions->site_count += site->is_defined ? 0 : 1;
    site->size = size;
    site->stack = (uint32_t)stack;
    site->stream = loader->stream;
    site->is_defined = true;
    return true;
}

/* Fields that cannot be used change nothing: the record carries its length. */
static void load_domain(struct loader *loader, struct trace_cursor cursor)
{
    const struct definitions *definitions = loader->definitions;
    uint64_t at = trace_get_varint(&cursor) - definitions->first_site;
    uint64_t domain = trace_get_varint(&cursor);
    if (!loader->is_counting && !cursor.is_bad && at < definitions->site_slots &&
        domain <= UINT32_MAX) {
        definitions->sites[at].domain = (uint32_t)domain;
    }
}

static bool load_thread(struct loader *loader, struct trace_cursor *cursor)
{
    struct definitions *definitions = loader->definitions;
    uint64_t thread = trace_get_varint(cursor);
    const char *name = get_text(loader, cursor, TRACE_NAME_BYTES);
    if (cursor->is_bad || loader->is_counting || name == NULL) {
        return !cursor->is_bad;
    }
    // A stream passes from one thread to the next, so the records of a thread are neighbours.
    struct thread_definition *latest =
        definitions->thread_count > 0 ? &definitions->threads[definitions->thread_count - 1] : NULL;
    if (latest != NULL && latest->stream == loader->stream && latest->thread == thread) {
        latest->name = name;
        return true;
    }
    struct thread_definition *threads = grow_array(definitions->threads, definitions->thread_count,
                                                   &loader->thread_capacity, sizeof *threads);
    if (threads == NULL) {
        loader->is_out_of_memory = true;
        return false;
    }
    definitions->threads = threads;
    definitions->threads[definitions->thread_count++] =
        (struct thread_definition){thread, name, loader->stream};
    return true;
}

static bool load_code_map(struct loader *loader, struct trace_cursor *cursor)
{
    struct definitions *definitions = loader->definitions;
    size_t length = 0;
    const uint8_t *text = trace_get_bytes(cursor, TRACE_RECORDS_MAX, &length);
    if (cursor->is_bad || loader->is_counting) {
        return !cursor->is_bad;
    }
    size_t wanted = definitions->code_map_bytes + length;
    if (wanted > definitions->code_map_room) {
        char *moved = realloc(definitions->code_map, wanted * 2);
        if (moved == NULL) {
            loader->is_out_of_memory = true;
            return false;
        }
        definitions->code_map = moved;
        definitions->code_map_room = wanted * 2;
    }
    if (length > 0) {
        memcpy(definitions->code_map + definitions->code_map_bytes, text, length);
    }
    definitions->code_map_bytes = wanted;
    return true;
}

static bool load_record(struct loader *loader, struct trace_cursor *cursor)
{
    uint8_t tag = trace_get_byte(cursor);
    switch (tag) {
    case TRACE_DEF_PROCESS:
        return load_process(loader, cursor);
    case TRACE_DEF_MODULE:
        return load_module(loader, cursor);
    case TRACE_DEF_STACK:
    case TRACE_DEF_STACK_CALLEE:
    case TRACE_DEF_STACK_BRANCH:
        return load_stack(loader, cursor, tag);
    case TRACE_DEF_SITE:
    case TRACE_DEF_SITE_LATEST:
        return load_site(loader, cursor, tag);
    case TRACE_DEF_THREAD:
        return load_thread(loader, cursor);
    case TRACE_DEF_CODE_MAP:
        return load_code_map(loader, cursor);
    case TRACE_DEF_SYMBOLS:
        return load_symbols(loader, cursor);
    default: {
        size_t length = 0;
        if (tag < TRACE_DEF_SIZED) {
            return false;
        }
        const uint8_t *fields = trace_get_bytes(cursor, TRACE_RECORDS_MAX, &length);
        if (tag == TRACE_DEF_DOMAIN && !cursor->is_bad) {
            load_domain(loader, trace_cursor_over(fields, length));
        }
        return !cursor->is_bad;
    }
    }
}

/* Read a chunk's records, until the first that is bad. */
static void load_chunk(struct loader *loader, const struct chunk *chunk, const uint8_t *records,
                       struct damage *damage)
{
    struct trace_cursor cursor = trace_cursor_over(records, chunk->used);
    loader->stream = chunk->stream;
    loader->stack_id = 0;
    loader->module = 0;
    loader->address = 0;
    loader->site_id = 0;
    loader->site_stack = 0;
    while (cursor.next < cursor.end && !loader->is_out_of_memory) {
        const uint8_t *record = cursor.next;
        if (!load_record(loader, &cursor)) {
            if (!loader->is_counting && !loader->is_out_of_memory) {
                damage->corrupt_chunks++;
                damage->lost_bytes += (uint64_t)(cursor.end - record);
            }
            return;
        }
    }
}

static enum trace_status run_pass(struct loader *loader, const struct trace_file *file,
                                  const struct chunk_index *index, struct chunk_decoder *decoder,
                                  struct damage *damage, struct trace_error *error)
{
    uint8_t records[TRACE_RECORDS_MAX];
    for (size_t i = 0; i < index->events; i++) {
        const struct chunk *chunk = &index->chunks[i];
        enum trace_status status = trace_file_read_chunk(file, chunk, decoder, records, error);
        if (status == TRACE_IO) {
            return status;
        }
        if (status == TRACE_OK) {
            load_chunk(loader, chunk, records, damage);
        } else if (!loader->is_counting) {
            damage_count(damage, status);
        }
        if (loader->is_out_of_memory) {
            return trace_fail(error, TRACE_NOMEM, chunk->offset,
                              "%s: no memory for what it defines", file->path);
        }
    }
    return TRACE_OK;
}

/* Return: how many slots an array by id needs, or may have if that is less. */
static size_t slots(uint64_t first, uint64_t last, uint64_t records)
{
    if (records == 0) {
        return 0;
    }
    uint64_t span = last - first + 1;
    uint64_t most = records * SPARE_FACTOR + SPARE_IDS;
    return (size_t)(span < most ? span : most);
}

enum trace_status definitions_load(const struct trace_file *file, const struct chunk_index *index,
                                   struct chunk_decoder *decoder,
                                   struct definitions *ret_definitions, struct damage *damage,
                                   struct trace_error *error)
{
    struct definitions definitions = {
        .pid = file->header.pid,
        .first_stack = file->header.first_stack,
        .first_site = file->header.first_site,
    };
    struct loader loader = {.definitions = &definitions, .is_counting = true};
    enum trace_status status = run_pass(&loader, file, index, decoder, damage, error);
    if (status != TRACE_OK) {
        goto out;
    }
    definitions.stack_slots =
        slots(definitions.first_stack, loader.stack_last, loader.stack_records);
    definitions.site_slots = slots(definitions.first_site, loader.site_last, loader.site_records);
    definitions.stacks = calloc(definitions.stack_slots + 1, sizeof *definitions.stacks);
    definitions.sites = calloc(definitions.site_slots + 1, sizeof *definitions.sites);
    if (definitions.stacks == NULL || definitions.sites == NULL) {
        status = trace_fail(error, TRACE_NOMEM, 0, "%s: no memory for %zu stacks and %zu sites",
                            file->path, definitions.stack_slots, definitions.site_slots);
        goto out;
    }
    loader.is_counting = false;
    status = run_pass(&loader, file, index, decoder, damage, error);
out:
    if (status != TRACE_OK) {
        definitions_fini(&definitions);
        return status;
    }
    *ret_definitions = definitions;
    return TRACE_OK;
}

void definitions_fini(struct definitions *definitions)
{
    for (size_t i = 0; i < definitions->module_count; i++) {
        free(definitions->modules[i].symbols.items);
    }
    free(definitions->modules);
    free(definitions->code_map);
    free(definitions->stacks);
    free(definitions->sites);
    free(definitions->threads);
    arena_fini(&definitions->arena);
    *definitions = (struct definitions){0};
}

const struct stack_node *definitions_stack(const struct definitions *definitions, uint32_t stack)
{
    if (stack < definitions->first_stack ||
        stack - definitions->first_stack >= definitions->stack_slots) {
        return NULL;
    }
    const struct stack_node *node = &definitions->stacks[stack - definitions->first_stack];
    return node->is_defined ? node : NULL;
}
