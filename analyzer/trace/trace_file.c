/*
 * The outermost layer of the reader: bytes from the disk, the file's header, and the records of a
 * single chunk. What can be wrong with a whole file is named here; what can be wrong with one
 * chunk is a status, and the caller counts it and goes on.
 */
#include "trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "trace_codec.h"

struct chunk_decoder {
    ZSTD_DCtx *zstd;
    uint8_t stored[ZSTD_COMPRESSBOUND(TRACE_WINDOW_BYTES)];
};

enum trace_status trace_file_read(const struct trace_file *file, uint64_t offset, void *buffer,
                                  size_t length, size_t *ret_length, struct trace_error *error)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got =
            pread(file->fd, (uint8_t *)buffer + done, length - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return trace_fail(error, TRACE_IO, offset, "%s: cannot be read: %s", file->path,
                              strerror(errno));
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *ret_length = done;
    return TRACE_OK;
}

static enum trace_status check_header(const struct trace_file *file, size_t length,
                                      struct trace_error *error)
{
    const struct trace_file_header *header = &file->header;
    const char *path = file->path;
    if (length == 0) {
        return trace_fail(error, TRACE_TRUNCATED, 0,
                          "%s: is empty; libtrace.so was not loaded, or had no room to write",
                          path);
    }
    size_t compared = length < TRACE_MAGIC_BYTES ? length : TRACE_MAGIC_BYTES;
    if (memcmp(header->magic, TRACE_MAGIC, compared) != 0) {
        return trace_fail(error, TRACE_CORRUPT, 0,
                          "%s: is not a trace; give a file that libtrace.so has written", path);
    }
    if (length < sizeof *header || file->size < TRACE_HEADER_BYTES) {
        return trace_fail(error, TRACE_TRUNCATED, length,
                          "%s: ends inside its header, nothing can be read; record it again", path);
    }
    if (header->oldest_reader > TRACE_VERSION) {
        return trace_fail(error, TRACE_UNSUPPORTED, offsetof(struct trace_file_header, version),
                          "%s: has format version %u, this trace-report knows %u; use a newer one",
                          path, header->version, TRACE_VERSION);
    }
    if (header->version < TRACE_VERSION && header->version > 0) {
        return trace_fail(error, TRACE_UNSUPPORTED, offsetof(struct trace_file_header, version),
                          "%s: has format version %u, this trace-report reads %u; use the one that "
                          "came with the libtrace.so that wrote it, or record it again",
                          path, header->version, TRACE_VERSION);
    }
    if (header->check != trace_check(header, offsetof(struct trace_file_header, check))) {
        return trace_fail(error, TRACE_CORRUPT, offsetof(struct trace_file_header, check),
                          "%s: has a damaged header; record it again", path);
    }
    if (header->version == 0 || header->header_bytes != TRACE_HEADER_BYTES ||
        header->window_bytes != TRACE_WINDOW_BYTES || header->first_stack < TRACE_STACK_FIRST ||
        header->first_site < TRACE_SITE_FIRST) {
        return trace_fail(error, TRACE_CORRUPT, 0,
                          "%s: has a header that contradicts itself; record it again", path);
    }
    return TRACE_OK;
}

enum trace_status trace_file_open(const char *path, struct trace_file *ret_file,
                                  struct trace_error *error)
{
    struct trace_file file = {.path = path, .fd = -1};
    struct stat facts;
    size_t length = 0;
    enum trace_status status = TRACE_OK;

    // O_NONBLOCK: a FIFO without a writer must not keep us waiting before it is refused.
    file.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file.fd < 0 || fstat(file.fd, &facts) != 0) {
        status = trace_fail(error, TRACE_IO, 0, "%s: cannot be opened: %s", path, strerror(errno));
        goto out;
    }
    if (!S_ISREG(facts.st_mode)) {
        status =
            trace_fail(error, TRACE_CORRUPT, 0, "%s: is %s; give a file libtrace.so has written",
                       path, S_ISDIR(facts.st_mode) ? "a directory" : "not a regular file");
        goto out;
    }
    file.size = (uint64_t)facts.st_size;
    status = trace_file_read(&file, 0, &file.header, sizeof file.header, &length, error);
    if (status == TRACE_OK) {
        status = check_header(&file, length, error);
    }
out:
    if (status != TRACE_OK) {
        trace_file_close(&file);
        return status;
    }
    *ret_file = file;
    return TRACE_OK;
}

void trace_file_close(struct trace_file *file)
{
    if (file->fd >= 0) {
        (void)close(file->fd);
        file->fd = -1;
    }
}

struct chunk_decoder *chunk_decoder_new(void)
{
    struct chunk_decoder *decoder = malloc(sizeof *decoder);
    if (decoder != NULL) {
        decoder->zstd = ZSTD_createDCtx();
        if (decoder->zstd == NULL) {
            free(decoder);
            decoder = NULL;
        }
    }
    return decoder;
}

void chunk_decoder_free(struct chunk_decoder *decoder)
{
    if (decoder != NULL) {
        (void)ZSTD_freeDCtx(decoder->zstd);
        free(decoder);
    }
}

static enum trace_status read_segment(const struct trace_file *file, const struct chunk *chunk,
                                      struct chunk_decoder *decoder, uint8_t *records,
                                      struct trace_error *error)
{
    size_t length = 0;
    if (chunk->stored > sizeof decoder->stored) {
        return TRACE_CORRUPT;
    }
    enum trace_status status = trace_file_read(file, chunk->offset + TRACE_CHUNK_BYTES,
                                               decoder->stored, chunk->stored, &length, error);
    if (status != TRACE_OK) {
        return status;
    }
    if (length < chunk->stored) {
        return TRACE_TRUNCATED;
    }
    if (chunk->compression == TRACE_PLAIN) {
        if (chunk->used > chunk->stored) {
            return TRACE_CORRUPT;
        }
        memcpy(records, decoder->stored, chunk->used);
        return TRACE_OK;
    }
    if (chunk->compression != TRACE_ZSTD) {
        return TRACE_UNSUPPORTED;
    }
    size_t got = ZSTD_decompressDCtx(decoder->zstd, records, TRACE_RECORDS_MAX, decoder->stored,
                                     chunk->stored);
    return ZSTD_isError(got) || got != chunk->used ? TRACE_CORRUPT : TRACE_OK;
}

enum trace_status trace_file_read_chunk(const struct trace_file *file, const struct chunk *chunk,
                                        struct chunk_decoder *decoder, uint8_t *records,
                                        struct trace_error *error)
{
    if (chunk->used > TRACE_RECORDS_MAX) {
        return TRACE_CORRUPT;
    }
    if (chunk->copy != NULL) {
        memcpy(records, chunk->copy, chunk->used);
        return TRACE_OK;
    }
    return read_segment(file, chunk, decoder, records, error);
}
