/*
 * Windows to segments. See compressor.h.
 *
 * Events: level 1, 3 ns a byte; higher levels cost up to three times as much for a twentieth less.
 * Definitions: level 3, for they are few, and smaller by a tenth with it, but with hash tables of a
 * quarter of its size: zstd clears them for each window, and the program's data should stay in the
 * cache. Matches of five bytes are worth while, other than in text, for records have one byte to
 * three; of four only for definitions, by a hundredth.
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
#define DEFINITIONS_HASH_BITS 14
#define DEFINITIONS_CHAIN_BITS 13
#define LEAST_MATCH_BYTES 5
#define RECORDS_MAX (TRACE_WINDOW_BYTES - TRACE_CHUNK_BYTES)

struct compressor {
    struct compressor *next;
    _Atomic bool is_taken;
    ZSTD_CCtx *context;
    unsigned char *segment; /* TRACE_CHUNK_BYTES + ZSTD_compressBound(RECORDS_MAX) */
    size_t bytes;           /* of this structure with all its parts */
};

static _Atomic(struct compressor *) compressors;

struct parameters {
    int level;
    int hash_bits;
    int chain_bits;
};

/* Return: what is set for windows with such content; 0: the level's. */
static struct parameters parameters_of(enum trace_content content)
{
    return content == TRACE_DEFINITIONS
               ? (struct parameters){DEFINITIONS_LEVEL, DEFINITIONS_HASH_BITS,
                                     DEFINITIONS_CHAIN_BITS}
               : (struct parameters){.level = LEVEL};
}

static size_t context_bytes_of(enum trace_content content)
{
    const struct parameters set = parameters_of(content);
    ZSTD_compressionParameters all = ZSTD_getCParams(set.level, RECORDS_MAX, 0);
    all.minMatch = LEAST_MATCH_BYTES;
    all.hashLog = set.hash_bits != 0 ? (unsigned)set.hash_bits : all.hashLog;
    all.chainLog = set.chain_bits != 0 ? (unsigned)set.chain_bits : all.chainLog;
    return ZSTD_estimateCCtxSize_usingCParams(all);
}

static struct compressor *compressor_new(void)
{
    size_t context_bytes = context_bytes_of(TRACE_DEFINITIONS);
    if (context_bytes < context_bytes_of(TRACE_EVENTS)) {
        context_bytes = context_bytes_of(TRACE_EVENTS);
    }
    size_t head_bytes = (sizeof(struct compressor) + 63) & ~(size_t)63;
    context_bytes = (context_bytes + 63) & ~(size_t)63;
    size_t bytes = head_bytes + context_bytes + TRACE_CHUNK_BYTES + ZSTD_compressBound(RECORDS_MAX);
    unsigned char *memory = memory_map(bytes);
    if (memory == NULL) {
        return NULL;
    }
    memory_populate(memory, head_bytes + context_bytes);
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
    const struct parameters parameters = parameters_of((enum trace_content)window->content);
    ZSTD_CCtx *context = compressor->context;
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, parameters.level);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, parameters.hash_bits);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_chainLog, parameters.chain_bits);
    size_t size =
        ZSTD_compress2(context, stored, ZSTD_compressBound(RECORDS_MAX), window + 1, window->used);
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
