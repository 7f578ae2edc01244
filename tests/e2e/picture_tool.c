/*
 * A heap picture as text, one fact a line, for tests that work out for themselves what it means.
 *
 *     picture_tool TRACE [WHICH]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "picture.h"

static bool print_head(void *context, const struct picture_head *head)
{
    (void)context;
    return printf("head %s tick %" PRIu64 " flags %" PRIu64 " threads %" PRIu64 " young %" PRIu64
                  "\n",
                  head->name, head->tick, head->flags, head->threads, head->young_ticks) > 0;
}

/* @context: the reader. */
static bool print_block(void *context, const struct picture_block *block)
{
    const struct reader *reader = context;
    const struct definitions *definitions = &reader->definitions;
    uint64_t at = (uint64_t)block->site - definitions->first_site;
    uint64_t size = block->site != 0 && at < definitions->site_slots ? definitions->sites[at].size
                                                                     : block->size;
    return printf("block %" PRIu64 " %#" PRIx64 " %" PRIu64 " %u %" PRIu64 "\n", block->number,
                  block->address, size, block->site, block->age) > 0;
}

static bool print_region(void *context, const struct picture_region *region)
{
    static const char *const kinds[] = {"module", "stack", "tls", "registers", "mapping"};
    (void)context;
    return printf("region %" PRIu64 " %s %#" PRIx64 " %" PRIu64 " %u %#" PRIx64 " %" PRIu64
                  " %.*s\n",
                  region->number, kinds[region->kind], region->start, region->bytes, region->module,
                  region->base, region->thread, (int)region->name_bytes,
                  (const char *)region->name) > 0;
}

static bool print_frame(void *context, const struct picture_frame *frame)
{
    (void)context;
    return printf("frame %" PRIu64 " %#" PRIx64 " %#" PRIx64 " %#" PRIx64 " %u\n", frame->thread,
                  frame->pc, frame->sp, frame->bp, frame->module) > 0;
}

static bool print_pointer(void *context, const struct picture_pointer *pointer)
{
    (void)context;
    return printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                  pointer->is_root ? "root" : "from", pointer->source, pointer->slot,
                  pointer->target, pointer->offset, pointer->looks) > 0;
}

static bool print_end(void *context, const struct picture_end *end)
{
    (void)context;
    return printf("end blocks %" PRIu64 " bytes %" PRIu64 " unreadable %" PRIu64 " ms %" PRIu64
                  " pause_us %" PRIu64 " left_out %" PRIu64 "\n",
                  end->blocks_scanned, end->bytes_scanned, end->unreadable_words, end->time_ms,
                  end->pause_us, end->blocks_left_out) > 0;
}

int main(int argc, char **argv)
{
    struct trace_error error = {0};
    struct reader reader;
    const struct picture_visitor visitor = {
        .context = &reader,
        .head = print_head,
        .block = print_block,
        .region = print_region,
        .frame = print_frame,
        .pointer = print_pointer,
        .end = print_end,
    };
    if (argc < 2 || reader_open(argv[1], &reader, &error) != TRACE_OK) {
        (void)fprintf(stderr, "picture_tool: %s\n", argc < 2 ? "no trace is named" : error.text);
        return 2;
    }
    (void)printf("pictures %zu\n", picture_count(&reader));
    size_t which = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 0;
    enum trace_status status = picture_read(&reader, which, &visitor, &error);
    (void)printf("status %d damage %" PRIu64 " lost %" PRIu64 "\n", (int)status,
                 reader.damage.corrupt_chunks + reader.damage.missing_chunks,
                 reader.file.header.counters[TRACE_LOST_PICTURES]);
    reader_close(&reader);
    return status == TRACE_OK ? 0 : 1;
}
