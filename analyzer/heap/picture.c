/*
 * The records of heap pictures (format.md, 7), chunk by chunk, to whoever visits them.
 *
 * A record that contradicts the format ends its chunk: deltas that follow cannot be trusted. Later
 * chunks can, since every base starts anew, and a COUNT says which number the next block has.
 */
#include "picture.h"

#include <string.h>

#include "trace_codec.h"
#include "trace_file.h"

#define ADDRESS_STEP 8 /* what addresses of blocks are multiples of */

/* What is known while a picture is read. */
struct picture_loader {
    const struct picture_visitor *visitor;
    uint32_t number;
    uint64_t next_block;
    uint64_t blocks; /* above all numbers seen so far */
    bool has_end;
    bool is_out_of_memory;
    /* of this chunk */
    bool has_count; /* the number of the next block is known */
    uint64_t address;
    uint64_t source;
    uint64_t target;
};

/* Call a visitor's function if it has one. Return: true, or false without memory. */
#define VISIT(loader, function, ...)                                                               \
    ((loader)->visitor->function == NULL ||                                                        \
     (loader)->visitor->function((loader)->visitor->context, __VA_ARGS__) ||                       \
     (((loader)->is_out_of_memory = true), false))

static bool get_head(struct trace_cursor *cursor, uint32_t number, struct picture_head *head)
{
    size_t length = 0;
    const uint8_t *name = trace_get_bytes(cursor, TRACE_NAME_BYTES, &length);
    *head = (struct picture_head){.number = number};
    memcpy(head->name, name, length);
    head->tick = trace_get_varint(cursor);
    head->flags = trace_get_varint(cursor);
    head->threads = trace_get_varint(cursor);
    head->young_ticks = trace_get_varint(cursor);
    return !cursor->is_bad;
}

static bool load_head(struct picture_loader *loader, struct trace_cursor *cursor)
{
    struct picture_head head;
    return get_head(cursor, loader->number, &head) && VISIT(loader, head, &head);
}

static bool load_block(struct picture_loader *loader, struct trace_cursor *cursor)
{
    uint64_t address = loader->address + trace_get_varint(cursor) * ADDRESS_STEP;
    uint64_t site = trace_get_varint(cursor);
    struct picture_block block = {.number = loader->next_block, .address = address};
    block.size = site == 0 ? trace_get_varint(cursor) : 0;
    block.age = trace_get_varint(cursor);
    if (cursor->is_bad || !loader->has_count || site > UINT32_MAX || address < loader->address ||
        (address == loader->address && address != 0)) {
        return false;
    }
    block.site = (uint32_t)site;
    loader->address = address;
    loader->next_block++;
    if (loader->next_block > loader->blocks) {
        loader->blocks = loader->next_block;
    }
    return VISIT(loader, block, &block);
}

static bool load_count(struct picture_loader *loader, struct trace_cursor *cursor)
{
    uint64_t blocks = trace_get_varint(cursor);
    uint64_t bytes = trace_get_varint(cursor);
    if (cursor->is_bad || blocks < loader->next_block) {
        return false;
    }
    loader->next_block = blocks;
    loader->blocks = blocks;
    loader->has_count = true;
    return VISIT(loader, count, blocks, bytes);
}

static bool load_region(struct picture_loader *loader, struct trace_cursor *cursor)
{
    struct picture_region region = {0};
    region.number = trace_get_varint(cursor);
    region.kind = trace_get_varint(cursor);
    region.start = trace_get_varint(cursor);
    region.bytes = trace_get_varint(cursor);
    uint64_t module = trace_get_varint(cursor);
    region.base = trace_get_varint(cursor);
    region.thread = trace_get_varint(cursor);
    region.name = trace_get_bytes(cursor, TRACE_PATH_BYTES - 1, &region.name_bytes);
    if (cursor->is_bad || module > UINT32_MAX) {
        return false;
    }
    region.module = (uint32_t)module;
    return VISIT(loader, region, &region);
}

/* Read what a pointer points to, and hand it out. @pointer: where it was found. */
static bool load_pointer(struct picture_loader *loader, struct trace_cursor *cursor,
                         struct picture_pointer *pointer)
{
    pointer->target = trace_get_delta(cursor, loader->target);
    uint64_t where = trace_get_varint(cursor);
    if (cursor->is_bad || pointer->target >= loader->blocks) {
        return false;
    }
    loader->target = pointer->target;
    pointer->offset = where >> TRACE_INSIDE_BITS;
    pointer->looks = where & ((1U << TRACE_INSIDE_BITS) - 1);
    return VISIT(loader, pointer, pointer);
}

static bool load_from_block(struct picture_loader *loader, struct trace_cursor *cursor)
{
    struct picture_pointer pointer = {0};
    pointer.source = loader->source + trace_get_varint(cursor);
    uint64_t count = trace_get_varint(cursor);
    if (cursor->is_bad || pointer.source < loader->source || pointer.source >= loader->blocks) {
        return false;
    }
    loader->source = pointer.source;
    for (; count > 0; count--) {
        if (!load_pointer(loader, cursor, &pointer)) {
            return false;
        }
    }
    return true;
}

static bool load_from_root(struct picture_loader *loader, struct trace_cursor *cursor)
{
    struct picture_pointer pointer = {.is_root = true};
    pointer.source = trace_get_varint(cursor);
    pointer.slot = trace_get_varint(cursor);
    uint64_t count = trace_get_varint(cursor);
    for (; !cursor->is_bad && count > 0; count--) {
        pointer.slot += trace_get_varint(cursor);
        if (!load_pointer(loader, cursor, &pointer)) {
            return false;
        }
    }
    return !cursor->is_bad;
}

static bool load_end(struct picture_loader *loader, struct trace_cursor *cursor)
{
    struct picture_end end = {0};
    end.blocks_scanned = trace_get_varint(cursor);
    end.bytes_scanned = trace_get_varint(cursor);
    end.unreadable_words = trace_get_varint(cursor);
    end.time_ms = trace_get_varint(cursor);
    end.pause_us = trace_get_varint(cursor);
    end.blocks_left_out = trace_get_varint(cursor);
    loader->has_end = !cursor->is_bad;
    return loader->has_end && VISIT(loader, end, &end);
}

/* The fields after the length: a newer writer may add some at the end. */
static bool load_frames(struct picture_loader *loader, struct trace_cursor *record)
{
    size_t length = 0;
    const uint8_t *fields = trace_get_bytes(record, TRACE_RECORDS_MAX, &length);
    struct trace_cursor cursor = trace_cursor_over(fields, length);
    struct picture_frame frame = {.thread = trace_get_varint(&cursor)};
    uint64_t count = trace_get_varint(&cursor);
    for (; !record->is_bad && !cursor.is_bad && count > 0; count--) {
        frame.pc = trace_get_delta(&cursor, frame.pc);
        frame.sp = trace_get_delta(&cursor, frame.sp);
        frame.bp = trace_get_delta(&cursor, frame.sp);
        uint64_t module = trace_get_varint(&cursor);
        frame.module = module <= UINT32_MAX ? (uint32_t)module : 0;
        if (!cursor.is_bad && !VISIT(loader, frame, &frame)) {
            return false;
        }
    }
    return !record->is_bad && !cursor.is_bad;
}

static bool load_tls(struct picture_loader *loader, struct trace_cursor *record)
{
    size_t length = 0;
    const uint8_t *fields = trace_get_bytes(record, TRACE_RECORDS_MAX, &length);
    struct trace_cursor cursor = trace_cursor_over(fields, length);
    uint64_t module = trace_get_varint(&cursor);
    struct picture_tls tls = {.module = module <= UINT32_MAX ? (uint32_t)module : 0};
    tls.distance = trace_get_varint(&cursor);
    return !record->is_bad && !cursor.is_bad && VISIT(loader, tls, &tls);
}

static bool load_record(struct picture_loader *loader, struct trace_cursor *cursor)
{
    uint8_t tag = trace_get_byte(cursor);
    switch (tag) {
    case TRACE_PIC_HEAD:
        return load_head(loader, cursor);
    case TRACE_PIC_BLOCK:
        return load_block(loader, cursor);
    case TRACE_PIC_COUNT:
        return load_count(loader, cursor);
    case TRACE_PIC_REGION:
        return load_region(loader, cursor);
    case TRACE_PIC_FROM_BLOCK:
        return load_from_block(loader, cursor);
    case TRACE_PIC_FROM_ROOT:
        return load_from_root(loader, cursor);
    case TRACE_PIC_END:
        return load_end(loader, cursor);
    case TRACE_PIC_FRAMES:
        return load_frames(loader, cursor);
    case TRACE_PIC_TLS:
        return load_tls(loader, cursor);
    default: {
        size_t length = 0;
        if (tag < TRACE_PIC_SIZED) {
            return false;
        }
        (void)trace_get_bytes(cursor, TRACE_RECORDS_MAX, &length);
        return !cursor->is_bad;
    }
    }
}

/* Hand out a chunk's records, until the first that is bad. */
static void load_chunk(struct picture_loader *loader, const uint8_t *records, size_t length,
                       struct damage *damage)
{
    struct trace_cursor cursor = trace_cursor_over(records, length);
    loader->has_count = false;
    loader->address = 0;
    loader->source = 0;
    loader->target = 0;
    while (cursor.next < cursor.end && !loader->is_out_of_memory) {
        const uint8_t *record = cursor.next;
        if (!load_record(loader, &cursor) && !loader->is_out_of_memory) {
            damage->corrupt_chunks++;
            damage->lost_bytes += (uint64_t)(cursor.end - record);
            return;
        }
    }
}

/* The chunks of one picture. */
struct picture_chunks {
    const struct chunk *first;
    size_t count;
};

/* Return: false if there is no such picture. */
static bool find_picture(const struct reader *reader, size_t which, struct picture_chunks *ret)
{
    const struct chunk_index *index = &reader->index;
    size_t seen = 0;
    for (size_t i = index->pictures; i < index->count; i++) {
        const struct chunk *chunk = &index->chunks[i];
        if (i > index->pictures && chunk->stream == chunk[-1].stream) {
            continue;
        }
        if (seen++ == which) {
            *ret = (struct picture_chunks){.first = chunk};
            while (i + ret->count < index->count && chunk[ret->count].stream == chunk->stream) {
                ret->count++;
            }
            return true;
        }
    }
    return false;
}

size_t picture_count(const struct reader *reader)
{
    const struct chunk_index *index = &reader->index;
    size_t count = 0;
    for (size_t i = index->pictures; i < index->count; i++) {
        const struct chunk *chunk = &index->chunks[i];
        count += i == index->pictures || chunk->stream != chunk[-1].stream ? 1 : 0;
    }
    return count;
}

enum trace_status picture_read(struct reader *reader, size_t which,
                               const struct picture_visitor *visitor, struct trace_error *error)
{
    uint8_t records[TRACE_RECORDS_MAX];
    struct picture_chunks chunks = {0};
    if (!find_picture(reader, which, &chunks)) {
        return TRACE_NOT_FOUND;
    }
    struct picture_loader loader = {.visitor = visitor, .number = chunks.first->stream};
    for (size_t i = 0; i < chunks.count; i++) {
        const struct chunk *chunk = &chunks.first[i];
        enum trace_status status =
            trace_file_read_chunk(&reader->file, chunk, reader->decoder, records, error);
        if (status == TRACE_IO) {
            return status;
        }
        if (status == TRACE_OK) {
            load_chunk(&loader, records, chunk->used, &reader->damage);
        } else {
            damage_count(&reader->damage, status);
            reader->damage.lost_bytes += chunk->used;
        }
        if (loader.is_out_of_memory) {
            return trace_fail(error, TRACE_NOMEM, chunk->offset,
                              "%s: no memory for heap picture %u", reader->file.path,
                              loader.number);
        }
    }
    return loader.has_end ? TRACE_OK : TRACE_TRUNCATED;
}

enum trace_status picture_read_head(struct reader *reader, size_t which,
                                    struct picture_head *ret_head, struct trace_error *error)
{
    uint8_t records[TRACE_RECORDS_MAX];
    struct picture_chunks chunks = {0};
    struct picture_head head;
    if (!find_picture(reader, which, &chunks)) {
        return TRACE_NOT_FOUND;
    }
    enum trace_status status =
        trace_file_read_chunk(&reader->file, chunks.first, reader->decoder, records, error);
    if (status == TRACE_IO) {
        return status;
    }
    struct trace_cursor cursor =
        trace_cursor_over(records, status == TRACE_OK ? chunks.first->used : 0);
    if (trace_get_byte(&cursor) != TRACE_PIC_HEAD ||
        !get_head(&cursor, chunks.first->stream, &head)) {
        return TRACE_TRUNCATED;
    }
    *ret_head = head;
    return TRACE_OK;
}

static bool keep_end(void *context, const struct picture_end *end)
{
    *(struct picture_end *)context = *end;
    return true;
}

enum trace_status picture_read_end(const struct reader *reader, size_t which,
                                   struct picture_end *ret_end, struct trace_error *error)
{
    uint8_t records[TRACE_RECORDS_MAX];
    struct picture_chunks chunks = {0};
    struct damage ignored = {0};
    if (!find_picture(reader, which, &chunks)) {
        return TRACE_NOT_FOUND;
    }
    const struct chunk *last = &chunks.first[chunks.count - 1];
    enum trace_status status =
        trace_file_read_chunk(&reader->file, last, reader->decoder, records, error);
    if (status != TRACE_OK) {
        return status == TRACE_IO ? status : TRACE_TRUNCATED;
    }
    const struct picture_visitor visitor = {.context = ret_end, .end = keep_end};
    struct picture_loader loader = {
        .visitor = &visitor,
        .number = last->stream,
        .blocks = UINT64_MAX, /* they are in the chunks before */
    };
    load_chunk(&loader, records, last->used, &ignored);
    return loader.has_end ? TRACE_OK : TRACE_TRUNCATED;
}
