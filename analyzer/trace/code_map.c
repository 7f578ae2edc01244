/* Source of the format: linux, tools/perf/Documentation/jit-interface.txt */
#include "code_map.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grow.h"

enum { NAME_BYTES_MAX = 4096, FILE_BYTES_MAX = 64 << 20 };

#define NS_PER_SECOND UINT64_C(1000000000)

/* Read a hexadecimal number and the space after it. Return: false if there is none. */
static bool read_number(const char **at, const char *end, uint64_t *ret_number)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t number = 0;
    const char *start = *at;
    for (; *at < end && **at != ' '; ++*at) {
        const char *digit = memchr(digits, **at | 0x20, sizeof digits - 1);
        if (digit == NULL || number >> 60 != 0) {
            return false;
        }
        number = number << 4 | (uint64_t)(digit - digits);
    }
    *ret_number = number;
    bool is_number = *at > start && *at < end;
    *at += is_number ? 1 : 0;
    return is_number;
}

/* Some write 0x before a number. */
static void skip_prefix(const char **at, const char *end)
{
    if (end - *at > 2 && (*at)[0] == '0' && ((*at)[1] | 0x20) == 'x') {
        *at += 2;
    }
}

/* Return: whether a line names code. */
static bool read_line(const char *at, const char *end, struct saved_symbol *ret_symbol,
                      size_t *ret_name_bytes)
{
    skip_prefix(&at, end);
    if (!read_number(&at, end, &ret_symbol->address)) {
        return false;
    }
    skip_prefix(&at, end);
    if (!read_number(&at, end, &ret_symbol->bytes) || at == end || ret_symbol->bytes == 0) {
        return false;
    }
    size_t length = (size_t)(end - at);
    ret_symbol->name = at;
    *ret_name_bytes = length < NAME_BYTES_MAX ? length : NAME_BYTES_MAX;
    return true;
}

static void reverse(struct saved_symbols *symbols)
{
    for (size_t i = 0; i < symbols->count / 2; i++) {
        struct saved_symbol first = symbols->items[i];
        symbols->items[i] = symbols->items[symbols->count - 1 - i];
        symbols->items[symbols->count - 1 - i] = first;
    }
}

enum trace_status code_map_parse(const char *text, size_t bytes, struct arena *arena,
                                 struct saved_symbols *ret_symbols)
{
    struct saved_symbols symbols = {0};
    const char *end = text + bytes;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop != NULL ? stop : end;
        struct saved_symbol symbol = {0};
        size_t name_bytes = 0;
        if (read_line(text, stop, &symbol, &name_bytes)) {
            symbol.name = arena_copy(arena, symbol.name, name_bytes);
            struct saved_symbol *moved =
                grow_array(symbols.items, symbols.count, &symbols.capacity, sizeof *moved);
            if (moved == NULL || symbol.name == NULL) {
                free(moved != NULL ? moved : symbols.items);
                return TRACE_NOMEM;
            }
            symbols.items = moved;
            symbols.items[symbols.count++] = symbol;
        }
        text = stop < end ? stop + 1 : end;
    }
    reverse(&symbols);
    *ret_symbols = symbols;
    return TRACE_OK;
}

static bool has_code(const struct definitions *definitions)
{
    for (size_t i = 0; i < definitions->stack_slots; i++) {
        if (definitions->stacks[i].is_defined && definitions->stacks[i].module == 0) {
            return true;
        }
    }
    return false;
}

/* Return: whether another process has the number now. */
static bool is_taken(const struct trace_file_header *header)
{
    char path[64];
    char text[1024];
    (void)snprintf(path, sizeof path, "/proc/%" PRIu32 "/stat", header->pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t length = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[length] = '\0';
    char *field = strrchr(text, ')'); // field 2 ends there; the start time is field 22
    for (int number = 2; field != NULL && number < 22; number++) {
        field = strchr(field + 1, ' ');
    }
    return field == NULL || strtoull(field, NULL, 10) != header->process_start;
}

static bool is_this_host(const struct definitions *definitions)
{
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1);
    return definitions->process.host != NULL && strcmp(host, definitions->process.host) == 0;
}

/* Return: whether an open map can be this trace's. */
static bool is_right(int fd, const struct trace_file *file, struct stat *ret_facts)
{
    struct stat trace;
    if (fstat(fd, ret_facts) != 0 || fstat(file->fd, &trace) != 0 || !S_ISREG(ret_facts->st_mode) ||
        ret_facts->st_size <= 0 || ret_facts->st_size > FILE_BYTES_MAX) {
        return false;
    }
    uint64_t written =
        (uint64_t)ret_facts->st_mtim.tv_sec * NS_PER_SECOND + (uint64_t)ret_facts->st_mtim.tv_nsec;
    return ret_facts->st_uid == trace.st_uid && written >= file->header.start_realtime_ns;
}

enum trace_status code_map_find(const struct trace_file *file, const char *directory,
                                struct definitions *definitions)
{
    char path[256];
    struct stat facts;
    if (definitions->code_map != NULL || !has_code(definitions) || !is_this_host(definitions) ||
        is_taken(&file->header)) {
        return TRACE_OK;
    }
    (void)snprintf(path, sizeof path, "%s/perf-%" PRIu32 ".map", directory, file->header.pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return TRACE_OK;
    }
    enum trace_status status = TRACE_OK;
    if (is_right(fd, file, &facts)) {
        definitions->code_map = malloc((size_t)facts.st_size);
        status = definitions->code_map != NULL ? TRACE_OK : TRACE_NOMEM;
    }
    if (definitions->code_map != NULL) {
        ssize_t got = read(fd, definitions->code_map, (size_t)facts.st_size);
        definitions->code_map_bytes = got > 0 ? (size_t)got : 0;
    }
    (void)close(fd);
    return status;
}
