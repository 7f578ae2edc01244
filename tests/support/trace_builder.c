/*
 * Each stream has two chunks in the making, definitions and events. A full one is sealed: it gets
 * its header and goes to the end of the file.
 */
#include "trace_builder.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "trace_codec.h"

#define ROOM (TRACE_WINDOW_BYTES - TRACE_CHUNK_BYTES)
enum { STREAMS_MAX = 5000, CONTENTS = 4, RECORD_MAX = 8192 };

struct making {
    uint8_t records[ROOM];
    size_t used;
    uint32_t sequence;
    uint32_t first_tick;
    uint64_t first_epoch;
    /* bases */
    uint64_t stack;
    uint64_t address;
    uint64_t site; /* in definitions; in events that of the last allocation */
    uint64_t site_stack;
};

struct stream {
    struct making *contents[CONTENTS];
    uint32_t tick;
    uint64_t epoch;
};

struct trace_builder {
    uint8_t *file;
    size_t length;
    size_t capacity;
    struct trace_file_header header;
    struct stream streams[STREAMS_MAX];
    uint8_t record[RECORD_MAX];
};

static void *checked(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

struct trace_builder *builder_new(void)
{
    struct trace_builder *builder = checked(calloc(1, sizeof *builder));
    builder->header = (struct trace_file_header){
        .version = TRACE_VERSION,
        .oldest_reader = TRACE_VERSION,
        .header_bytes = TRACE_HEADER_BYTES,
        .window_bytes = TRACE_WINDOW_BYTES,
        .session = 1,
        .start_realtime_ns = UINT64_C(1800000000000000000),
        .pid = 4711,
        .parent_pid = 4710,
        .first_stack = TRACE_STACK_FIRST,
        .first_site = TRACE_SITE_FIRST,
        .end_state = TRACE_END_EXIT,
    };
    static const uint8_t magic[TRACE_MAGIC_BYTES] = {0x89, 'l', 't', 'r', 'a', 'c', 'e', '\n'};
    memcpy(builder->header.magic, magic, sizeof magic);
    static const uint8_t zeros[TRACE_HEADER_BYTES];
    builder_gap(builder, zeros, sizeof zeros);
    return builder;
}

void builder_free(struct trace_builder *builder)
{
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        for (size_t c = 0; c < CONTENTS; c++) {
            free(builder->streams[i].contents[c]);
        }
    }
    free(builder->file);
    free(builder);
}

struct trace_file_header *builder_header(struct trace_builder *builder)
{
    return &builder->header;
}

void builder_gap(struct trace_builder *builder, const void *bytes, size_t length)
{
    if (builder->length + length > builder->capacity) {
        builder->capacity = (builder->length + length) * 2;
        builder->file = checked(realloc(builder->file, builder->capacity));
    }
    memcpy(builder->file + builder->length, bytes, length);
    builder->length += length;
}

static void align(struct trace_builder *builder, size_t alignment)
{
    static const uint8_t zero;
    while (builder->length % alignment != 0) {
        builder_gap(builder, &zero, 1);
    }
}

static struct making *making_of(struct trace_builder *builder, uint32_t stream,
                                enum trace_content content)
{
    if (stream >= STREAMS_MAX) {
        abort();
    }
    struct making **making = &builder->streams[stream].contents[content];
    if (*making == NULL) {
        *making = checked(calloc(1, sizeof **making));
        (*making)->first_tick = builder->streams[stream].tick;
        (*making)->first_epoch = builder->streams[stream].epoch;
    }
    return *making;
}

void builder_seal(struct trace_builder *builder, uint32_t stream, enum trace_content content,
                  enum builder_chunk chunk)
{
    static uint8_t stored[ZSTD_COMPRESSBOUND(ROOM)];
    struct making *making = making_of(builder, stream, content);
    if (making->used == 0) {
        return;
    }
    struct trace_chunk header;
    memset(&header, 0, sizeof header);
    header.magic = chunk == BUILDER_WINDOW ? TRACE_WINDOW_MAGIC : TRACE_SEGMENT_MAGIC;
    header.content = (uint8_t)content;
    header.compression = chunk == BUILDER_ZSTD ? TRACE_ZSTD : TRACE_PLAIN;
    header.stream = stream;
    header.sequence = making->sequence;
    header.stored = (uint32_t)making->used;
    header.first_tick = making->first_tick;
    header.first_epoch = making->first_epoch;
    header.used = (uint32_t)making->used;
    const uint8_t *from = making->records;
    if (chunk == BUILDER_ZSTD) {
        ZSTD_CCtx *context = checked(ZSTD_createCCtx());
        (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1);
        (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
        header.stored =
            (uint32_t)ZSTD_compress2(context, stored, sizeof stored, making->records, making->used);
        (void)ZSTD_freeCCtx(context);
        from = stored;
    } else if (chunk == BUILDER_WINDOW) {
        header.stored = ROOM;
        memset(making->records + making->used, 0, ROOM - making->used);
    }
    header.check = trace_check(&header, offsetof(struct trace_chunk, check));
    align(builder, chunk == BUILDER_WINDOW ? TRACE_WINDOW_ALIGN : TRACE_SEGMENT_ALIGN);
    builder_gap(builder, &header, sizeof header);
    builder_gap(builder, from, header.stored);
    making->used = 0;
    making->sequence++;
    making->first_tick = builder->streams[stream].tick;
    making->first_epoch = builder->streams[stream].epoch;
    making->stack = 0;
    making->address = 0;
    making->site = 0;
    making->site_stack = 0;
}

void builder_raw(struct trace_builder *builder, uint32_t stream, enum trace_content content,
                 const void *bytes, size_t length)
{
    struct making *making = making_of(builder, stream, content);
    if (length > ROOM) {
        abort();
    }
    if (making->used + length > ROOM) {
        builder_seal(builder, stream, content, BUILDER_ZSTD);
    }
    memcpy(making->records + making->used, bytes, length);
    making->used += length;
}

/* The chunk that a definition will go into, with its bases: sealed before, if it might not fit. */
static struct making *definitions_of(struct trace_builder *builder, uint32_t stream)
{
    struct making *making = making_of(builder, stream, TRACE_DEFINITIONS);
    if (making->used + RECORD_MAX > ROOM) {
        builder_seal(builder, stream, TRACE_DEFINITIONS, BUILDER_ZSTD);
    }
    return making;
}

static void put(struct trace_builder *builder, uint32_t stream, enum trace_content content,
                const uint8_t *end)
{
    builder_raw(builder, stream, content, builder->record, (size_t)(end - builder->record));
}

static uint8_t *put_text(uint8_t *to, const char *text)
{
    return trace_put_bytes(to, text, strlen(text));
}

void builder_process(struct trace_builder *builder, const char *executable, const char *directory)
{
    uint8_t *to = builder->record;
    *to++ = TRACE_DEF_PROCESS;
    to = put_text(to, executable);
    to = put_text(to, directory);
    to = put_text(to, "host");
    to = put_text(to, "/lib/libc.so.6");
    to = trace_put_varint(to, 3);
    to = trace_put_varint(to, 2);
    to = put_text(to, executable);
    to = put_text(to, "--flag");
    put(builder, 0, TRACE_DEFINITIONS, to);
}

void builder_module(struct trace_builder *builder, uint32_t id, uint64_t bias, const char *path)
{
    uint8_t *to = builder->record;
    *to++ = TRACE_DEF_MODULE;
    to = trace_put_varint(to, id);
    to = trace_put_varint(to, bias);
    to = trace_put_varint(to, bias + 0x100000);
    to = trace_put_varint(to, bias);
    to = trace_put_bytes(to, "\x01\x02", 2);
    to = put_text(to, path);
    put(builder, 0, TRACE_DEFINITIONS, to);
}

void builder_stack(struct trace_builder *builder, uint32_t id, uint32_t parent, uint32_t module,
                   uint64_t address)
{
    struct making *making = definitions_of(builder, 0);
    uint8_t *to = builder->record;
    *to++ = TRACE_DEF_STACK;
    to = trace_put_delta(to, id, making->stack);
    to = trace_put_delta(to, parent, id);
    to = trace_put_varint(to, module);
    to = trace_put_delta(to, address, making->address);
    making->stack = id;
    making->address = address;
    put(builder, 0, TRACE_DEFINITIONS, to);
}

void builder_site(struct trace_builder *builder, uint32_t stream, uint32_t id, uint32_t stack,
                  uint64_t size)
{
    struct making *making = definitions_of(builder, stream);
    uint8_t *to = builder->record;
    *to++ = TRACE_DEF_SITE;
    to = trace_put_delta(to, id, making->site);
    to = trace_put_delta(to, stack, making->site_stack);
    to = trace_put_varint(to, size);
    making->site = id;
    making->site_stack = stack;
    put(builder, stream, TRACE_DEFINITIONS, to);
}

void builder_domain(struct trace_builder *builder, uint32_t stream, uint32_t site, uint32_t domain)
{
    uint8_t fields[2 * TRACE_VARINT_BYTES];
    const uint8_t *end = trace_put_varint(trace_put_varint(fields, site), domain);
    (void)definitions_of(builder, stream);
    builder->record[0] = TRACE_DEF_DOMAIN;
    put(builder, stream, TRACE_DEFINITIONS,
        trace_put_bytes(builder->record + 1, fields, (size_t)(end - fields)));
}

void builder_thread(struct trace_builder *builder, uint32_t stream, uint64_t thread,
                    const char *name)
{
    uint8_t *to = builder->record;
    *to++ = TRACE_DEF_THREAD;
    to = trace_put_varint(to, thread);
    to = put_text(to, name);
    put(builder, stream, TRACE_DEFINITIONS, to);
}

static uint8_t *put_other(struct trace_builder *builder, enum trace_event_other number)
{
    return trace_put_varint(builder->record, trace_event(TRACE_EV_OTHER, number));
}

void builder_time(struct trace_builder *builder, uint32_t stream, uint32_t tick, uint64_t epoch)
{
    struct stream *state = &builder->streams[stream];
    uint8_t *to = put_other(builder, TRACE_EV_TIME);
    to = trace_put_varint(to, tick - state->tick);
    to = trace_put_varint(to, epoch - state->epoch);
    put(builder, stream, TRACE_EVENTS, to);
    state->tick = tick;
    state->epoch = epoch;
}

/* The chunk that an event will go into, with its base: sealed before, if it might not fit. */
static struct making *events_of(struct trace_builder *builder, uint32_t stream)
{
    struct making *making = making_of(builder, stream, TRACE_EVENTS);
    if (making->used + (size_t)4 * TRACE_VARINT_BYTES > ROOM) {
        builder_seal(builder, stream, TRACE_EVENTS, BUILDER_ZSTD);
    }
    return making;
}

static uint8_t *put_site(uint8_t *to, const struct making *making, uint32_t site,
                         enum trace_event_code code)
{
    uint64_t difference = trace_zigzag((int64_t)site - (int64_t)making->site);
    return trace_put_varint(to, trace_event(code, difference));
}

void builder_allocate(struct trace_builder *builder, uint32_t stream, uint32_t site)
{
    struct making *making = events_of(builder, stream);
    const uint8_t *end = put_site(builder->record, making, site, TRACE_EV_ALLOCATION);
    making->site = site;
    put(builder, stream, TRACE_EVENTS, end);
}

void builder_allocate_and_release(struct trace_builder *builder, uint32_t stream, uint32_t site)
{
    struct making *making = events_of(builder, stream);
    const uint8_t *end = put_site(builder->record, making, site, TRACE_EV_PAIR);
    making->site = site;
    put(builder, stream, TRACE_EVENTS, end);
}

void builder_release(struct trace_builder *builder, uint32_t stream, uint32_t site, uint64_t age)
{
    enum trace_event_code code = age == 0 ? TRACE_EV_FREE_YOUNG : TRACE_EV_FREE;
    uint8_t *to = put_site(builder->record, events_of(builder, stream), site, code);
    put(builder, stream, TRACE_EVENTS, age == 0 ? to : trace_put_varint(to, age));
}

void builder_reallocate(struct trace_builder *builder, uint32_t stream, uint32_t old_site,
                        uint64_t age, uint32_t new_site)
{
    struct making *making = events_of(builder, stream);
    uint8_t *to = put_other(builder, TRACE_EV_REALLOCATION);
    to = trace_put_delta(to, old_site, making->site);
    to = trace_put_varint(to, age);
    to = trace_put_delta(to, new_site, making->site);
    making->site = new_site;
    put(builder, stream, TRACE_EVENTS, to);
}

void builder_implied_free(struct trace_builder *builder, uint32_t stream, uint32_t site,
                          uint64_t age)
{
    const struct making *making = events_of(builder, stream);
    uint8_t *to = trace_put_delta(put_other(builder, TRACE_EV_IMPLIED_FREE), site, making->site);
    put(builder, stream, TRACE_EVENTS, trace_put_varint(to, age));
}

void builder_inherited_free(struct trace_builder *builder, uint32_t stream, uint64_t size)
{
    uint8_t *to = put_other(builder, TRACE_EV_INHERITED_FREE);
    put(builder, stream, TRACE_EVENTS, trace_put_varint(to, size));
}

/* A record that carries its length, with one number in it. */
static void put_sized(struct trace_builder *builder, uint32_t stream, enum trace_event_other number,
                      uint64_t field)
{
    uint8_t bytes[TRACE_VARINT_BYTES];
    size_t length = (size_t)(trace_put_varint(bytes, field) - bytes);
    put(builder, stream, TRACE_EVENTS, trace_put_bytes(put_other(builder, number), bytes, length));
}

void builder_clear(struct trace_builder *builder, uint32_t stream, uint32_t first_site)
{
    put_sized(builder, stream, TRACE_EV_CLEAR, first_site);
}

void builder_resident(struct trace_builder *builder, uint32_t stream, uint64_t bytes)
{
    put_sized(builder, stream, TRACE_EV_RESIDENT, bytes);
}

void builder_freer(struct trace_builder *builder, uint32_t stream, uint32_t stack)
{
    put_sized(builder, stream, TRACE_EV_FREER, stack);
}

void builder_snapshot(struct trace_builder *builder, uint32_t stream, const char *name)
{
    put(builder, stream, TRACE_EVENTS, put_text(put_other(builder, TRACE_EV_SNAPSHOT), name));
}

const uint8_t *builder_bytes(struct trace_builder *builder, size_t *ret_length)
{
    for (uint32_t i = 0; i < STREAMS_MAX; i++) {
        for (int c = TRACE_DEFINITIONS; c <= TRACE_PICTURE; c++) {
            if (builder->streams[i].contents[c] != NULL) {
                builder_seal(builder, i, (enum trace_content)c, BUILDER_ZSTD);
            }
        }
    }
    struct trace_file_header *header = &builder->header;
    header->check = trace_check(header, offsetof(struct trace_file_header, check));
    memcpy(builder->file, header, sizeof *header);
    *ret_length = builder->length;
    return builder->file;
}

void builder_write(struct trace_builder *builder, const char *path)
{
    size_t length = 0;
    const uint8_t *bytes = builder_bytes(builder, &length);
    builder_write_file(path, bytes, length);
}

void builder_write_file(const char *path, const void *bytes, size_t length)
{
    // Not O_TRUNC: ext4 puts what replaces a file onto the disk when it is closed, and waits.
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    bool is_written = write(file, bytes, length) == (ssize_t)length;
    if (!is_written || ftruncate(file, (off_t)length) != 0 || close(file) != 0) {
        abort();
    }
}
