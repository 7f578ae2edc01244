/*
 * Records to arrays. Sizes are those of the sites; a pointer that looks like what memcheck's
 * heuristics know counts as one to the start of its block, as it does there.
 */
#include "heap_picture.h"

#include <stdlib.h>
#include <string.h>

#include "grow.h"

enum { LACKING_MAX = 1 << 20 };

struct loading {
    struct heap_picture *picture;
    const struct definitions *definitions;
    bool has_end;
    uint64_t claimed; /* blocks, by the last COUNT */
    uint32_t region;  /* index of the region that was looked up last */
};

static uint64_t site_size(const struct definitions *definitions, uint32_t site)
{
    uint32_t at = site - definitions->first_site;
    bool is_known = site >= definitions->first_site && at < definitions->site_slots &&
                    definitions->sites[at].is_defined;
    return is_known ? definitions->sites[at].size : 0;
}

static bool take_head(void *context, const struct picture_head *head)
{
    struct loading *loading = context;
    loading->picture->head = *head;
    return true;
}

static bool take_count(void *context, uint64_t blocks, uint64_t bytes)
{
    struct loading *loading = context;
    (void)bytes;
    loading->claimed = blocks;
    return true;
}

static bool append_block(struct heap_picture *picture, const struct heap_block *block,
                         uint64_t bytes)
{
    struct heap_block *blocks = grow_array(picture->blocks, picture->graph.block_count,
                                           &picture->block_capacity, sizeof *blocks);
    if (blocks == NULL) {
        return false;
    }
    picture->blocks = blocks;
    picture->blocks[picture->graph.block_count] = *block;
    return heap_graph_add_block(&picture->graph, bytes);
}

/*
 * Stand in for blocks up to @number that were lost with their chunk, so that numbers are right; not
 * for more of them than chunks that are lost may have had.
 */
static bool fill_up(struct heap_picture *picture, uint64_t number)
{
    while (picture->graph.block_count < number && picture->lacking < LACKING_MAX) {
        picture->lacking++;
        if (!append_block(picture, &(struct heap_block){0}, 0)) {
            return false;
        }
    }
    return true;
}

static bool take_block(void *context, const struct picture_block *block)
{
    struct loading *loading = context;
    struct heap_picture *picture = loading->picture;
    if (block->number < picture->graph.block_count) {
        return true; // said twice: the first time counts
    }
    struct heap_block kept = {
        .address = block->address,
        .site = block->site,
        .age = block->age < UINT32_MAX ? (uint32_t)block->age : UINT32_MAX,
    };
    uint64_t bytes = block->site != 0 ? site_size(loading->definitions, block->site) : block->size;
    if (!fill_up(picture, block->number)) {
        return false;
    }
    if (picture->graph.block_count != block->number) {
        picture->graph.dropped++;
        return true;
    }
    return append_block(picture, &kept, bytes);
}

static bool take_region(void *context, const struct picture_region *region)
{
    struct loading *loading = context;
    struct heap_picture *picture = loading->picture;
    struct heap_region *regions = grow_array(picture->regions, picture->region_count,
                                             &picture->region_capacity, sizeof *regions);
    if (regions == NULL) {
        return false;
    }
    picture->regions = regions;
    regions[picture->region_count++] = (struct heap_region){
        .number = region->number,
        .kind = region->kind,
        .start = region->start,
        .bytes = region->bytes,
        .base = region->base,
        .thread = region->thread,
        .module = region->module,
        .name = arena_copy(&picture->arena, region->name, region->name_bytes),
    };
    return regions[picture->region_count - 1].name != NULL;
}

/* Return: the index of the region with that number, HEAP_NONE if it is not there. */
static uint32_t find_region(struct loading *loading, uint64_t number)
{
    const struct heap_picture *picture = loading->picture;
    if (loading->region < picture->region_count &&
        picture->regions[loading->region].number == number) {
        return loading->region;
    }
    for (size_t i = picture->region_count; i-- > 0;) {
        if (picture->regions[i].number == number) {
            loading->region = (uint32_t)i;
            return loading->region;
        }
    }
    return HEAP_NONE;
}

static bool take_pointer(void *context, const struct picture_pointer *pointer)
{
    struct loading *loading = context;
    struct heap_graph *graph = &loading->picture->graph;
    bool is_inside = pointer->offset != 0 && pointer->looks == TRACE_INSIDE_OTHER;
    if (!fill_up(loading->picture, loading->claimed)) {
        return false;
    }
    uint32_t target = pointer->target < HEAP_NONE ? (uint32_t)pointer->target : HEAP_NONE;
    uint32_t source = pointer->source < HEAP_NONE ? (uint32_t)pointer->source : HEAP_NONE;
    if (pointer->is_root) {
        return heap_graph_add_root(graph, find_region(loading, pointer->source), pointer->slot,
                                   target, is_inside);
    }
    return heap_graph_add_edge(graph, source, target, is_inside);
}

/* A frame ends where the one that called it begins, if that is on the same stack. */
static bool take_frame(void *context, const struct picture_frame *frame)
{
    struct loading *loading = context;
    struct heap_picture *picture = loading->picture;
    struct heap_frame *frames =
        grow_array(picture->frames, picture->frame_count, &picture->frame_capacity, sizeof *frames);
    if (frames == NULL) {
        return false;
    }
    picture->frames = frames;
    struct heap_frame *last = picture->frame_count > 0 ? &frames[picture->frame_count - 1] : NULL;
    if (last != NULL && last->thread == frame->thread && last->sp < frame->sp) {
        last->end = frame->sp;
    }
    frames[picture->frame_count++] = (struct heap_frame){
        .thread = frame->thread,
        .pc = frame->pc,
        .sp = frame->sp,
        .bp = frame->bp,
        .end = frame->sp,
        .module = frame->module,
    };
    return true;
}

static int compare_frames(const void *left, const void *right)
{
    const struct heap_frame *a = left;
    const struct heap_frame *b = right;
    return a->sp < b->sp ? -1 : a->sp > b->sp;
}

static bool take_tls(void *context, const struct picture_tls *tls)
{
    struct heap_picture *picture = ((struct loading *)context)->picture;
    struct picture_tls *grown =
        grow_array(picture->tls, picture->tls_count, &picture->tls_capacity, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    picture->tls = grown;
    picture->tls[picture->tls_count++] = *tls;
    return true;
}

static int compare_tls(const void *left, const void *right)
{
    const struct picture_tls *a = left;
    const struct picture_tls *b = right;
    return a->distance < b->distance ? -1 : a->distance > b->distance;
}

static bool take_end(void *context, const struct picture_end *end)
{
    struct loading *loading = context;
    loading->picture->end = *end;
    loading->has_end = true;
    return true;
}

enum trace_status heap_picture_load(struct reader *reader, size_t which,
                                    struct heap_picture *ret_picture, struct trace_error *error)
{
    struct heap_picture picture = {0};
    struct loading loading = {.picture = &picture, .definitions = &reader->definitions};
    const struct picture_visitor visitor = {
        .context = &loading,
        .head = take_head,
        .count = take_count,
        .block = take_block,
        .region = take_region,
        .frame = take_frame,
        .tls = take_tls,
        .pointer = take_pointer,
        .end = take_end,
    };
    enum trace_status status = picture_read(reader, which, &visitor, error);
    if (status == TRACE_TRUNCATED) {
        status = TRACE_OK;
    }
    if (status == TRACE_OK && !heap_graph_finish(&picture.graph)) {
        status = trace_fail(error, TRACE_NOMEM, 0, "no memory for a heap picture");
    }
    if (status != TRACE_OK) {
        heap_picture_fini(&picture);
        return status;
    }
    if (picture.frame_count > 0) {
        qsort(picture.frames, picture.frame_count, sizeof *picture.frames, compare_frames);
    }
    if (picture.tls_count > 0) {
        qsort(picture.tls, picture.tls_count, sizeof *picture.tls, compare_tls);
    }
    picture.is_complete =
        loading.has_end && picture.lacking == 0 && loading.claimed == picture.graph.block_count;
    *ret_picture = picture;
    return TRACE_OK;
}

void heap_picture_fini(struct heap_picture *picture)
{
    heap_graph_fini(&picture->graph);
    free(picture->blocks);
    free(picture->regions);
    free(picture->frames);
    free(picture->tls);
    arena_fini(&picture->arena);
    *picture = (struct heap_picture){0};
}

uint32_t heap_picture_find(const struct heap_picture *picture, uint64_t address)
{
    uint32_t low = 0;
    uint32_t high = picture->graph.block_count;
    while (low < high) { // the first block that begins after the address
        uint32_t middle = low + (high - low) / 2;
        if (picture->blocks[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low > 0 && picture->blocks[low - 1].address == 0) {
        low--;
    }
    if (low == 0) {
        return HEAP_NONE;
    }
    uint64_t offset = address - picture->blocks[low - 1].address;
    uint64_t bytes = picture->graph.bytes[low - 1];
    return offset < bytes || offset == 0 ? low - 1 : HEAP_NONE;
}

const struct picture_tls *heap_picture_tls(const struct heap_picture *picture, uint64_t distance)
{
    for (size_t i = 0; i < picture->tls_count; i++) {
        if (picture->tls[i].distance >= distance) {
            return &picture->tls[i];
        }
    }
    return NULL;
}

const struct heap_frame *heap_picture_frame(const struct heap_picture *picture, uint64_t address)
{
    size_t low = 0;
    size_t high = picture->frame_count;
    while (low < high) { // the first frame that begins after the address
        size_t middle = low + (high - low) / 2;
        if (picture->frames[middle].sp <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct heap_frame *frame = low > 0 ? &picture->frames[low - 1] : NULL;
    return frame != NULL && address < frame->end ? frame : NULL;
}
