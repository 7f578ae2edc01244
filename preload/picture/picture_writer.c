/* Records of heap pictures. See picture_writer.h. */
#include "picture_writer.h"

#include <errno.h>
#include <string.h>

#include "compressor.h"
#include "memory.h"
#include "trace_codec.h"

#define NUMBERS_BYTES(count) ((size_t)(count)*TRACE_VARINT_BYTES) /* at most */
#define SMALL_RECORD_BYTES (1 + NUMBERS_BYTES(8))
#define BATCH_BYTES (SMALL_RECORD_BYTES + NUMBERS_BYTES(3 * PICTURE_BATCH))
#define FRAMES_BYTES (SMALL_RECORD_BYTES + NUMBERS_BYTES(4 * TRACE_PIC_FRAMES_MAX))
#define ADDRESS_STEP 8

/* Start an empty chunk: every base is 0 again. */
static void start_chunk(struct picture_writer *writer)
{
    const struct picture_title *title = writer->title;
    *writer->chunk = (struct trace_chunk){
        .magic = TRACE_WINDOW_MAGIC, /* the compressor makes a segment of it */
        .content = TRACE_PICTURE,
        .compression = TRACE_PLAIN,
        .stream = title->number,
        .sequence = writer->sequence++,
        .first_tick = title->tick,
        .first_epoch = title->epoch,
    };
    writer->next = (uint8_t *)(writer->chunk + 1);
    writer->has_count = false;
    writer->address = 0;
    writer->source = 0;
    writer->target = 0;
}

static void append_chunk(struct picture_writer *writer)
{
    size_t bytes = 0;
    writer->chunk->used = (uint32_t)(writer->next - (uint8_t *)(writer->chunk + 1));
    const void *segment = compressor_seal(writer->compressor, writer->chunk, &bytes);
    if (writer->result == 0) {
        writer->result = file_append(writer->file, segment, bytes);
    }
    start_chunk(writer);
}

/* Return: where to write at most @room bytes, the tag already written. */
static uint8_t *begin(struct picture_writer *writer, enum trace_picture_record tag, size_t room)
{
    const uint8_t *end = (uint8_t *)writer->chunk + TRACE_WINDOW_BYTES;
    if ((size_t)(end - writer->next) < room) {
        append_chunk(writer);
    }
    uint8_t *to = writer->next;
    *to++ = (uint8_t)tag;
    return to;
}

static void write_head(struct picture_writer *writer)
{
    const struct picture_title *title = writer->title;
    uint8_t *to = begin(writer, TRACE_PIC_HEAD, SMALL_RECORD_BYTES + TRACE_NAME_BYTES);
    to = trace_put_bytes(to, title->name, strlen(title->name));
    to = trace_put_varint(to, title->tick);
    to = trace_put_varint(to, title->flags);
    to = trace_put_varint(to, title->threads);
    to = trace_put_varint(to, title->young_ticks);
    writer->next = to;
}

bool picture_writer_init(struct picture_writer *writer, struct file *file,
                         const struct picture_title *title)
{
    *writer = (struct picture_writer){
        .file = file,
        .title = title,
        .compressor = compressor_take(),
        .chunk = memory_map(TRACE_WINDOW_BYTES),
    };
    if (writer->compressor == NULL || writer->chunk == NULL) {
        return false;
    }
    start_chunk(writer);
    write_head(writer);
    return true;
}

void picture_write_count(struct picture_writer *writer)
{
    uint8_t *to = begin(writer, TRACE_PIC_COUNT, SMALL_RECORD_BYTES);
    to = trace_put_varint(to, writer->blocks);
    writer->next = trace_put_varint(to, writer->block_bytes);
    writer->has_count = true;
}

void picture_write_block(struct picture_writer *writer, uintptr_t address, uint32_t site,
                         uint64_t size, uint32_t age)
{
    uint8_t *to = begin(writer, TRACE_PIC_BLOCK, 2 * SMALL_RECORD_BYTES);
    if (!writer->has_count) { /* a new chunk, then */
        picture_write_count(writer);
        to = begin(writer, TRACE_PIC_BLOCK, SMALL_RECORD_BYTES);
    }
    to = trace_put_varint(to, (address - writer->address) / ADDRESS_STEP);
    to = trace_put_varint(to, site);
    if (site == 0) {
        to = trace_put_varint(to, size);
    }
    writer->next = trace_put_varint(to, age);
    writer->address = address;
    writer->blocks++;
    writer->block_bytes += size;
}

uint32_t picture_write_region(struct picture_writer *writer, const struct picture_region *region)
{
    size_t length =
        region->name_bytes < TRACE_PATH_BYTES ? region->name_bytes : TRACE_PATH_BYTES - 1;
    uint8_t *to = begin(writer, TRACE_PIC_REGION, SMALL_RECORD_BYTES + TRACE_PATH_BYTES);
    to = trace_put_varint(to, writer->regions);
    to = trace_put_varint(to, region->kind);
    to = trace_put_varint(to, region->start);
    to = trace_put_varint(to, region->bytes);
    to = trace_put_varint(to, region->module);
    to = trace_put_varint(to, region->base);
    to = trace_put_varint(to, region->thread);
    writer->next = trace_put_bytes(to, region->name, length);
    return writer->regions++;
}

void picture_write_frames(struct picture_writer *writer, uint32_t thread,
                          const struct picture_frame *frames, size_t count)
{
    static uint8_t fields[FRAMES_BYTES]; /* the record's length comes before them */
    struct picture_frame last = {0};
    uint8_t *at = trace_put_varint(fields, thread);
    at = trace_put_varint(at, count);
    for (size_t i = 0; i < count; i++) {
        at = trace_put_delta(at, frames[i].pc, last.pc);
        at = trace_put_delta(at, frames[i].sp, last.sp);
        at = trace_put_delta(at, frames[i].bp, frames[i].sp);
        at = trace_put_varint(at, frames[i].module);
        last = frames[i];
    }
    uint8_t *to = begin(writer, TRACE_PIC_FRAMES, FRAMES_BYTES + SMALL_RECORD_BYTES);
    writer->next = trace_put_bytes(to, fields, (size_t)(at - fields));
}

void picture_write_tls(struct picture_writer *writer, uint32_t module, uint64_t offset)
{
    uint8_t fields[2 * TRACE_VARINT_BYTES];
    uint8_t *at = trace_put_varint(fields, module);
    at = trace_put_varint(at, offset);
    uint8_t *to = begin(writer, TRACE_PIC_TLS, SMALL_RECORD_BYTES);
    writer->next = trace_put_bytes(to, fields, (size_t)(at - fields));
}

void picture_write_batch(struct picture_writer *writer, struct picture_batch *batch)
{
    uint64_t slot = 0;
    if (batch->count == 0) {
        return;
    }
    uint8_t *to =
        begin(writer, batch->is_root ? TRACE_PIC_FROM_ROOT : TRACE_PIC_FROM_BLOCK, BATCH_BYTES);
    if (batch->is_root) {
        slot = batch->pointers[0].slot;
        to = trace_put_varint(to, batch->source);
        to = trace_put_varint(to, slot);
    } else {
        to = trace_put_varint(to, batch->source - writer->source);
        writer->source = batch->source;
    }
    to = trace_put_varint(to, batch->count);
    for (unsigned i = 0; i < batch->count; i++) {
        const struct picture_pointer *pointer = &batch->pointers[i];
        if (batch->is_root) {
            to = trace_put_varint(to, pointer->slot - slot);
            slot = pointer->slot;
        }
        to = trace_put_delta(to, pointer->target, writer->target);
        to = trace_put_varint(to, pointer->where);
        writer->target = pointer->target;
    }
    writer->next = to;
    batch->count = 0;
}

void picture_write_end(struct picture_writer *writer, const struct picture_end *end)
{
    uint8_t *to = begin(writer, TRACE_PIC_END, SMALL_RECORD_BYTES);
    to = trace_put_varint(to, end->blocks);
    to = trace_put_varint(to, end->bytes);
    to = trace_put_varint(to, end->unreadable_words);
    to = trace_put_varint(to, end->time_ms);
    to = trace_put_varint(to, end->pause_us);
    writer->next = trace_put_varint(to, end->blocks_left_out);
}

long picture_writer_finish(struct picture_writer *writer)
{
    append_chunk(writer);
    return writer->result;
}
