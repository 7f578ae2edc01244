/* Definition records. See definitions.h. */
#include "definitions.h"

#include <string.h>

#include "code_map.h"
#include "trace_codec.h"

#define SMALL_RECORD_BYTES (1 + 5 * TRACE_VARINT_BYTES)
#define SYMBOLS_LENGTH_BYTES 2 /* of a SYMBOLS record's length, which is below 128 * 128 */
#define SYMBOLS_BYTES ((1 << 7 * SYMBOLS_LENGTH_BYTES) - 1)

/* Return: room for @bytes, or NULL. */
static inline uint8_t *reserve(struct definitions *definitions, size_t bytes)
{
    uint8_t *to = window_reserve(&definitions->window, bytes);
    if (to == NULL && window_advance(&definitions->window, bytes)) {
        to = window_reserve(&definitions->window, bytes);
    }
    return to;
}

/* Return: room for @bytes with the tag written, or NULL. */
static uint8_t *begin(struct definitions *definitions, enum trace_definition tag, size_t bytes)
{
    uint8_t *to = reserve(definitions, bytes);
    if (to != NULL) {
        *to++ = (uint8_t)tag;
    }
    return to;
}

/* The record that ends before @end is complete. */
static void commit(struct definitions *definitions, uint8_t *end)
{
    window_commit(&definitions->window, end);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* What the next deltas refer to is in its place, too. */
static void settle(struct definitions *definitions)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    definitions->settled = definitions->window.chunk->used;
}

bool definitions_are_settled(const struct definitions *definitions)
{
    return definitions->settled == definitions->window.chunk->used;
}

static uint8_t *put_string(uint8_t *to, const char *string)
{
    return trace_put_bytes(to, string, strlen(string));
}

void definitions_restart(struct definitions *definitions)
{
    definitions->last_stack = 0;
    definitions->last_module = 0;
    definitions->last_site = 0;
    definitions->last_site_stack = 0;
    definitions->last_address = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    definitions->settled = 0;
}

/* How many arguments fit into @bytes, and how many there are. */
static size_t count_arguments(char *const *arguments, size_t bytes, size_t *ret_total)
{
    size_t fitting = 0;
    size_t used = 0;
    *ret_total = 0;
    for (; arguments != NULL && *arguments != NULL; arguments++, ++*ret_total) {
        used += strlen(*arguments) + TRACE_VARINT_BYTES;
        if (used <= bytes && fitting < TRACE_ARGUMENTS_MAX) {
            fitting = *ret_total + 1;
        }
    }
    return fitting;
}

bool define_process(struct definitions *definitions, const struct process_description *process)
{
    const char *const strings[] = {process->executable, process->directory, process->host,
                                   process->allocator};
    size_t total = 0;
    uint8_t *to = begin(definitions, TRACE_DEF_PROCESS, TRACE_RECORD_BYTES);
    if (to == NULL) {
        return false;
    }
    const size_t room = TRACE_RECORD_BYTES - 1 - (size_t)2 * TRACE_VARINT_BYTES;
    const uint8_t *end = to + room;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        to = put_string(to, strings[i]); /* paths: at most 4 times TRACE_PATH_BYTES */
    }
    size_t fitting = count_arguments(process->arguments, (size_t)(end - to), &total);
    to = trace_put_varint(to, total);
    to = trace_put_varint(to, fitting);
    for (size_t i = 0; i < fitting; i++) {
        to = put_string(to, process->arguments[i]);
    }
    commit(definitions, to);
    settle(definitions);
    return true;
}

bool define_module(struct definitions *definitions, uint32_t id, const struct module *module)
{
    uint8_t *to = begin(definitions, TRACE_DEF_MODULE,
                        SMALL_RECORD_BYTES + TRACE_BUILD_ID_BYTES + TRACE_PATH_BYTES);
    if (to == NULL) {
        return false;
    }
    to = trace_put_varint(to, id);
    to = trace_put_varint(to, module->start);
    to = trace_put_varint(to, module->end);
    to = trace_put_varint(to, module->bias);
    to = trace_put_bytes(to, module->build_id, module->build_id_bytes);
    to = trace_put_bytes(to, module->path, module->path_bytes);
    commit(definitions, to);
    settle(definitions);
    return true;
}

/* Put symbols until no other is sure to fit before @end. */
static uint8_t *put_symbols(uint8_t *to, const uint8_t *end, struct module_symbols *symbols)
{
    struct module_symbol symbol;
    uint64_t last = 0;
    while (end - to > 3 * TRACE_VARINT_BYTES + MODULE_SYMBOL_NAME_BYTES &&
           module_symbols_peek(symbols, &symbol)) {
        to = trace_put_delta(to, symbol.address, last);
        to = trace_put_varint(to, symbol.bytes);
        to = trace_put_bytes(to, symbol.name, symbol.name_bytes);
        last = symbol.address;
        module_symbols_pass(symbols);
    }
    return to;
}

bool define_symbols(struct definitions *definitions, uint32_t id, struct module_symbols *symbols)
{
    uint8_t *length =
        begin(definitions, TRACE_DEF_SYMBOLS, 1 + SYMBOLS_LENGTH_BYTES + SYMBOLS_BYTES);
    if (length == NULL) {
        return false;
    }
    uint8_t *fields = length + SYMBOLS_LENGTH_BYTES;
    uint8_t *to = put_symbols(trace_put_varint(fields, id), fields + SYMBOLS_BYTES, symbols);
    size_t bytes = (size_t)(to - fields);
    uint8_t *moved = trace_put_varint(length, bytes);
    memmove(moved, fields, bytes); /* a short record has a short length */
    commit(definitions, moved + bytes);
    settle(definitions);
    return true;
}

bool define_code_map(struct definitions *definitions, int fd, uint64_t offset, size_t *ret_bytes)
{
    enum { PIECE_BYTES = 16384 };
    uint8_t *to = begin(definitions, TRACE_DEF_CODE_MAP, 1 + TRACE_VARINT_BYTES + PIECE_BYTES);
    if (to == NULL) {
        return false;
    }
    uint8_t *text = to + TRACE_VARINT_BYTES;
    *ret_bytes = code_map_read(fd, offset, text, PIECE_BYTES);
    if (*ret_bytes > 0) {
        uint8_t *moved = trace_put_varint(to, *ret_bytes);
        memmove(moved, text, *ret_bytes);
        commit(definitions, moved + *ret_bytes);
        settle(definitions);
    }
    return true;
}

/* What the next record of a stack is a difference to. */
struct stack_bases {
    uint32_t id;
    uint32_t module;
    uintptr_t address;
};

/* Most stacks have the next id, in the same module; most of these are the last one's callees. */
static inline uint8_t *put_stack(uint8_t *to, const struct stack_bases *last, uint32_t id,
                                 const struct stack_node *node)
{
    if (id != (uint64_t)last->id + 1 || node->module != last->module) {
        *to++ = TRACE_DEF_STACK;
        to = trace_put_delta(to, id, last->id);
        to = trace_put_delta(to, node->parent, id);
        to = trace_put_varint(to, node->module);
    } else if (node->parent == last->id) {
        *to++ = TRACE_DEF_STACK_CALLEE;
    } else {
        *to++ = TRACE_DEF_STACK_BRANCH;
        to = trace_put_delta(to, node->parent, id);
    }
    return trace_put_delta(to, node->address, last->address);
}

size_t define_stacks(struct definitions *definitions, uint32_t id, const struct stack_node *nodes,
                     size_t count)
{
    struct stack_bases last = {definitions->last_stack, definitions->last_module,
                               definitions->last_address};
    const struct window *window = &definitions->window;
    uint8_t *to = reserve(definitions, SMALL_RECORD_BYTES);
    size_t done = 0;
    if (to == NULL) {
        return 0;
    }
    do {
        const struct stack_node *node = &nodes[done++];
        to = put_stack(to, &last, id, node);
        last = (struct stack_bases){id++, node->module, node->address};
    } while (done < count &&
             to + SMALL_RECORD_BYTES <= window_place_in(window->chunk, window->limit));
    commit(definitions, to);
    definitions->last_stack = last.id;
    definitions->last_module = last.module;
    definitions->last_address = last.address;
    settle(definitions);
    return done;
}

bool define_site(struct definitions *definitions, uint32_t id, uint32_t stack, uint64_t size)
{
    uint8_t *to = reserve(definitions, SMALL_RECORD_BYTES);
    if (to == NULL) {
        return false;
    }
    if (id == (uint64_t)definitions->last_site + 1 && stack == definitions->last_stack) {
        *to++ = TRACE_DEF_SITE_LATEST;
    } else {
        *to++ = TRACE_DEF_SITE;
        to = trace_put_delta(to, id, definitions->last_site);
        to = trace_put_delta(to, stack, definitions->last_site_stack);
    }
    to = trace_put_varint(to, size);
    commit(definitions, to);
    definitions->last_site = id;
    definitions->last_site_stack = stack;
    settle(definitions);
    return true;
}

bool define_domain(struct definitions *definitions, uint32_t site, uint32_t domain)
{
    uint8_t *to = begin(definitions, TRACE_DEF_DOMAIN, SMALL_RECORD_BYTES);
    if (to == NULL) {
        return false;
    }
    uint8_t *fields = to + 1; /* one byte of varint: the record is short */
    to = trace_put_varint(fields, site);
    to = trace_put_varint(to, domain);
    fields[-1] = (uint8_t)(to - fields);
    commit(definitions, to);
    settle(definitions);
    return true;
}

bool define_thread(struct definitions *definitions, uint32_t thread, const char *name)
{
    uint8_t *to = begin(definitions, TRACE_DEF_THREAD, SMALL_RECORD_BYTES + TRACE_NAME_BYTES);
    if (to == NULL) {
        return false;
    }
    to = trace_put_varint(to, thread);
    to = put_string(to, name);
    commit(definitions, to);
    settle(definitions);
    return true;
}
