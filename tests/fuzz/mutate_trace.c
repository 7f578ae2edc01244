/*
 * Mutations of traces: bytes are changed as libFuzzer likes, and most of the time the checks of
 * the header and of the chunks are mended afterwards, or nearly every input would be refused for
 * them.
 */
#include <string.h>

#include "fuzz.h"
#include "trace_codec.h"
#include "trace_format.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* A target may have bytes of its own before the trace. */
static uint8_t *find_trace(uint8_t *data, size_t size)
{
    return memmem(data, size, TRACE_MAGIC, TRACE_MAGIC_BYTES);
}

static void mend_check(uint8_t *structure, size_t offset)
{
    uint32_t check = trace_check(structure, offset);
    memcpy(structure + offset, &check, sizeof check);
}

static void mend(uint8_t *trace, size_t size)
{
    if (size >= sizeof(struct trace_file_header)) {
        mend_check(trace, offsetof(struct trace_file_header, check));
    }
    for (size_t at = TRACE_HEADER_BYTES; at + TRACE_CHUNK_BYTES <= size;
         at += TRACE_SEGMENT_ALIGN) {
        uint32_t magic = 0;
        memcpy(&magic, trace + at, sizeof magic);
        if (magic == TRACE_WINDOW_MAGIC || magic == TRACE_SEGMENT_MAGIC) {
            mend_check(trace + at, offsetof(struct trace_chunk, check));
        }
    }
}

/* Half of the time only what lies behind the header's zeros is changed. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    uint8_t *trace = find_trace(data, size);
    size_t kept = trace != NULL && seed % 2 == 0 && size > TRACE_HEADER_BYTES + 64
                      ? (size_t)(trace - data) + TRACE_HEADER_BYTES
                      : 0;
    if (kept >= size) {
        kept = 0;
    }
    size = kept + LLVMFuzzerMutate(data + kept, size - kept, max_size - kept);
    trace = find_trace(data, size);
    if (trace != NULL && seed % 8 != 1) {
        mend(trace, size - (size_t)(trace - data));
    }
    return size;
}
