/*
 * The scan over a file's chunk headers.
 *
 * Where no header is valid the scan goes on at the next multiple of 64, and over holes of the file
 * in one leap: reserved space is a hole until something is written. Several headers are read at a
 * time, for segments are a few kilobytes long.
 *
 * A running process changes its windows under our eyes. A window's header is read again after its
 * records: if it still has the same sequence, the records belong to it.
 */
#include "chunk_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grow.h"
#include "trace_codec.h"

enum {
    BUFFER_BYTES = 16384,
    RETRIES = 100, /* of a window that is being changed */
    RESCANS = 8,   /* of a file that is growing */
};

/* A view of the file that is read forwards. */
struct scan {
    const struct trace_file *file;
    uint64_t start; /* offset of buffer[0] */
    size_t length;
    uint64_t end; /* where the file ended when it was last read there */
    uint8_t buffer[BUFFER_BYTES];
};

/* Give the header at @offset. TRACE_END: the file ends before the header does. */
static enum trace_status peek(struct scan *scan, uint64_t offset, struct trace_chunk *ret_header,
                              struct trace_error *error)
{
    bool is_inside =
        offset >= scan->start && offset + TRACE_CHUNK_BYTES <= scan->start + scan->length;
    if (!is_inside) {
        enum trace_status status =
            trace_file_read(scan->file, offset, scan->buffer, BUFFER_BYTES, &scan->length, error);
        if (status != TRACE_OK) {
            return status;
        }
        scan->start = offset;
        if (scan->length < TRACE_CHUNK_BYTES) {
            return TRACE_END;
        }
    }
    memcpy(ret_header, scan->buffer + (offset - scan->start), TRACE_CHUNK_BYTES);
    return TRACE_OK;
}

static bool has_magic(const struct trace_chunk *header)
{
    return header->magic == TRACE_WINDOW_MAGIC || header->magic == TRACE_SEGMENT_MAGIC;
}

static bool is_valid(const struct trace_chunk *header, uint64_t offset)
{
    if (!has_magic(header) ||
        header->check != trace_check(header, offsetof(struct trace_chunk, check))) {
        return false;
    }
    return header->magic == TRACE_SEGMENT_MAGIC || offset % TRACE_WINDOW_ALIGN == 0;
}

static uint64_t chunk_end(const struct trace_chunk *header, uint64_t offset)
{
    uint64_t size = header->magic == TRACE_WINDOW_MAGIC
                        ? TRACE_WINDOW_BYTES
                        : TRACE_CHUNK_BYTES + (uint64_t)header->stored;
    uint64_t end = offset + size;
    return (end + TRACE_SEGMENT_ALIGN - 1) / TRACE_SEGMENT_ALIGN * TRACE_SEGMENT_ALIGN;
}

/* Return: the new last element of the index, a copy of @chunk; NULL without memory. */
static struct chunk *append(struct chunk_index *index, const struct chunk *chunk)
{
    struct chunk *chunks =
        grow_array(index->chunks, index->count, &index->capacity, sizeof *chunks);
    if (chunks == NULL) {
        return NULL;
    }
    index->chunks = chunks;
    index->chunks[index->count] = *chunk;
    return &index->chunks[index->count++];
}

static struct chunk chunk_of(const struct trace_chunk *header, uint64_t offset)
{
    return (struct chunk){
        .offset = offset,
        .first_epoch = header->first_epoch,
        .first_tick = header->first_tick,
        .stream = header->stream,
        .sequence = header->sequence,
        .stored = header->stored,
        .used = header->used,
        .content = header->content,
        .compression = header->compression,
        .is_window = header->magic == TRACE_WINDOW_MAGIC,
    };
}

/* Read the window at @offset until its header holds still while its records are read. */
static enum trace_status read_window(const struct trace_file *file, uint64_t offset,
                                     uint8_t *window, size_t *ret_length, struct trace_error *error)
{
    struct trace_chunk before = {0};
    struct trace_chunk after = {0};
    size_t length = 0;
    for (int i = 0; i < RETRIES; i++) {
        enum trace_status status =
            trace_file_read(file, offset, window, TRACE_WINDOW_BYTES, ret_length, error);
        if (status == TRACE_OK) {
            status = trace_file_read(file, offset, &after, sizeof after, &length, error);
        }
        if (status != TRACE_OK) {
            return status;
        }
        memcpy(&before, window, sizeof before);
        if (*ret_length < TRACE_CHUNK_BYTES || before.magic != TRACE_WINDOW_MAGIC) {
            return TRACE_NOT_FOUND;
        }
        if (before.check == after.check && is_valid(&before, offset)) {
            return before.used <= TRACE_RECORDS_MAX ? TRACE_OK : TRACE_NOT_FOUND;
        }
    }
    return TRACE_NOT_FOUND;
}

/*
 * Copy the window at @chunk->offset as it is now; it may have become another chunk of its stream.
 * TRACE_NOT_FOUND: it does not hold still, or is no window any more.
 */
static enum trace_status copy_window(const struct trace_file *file, struct chunk *chunk,
                                     struct damage *damage, struct trace_error *error)
{
    struct trace_chunk header = {0};
    size_t length = 0;
    uint8_t *window = calloc(1, TRACE_WINDOW_BYTES);
    if (window == NULL) {
        return trace_fail(error, TRACE_NOMEM, chunk->offset, "no memory for a copy of a window");
    }
    enum trace_status status = read_window(file, chunk->offset, window, &length, error);
    if (status != TRACE_OK) {
        free(window);
        return status;
    }
    memcpy(&header, window, sizeof header);
    *chunk = chunk_of(&header, chunk->offset);
    if (chunk->used > length - TRACE_CHUNK_BYTES) {
        chunk->used = (uint32_t)(length - TRACE_CHUNK_BYTES);
        damage->truncated_chunks++;
    }
    memmove(window, window + TRACE_CHUNK_BYTES, chunk->used);
    uint8_t *copy = realloc(window, chunk->used > 0 ? chunk->used : 1);
    chunk->copy = copy != NULL ? copy : window;
    return TRACE_OK;
}

/* Take a chunk whose header is valid. Definition windows are copied later. */
static enum trace_status take(struct chunk_index *index, const struct trace_file *file,
                              const struct trace_chunk *header, uint64_t offset,
                              struct damage *damage, struct trace_error *error)
{
    const struct chunk chunk = chunk_of(header, offset);
    if (header->content < TRACE_DEFINITIONS || header->content > TRACE_PICTURE) {
        damage->unknown_chunks++;
        return TRACE_OK;
    }
    if (header->used > TRACE_RECORDS_MAX) {
        damage->corrupt_chunks++;
        return TRACE_OK;
    }
    struct chunk *taken = append(index, &chunk);
    if (taken == NULL) {
        return trace_fail(error, TRACE_NOMEM, offset, "no memory for an index of %zu chunks",
                          index->count);
    }
    if (!chunk.is_window || chunk.content != TRACE_EVENTS) {
        return TRACE_OK;
    }
    enum trace_status status = copy_window(file, taken, damage, error);
    if (status == TRACE_NOT_FOUND) {
        index->count--;
        damage->corrupt_chunks++;
        return TRACE_OK;
    }
    return status;
}

/* Return: where data begins again at or after @offset; @offset when that cannot be told. */
static uint64_t skip_hole(const struct trace_file *file, uint64_t offset)
{
    off_t data = lseek(file->fd, (off_t)offset, SEEK_DATA);
    if (data < 0) {
        return errno == ENXIO ? UINT64_MAX : offset;
    }
    uint64_t start = (uint64_t)data / TRACE_SEGMENT_ALIGN * TRACE_SEGMENT_ALIGN;
    return start > offset ? start : offset;
}

/*
 * Index everything from @offset to the end of the file.
 * @only: a content, or 0 for all.
 * @ret_end: where the file ended.
 */
static enum trace_status scan_from(struct chunk_index *index, struct scan *scan, uint64_t offset,
                                   uint8_t only, struct damage *damage, struct trace_error *error)
{
    struct trace_chunk header = {0};
    enum trace_status status = TRACE_OK;
    bool was_chunk = true;
    while ((status = peek(scan, offset, &header, error)) == TRACE_OK) {
        if (is_valid(&header, offset)) {
            if (only == 0 || header.content == only) {
                status = take(index, scan->file, &header, offset, damage, error);
            }
            if (status != TRACE_OK) {
                return status;
            }
            offset = chunk_end(&header, offset);
            was_chunk = true;
            continue;
        }
        // A header that is one by its magic only was a chunk once, and what it held is lost.
        damage->corrupt_chunks += has_magic(&header) ? 1 : 0;
        offset += TRACE_SEGMENT_ALIGN;
        if (header.magic == 0 && (was_chunk || offset % TRACE_WINDOW_ALIGN == 0)) {
            uint64_t data = skip_hole(scan->file, offset);
            if (data == UINT64_MAX) {
                break;
            }
            offset = data;
        }
        was_chunk = false;
    }
    scan->end = offset;
    return status == TRACE_END ? TRACE_OK : status;
}

/*
 * Copy the windows of definitions. A running process may have sealed one since it was found: what
 * it held is then a segment behind the place where the scan ended.
 */
static enum trace_status copy_definitions(struct chunk_index *index, struct scan *scan,
                                          struct damage *damage, struct trace_error *error)
{
    bool has_moved = true;
    for (int i = 0; i < RESCANS && has_moved; i++) {
        has_moved = false;
        for (size_t c = 0; c < index->count; c++) {
            struct chunk *chunk = &index->chunks[c];
            if (!chunk->is_window || chunk->content != TRACE_DEFINITIONS || chunk->copy != NULL) {
                continue;
            }
            uint32_t sequence = chunk->sequence;
            enum trace_status status = copy_window(scan->file, chunk, damage, error);
            if (status == TRACE_NOT_FOUND) {
                chunk->used = 0;
                damage->corrupt_chunks++;
            } else if (status != TRACE_OK) {
                return status;
            }
            has_moved = has_moved || chunk->sequence != sequence;
        }
        if (has_moved) {
            scan->length = 0;
            enum trace_status status =
                scan_from(index, scan, scan->end, TRACE_DEFINITIONS, damage, error);
            if (status != TRACE_OK) {
                return status;
            }
        }
    }
    return TRACE_OK;
}

static int compare(const void *left, const void *right)
{
    const struct chunk *a = left;
    const struct chunk *b = right;
    if (a->content != b->content) {
        return a->content < b->content ? -1 : 1;
    }
    if (a->stream != b->stream) {
        return a->stream < b->stream ? -1 : 1;
    }
    if (a->sequence != b->sequence) {
        return a->sequence < b->sequence ? -1 : 1;
    }
    if (a->is_window != b->is_window) {
        return a->is_window ? 1 : -1;
    }
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Drop empty windows and doubles, count gaps, find where events and pictures begin. */
static void tidy(struct chunk_index *index, struct damage *damage)
{
    size_t kept = 0;
    for (size_t i = 0; i < index->count; i++) {
        struct chunk *chunk = &index->chunks[i];
        const struct chunk *previous = kept > 0 ? &index->chunks[kept - 1] : NULL;
        bool is_same = previous != NULL && previous->content == chunk->content &&
                       previous->stream == chunk->stream;
        bool is_double = is_same && previous->sequence == chunk->sequence;
        if (is_double || (chunk->is_window && chunk->used == 0)) {
            free(chunk->copy);
            chunk->copy = NULL;
            continue;
        }
        damage->missing_chunks += chunk->sequence - (is_same ? previous->sequence + 1 : 0);
        index->chunks[kept++] = *chunk;
    }
    index->count = kept;
    index->events = 0;
    while (index->events < kept && index->chunks[index->events].content == TRACE_DEFINITIONS) {
        index->events++;
    }
    index->pictures = index->events;
    while (index->pictures < kept && index->chunks[index->pictures].content == TRACE_EVENTS) {
        index->pictures++;
    }
}

enum trace_status chunk_index_build(const struct trace_file *file, struct chunk_index *ret_index,
                                    struct damage *damage, struct trace_error *error)
{
    struct chunk_index index = {0};
    struct scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "%s: no memory to read it", file->path);
    }
    scan->file = file;
    enum trace_status status = scan_from(&index, scan, TRACE_HEADER_BYTES, 0, damage, error);
    if (status == TRACE_OK) {
        status = copy_definitions(&index, scan, damage, error);
    }
    free(scan);
    if (status != TRACE_OK) {
        chunk_index_fini(&index);
        return status;
    }
    if (index.count > 0) {
        qsort(index.chunks, index.count, sizeof *index.chunks, compare);
    }
    tidy(&index, damage);
    *ret_index = index;
    return TRACE_OK;
}

void chunk_index_fini(struct chunk_index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        free(index->chunks[i].copy);
    }
    free(index->chunks);
    *index = (struct chunk_index){0};
}
