/*
 * Windows to segments. See compressor.h.
 *
 * Events: level 1, 3 ns a byte; higher levels cost up to three times as much for a twentieth less.
 * Definitions: level 3, for they are few, and smaller by a tenth with it. Matches of four bytes are
 * worth while, other than in text: records have two bytes or three.
 */
#define ZSTD_STATIC_LINKING_ONLY /* for contexts in static memory */
#include "compressor.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>

#include "memory.h"
#include "trace_codec.h"

#define LEVEL 1
#define DEFINITIONS_LEVEL 3
#define LEAST_MATCH_BYTES 4
#define RECORDS_MAX (TRACE_WINDOW_BYTES - TRACE_CHUNK_BYTES)

struct compressor {
    struct compressor *next;
    _Atomic bool is_taken;
    ZSTD_CCtx *context;
    unsigned char *segment; /* TRACE_CHUNK_BYTES + ZSTD_compressBound(RECORDS_MAX) */
    size_t bytes;           /* of this structure with all its parts */
};

static _Atomic(struct compressor *) compressors;

static size_t context_bytes_of(int level)
{
    ZSTD_compressionParameters parameters = ZSTD_getCParams(level, RECORDS_MAX, 0);
    parameters.minMatch = LEAST_MATCH_BYTES;
    return ZSTD_estimateCCtxSize_usingCParams(parameters);
}

static struct compressor *compressor_new(void)
{
    size_t context_bytes = context_bytes_of(DEFINITIONS_LEVEL);
    if (context_bytes < context_bytes_of(LEVEL)) {
        context_bytes = context_bytes_of(LEVEL);
    }
    size_t head_bytes = (sizeof(struct compressor) + 63) & ~(size_t)63;
    context_bytes = (context_bytes + 63) & ~(size_t)63;
    size_t bytes = head_bytes + context_bytes + TRACE_CHUNK_BYTES + ZSTD_compressBound(RECORDS_MAX);
    unsigned char *memory = memory_map(bytes);
    if (memory == NULL) {
        return NULL;
    }
    struct compressor *compressor = (struct compressor *)memory;
    compressor->context = ZSTD_initStaticCCtx(memory + head_bytes, context_bytes);
    compressor->segment = memory + head_bytes + context_bytes;
    compressor->bytes = bytes;
    atomic_store(&compressor->is_taken, true);
    if (compressor->context == NULL ||
        ZSTD_isError(
            ZSTD_CCtx_setParameter(compressor->context, ZSTD_c_minMatch, LEAST_MATCH_BYTES)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(compressor->context, ZSTD_c_checksumFlag, 1))) {
        memory_unmap(memory, bytes);
        return NULL;
    }
    return compressor;
}

struct compressor *compressor_take(void)
{
    for (struct compressor *next = atomic_load(&compressors); next != NULL; next = next->next) {
        bool expected = false;
        if (atomic_compare_exchange_strong(&next->is_taken, &expected, true)) {
            return next;
        }
    }
    struct compressor *made = compressor_new();
    if (made != NULL) {
        made->next = atomic_load(&compressors);
        while (!atomic_compare_exchange_weak(&compressors, &made->next, made)) {
        }
    }
    return made;
}

void compressor_give_back(struct compressor *compressor)
{
    atomic_store(&compressor->is_taken, false);
}

const void *compressor_seal(struct compressor *compressor, const struct trace_chunk *window,
                            size_t *ret_bytes)
{
    struct trace_chunk *header = (struct trace_chunk *)compressor->segment;
    unsigned char *stored = compressor->segment + TRACE_CHUNK_BYTES;
    int level = window->content == TRACE_DEFINITIONS ? DEFINITIONS_LEVEL : LEVEL;
    (void)ZSTD_CCtx_setParameter(compressor->context, ZSTD_c_compressionLevel, level);
    size_t size = ZSTD_compress2(compressor->context, stored, ZSTD_compressBound(RECORDS_MAX),
                                 window + 1, window->used);
    *header = *window;
    header->magic = TRACE_SEGMENT_MAGIC;
    header->compression = TRACE_ZSTD;
    if (ZSTD_isError(size) || size >= window->used) {
        header->compression = TRACE_PLAIN;
        size = window->used;
        memcpy(stored, window + 1, size);
    }
    header->stored = (uint32_t)size;
    header->check = trace_check(header, offsetof(struct trace_chunk, check));
    *ret_bytes = TRACE_CHUNK_BYTES + size;
    return compressor->segment;
}
