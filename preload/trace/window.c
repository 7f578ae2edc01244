/* Windows. See window.h. */
#include "window.h"

#include <errno.h>

#include "compressor.h"
#include "memory.h"
#include "trace_codec.h"

#define RECORDS_MAX (TRACE_WINDOW_BYTES - TRACE_CHUNK_BYTES)

static void set_limit(struct window *window, uint32_t limit)
{
    window->limit = limit;
    window->full = limit - WINDOW_USUAL_BYTES;
}

/* Fill in what the header's check covers. Only while the window is empty. */
static void write_header(struct window *window, enum trace_content content, uint32_t stream,
                         uint32_t sequence, uint32_t tick, uint64_t epoch)
{
    struct trace_chunk *chunk = window->chunk;
    chunk->magic = TRACE_WINDOW_MAGIC;
    chunk->content = (uint8_t)content;
    chunk->compression = TRACE_PLAIN;
    chunk->stream = stream;
    chunk->sequence = sequence;
    chunk->stored = RECORDS_MAX;
    chunk->first_tick = tick;
    chunk->first_epoch = epoch;
    chunk->check = trace_check(chunk, offsetof(struct trace_chunk, check));
    set_limit(window, WINDOW_STEP_BYTES);
}

long window_open(struct window *window, struct file *file, enum trace_content content,
                 uint32_t stream)
{
    long result = file_map_window(file, window->chunk, &window->chunk);
    if (result == 0) {
        write_header(window, content, stream, 0, 0, 0);
    }
    return result;
}

/* Append what is in the window to the file. Return: 0 or -errno. */
static long append(const struct window *window, struct file *file)
{
    struct compressor *compressor = compressor_take();
    size_t bytes = 0;
    if (compressor == NULL) {
        return -ENOMEM;
    }
    const void *segment = compressor_seal(compressor, window->chunk, &bytes);
    long result = file_append(file, segment, bytes);
    compressor_give_back(compressor);
    return result;
}

long window_seal(struct window *window, struct file *file, uint32_t tick, uint64_t epoch)
{
    struct trace_chunk *chunk = window->chunk;
    const bool is_empty = chunk->used == 0;
    long result = is_empty ? 0 : append(window, file);
    if (result == 0) {
        __atomic_store_n(&chunk->used, 0, __ATOMIC_RELEASE);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        write_header(window, (enum trace_content)chunk->content, chunk->stream,
                     chunk->sequence + (is_empty ? 0 : 1), tick, epoch);
    }
    return result;
}

void window_restart(struct window *window, uint32_t stream)
{
    write_header(window, (enum trace_content)window->chunk->content, stream, 0, 0, 0);
}

bool window_advance(struct window *window, size_t room)
{
    do {
        if (window->limit == RECORDS_MAX) {
            return false;
        }
        /* more than a few records, not only room for a long one: all pages at once */
        if (window->limit == WINDOW_STEP_BYTES && window->chunk->used > WINDOW_STEP_BYTES / 2) {
            memory_populate(window->chunk, TRACE_WINDOW_BYTES);
        }
        const bool is_last = RECORDS_MAX - window->limit <= WINDOW_STEP_BYTES;
        set_limit(window, is_last ? RECORDS_MAX : window->limit + WINDOW_STEP_BYTES);
    } while (!window_has_room(window, room));
    return true;
}
