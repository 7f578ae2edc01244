/*
 * liblzma decodes into a buffer that doubles up to its bound: the size in the index of an .xz file
 * is a claim, not to be believed.
 */
#include "xz.h"

#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>

/* What a decoder may take; xz -9 needs 65 MB. */
#define DECODER_BYTES_MAX (UINT64_C(128) << 20)

enum { FIRST_BYTES = 64 * 1024 };

/* Make room for more output. Return: false without memory, or at the bound. */
static bool grow(lzma_stream *stream, uint8_t **bytes, size_t *room, size_t bytes_max)
{
    size_t wanted = *room == 0 ? FIRST_BYTES : *room * 2;
    wanted = wanted < bytes_max ? wanted : bytes_max;
    uint8_t *moved = wanted > *room ? realloc(*bytes, wanted) : NULL;
    if (moved == NULL) {
        return false;
    }
    stream->next_out = moved + *room;
    stream->avail_out = wanted - *room;
    *bytes = moved;
    *room = wanted;
    return true;
}

enum trace_status xz_unpack(const uint8_t *packed, size_t packed_bytes, size_t bytes_max,
                            uint8_t **ret_bytes, size_t *ret_size, struct trace_error *error)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    uint8_t *bytes = NULL;
    size_t room = 0;
    lzma_ret result = lzma_stream_decoder(&stream, DECODER_BYTES_MAX, 0);
    stream.next_in = packed;
    stream.avail_in = packed_bytes;
    while (result == LZMA_OK) {
        if (stream.avail_out == 0 && !grow(&stream, &bytes, &room, bytes_max)) {
            result = LZMA_MEM_ERROR;
            break;
        }
        result = lzma_code(&stream, LZMA_FINISH);
    }
    size_t size = room - stream.avail_out;
    lzma_end(&stream);
    if (result != LZMA_STREAM_END) {
        free(bytes);
        bool is_memory = result == LZMA_MEM_ERROR || result == LZMA_MEMLIMIT_ERROR;
        return trace_fail(error, is_memory ? TRACE_NOMEM : TRACE_CORRUPT, 0, "xz data: %s",
                          is_memory ? "it unpacks to too much" : "broken");
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return TRACE_OK;
}
