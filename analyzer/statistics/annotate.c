/*
 * Sites to lines. Every site's stack is walked once, and its counters are added to each line that
 * is met there for the first time. So the events themselves are not needed: what a site has to
 * know of them, the level of memory, the replay notes as it goes.
 *
 * Lines are in a hash table of (file, line); file names are interned, so a key is two numbers.
 */
#include "annotate.h"

#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "grow.h"
#include "hash.h"
#include "tally.h"

enum { FIRST_SLOTS = 256 };

struct annotate {
    struct annotate_line *lines;
    size_t count;
    size_t capacity;
    uint64_t *walks; /* of each line: number of the walk that met it last */
    size_t walk_capacity;
    uint64_t walk;
    uint32_t *slots; /* index of a line plus one; at most half full */
    size_t slot_count;
};

struct annotate *annotate_new(void)
{
    struct annotate *annotate = calloc(1, sizeof *annotate);
    if (annotate == NULL) {
        return NULL;
    }
    annotate->slots = calloc(FIRST_SLOTS, sizeof *annotate->slots);
    annotate->slot_count = FIRST_SLOTS;
    if (annotate->slots == NULL) {
        annotate_free(annotate);
        return NULL;
    }
    return annotate;
}

void annotate_free(struct annotate *annotate)
{
    if (annotate != NULL) {
        free(annotate->lines);
        free(annotate->walks);
        free(annotate->slots);
        free(annotate);
    }
}

static uint32_t *find_slot(const struct annotate *annotate, uint32_t *slots, size_t slot_count,
                           const char *file, uint32_t line)
{
    size_t at = (size_t)hash_number(hash_number(HASH_START, (uintptr_t)file), line);
    for (at &= slot_count - 1; slots[at] != 0; at = (at + 1) & (slot_count - 1)) {
        const struct annotate_line *other = &annotate->lines[slots[at] - 1];
        if (other->file == file && other->line == line) {
            break;
        }
    }
    return &slots[at];
}

static bool grow_slots(struct annotate *annotate)
{
    size_t slot_count = annotate->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < annotate->count; i++) {
        const struct annotate_line *line = &annotate->lines[i];
        *find_slot(annotate, slots, slot_count, line->file, line->line) = (uint32_t)i + 1;
    }
    free(annotate->slots);
    annotate->slots = slots;
    annotate->slot_count = slot_count;
    return true;
}

/* Make room for one more line. Return: false without memory. */
static bool make_room(struct annotate *annotate)
{
    struct annotate_line *lines =
        grow_array(annotate->lines, annotate->count, &annotate->capacity, sizeof *lines);
    if (lines == NULL) {
        return false;
    }
    annotate->lines = lines;
    uint64_t *walks =
        grow_array(annotate->walks, annotate->count, &annotate->walk_capacity, sizeof *walks);
    if (walks == NULL) {
        return false;
    }
    annotate->walks = walks;
    return annotate->count < annotate->slot_count / 2 || grow_slots(annotate);
}

/* Return: index of the line that @frame stands at; SIZE_MAX without memory. */
static size_t find_line(struct annotate *annotate, const struct frame *frame)
{
    uint32_t *slot =
        find_slot(annotate, annotate->slots, annotate->slot_count, frame->place, frame->line);
    if (*slot == 0) {
        if (!make_room(annotate)) {
            return SIZE_MAX;
        }
        slot =
            find_slot(annotate, annotate->slots, annotate->slot_count, frame->place, frame->line);
        annotate->lines[annotate->count] =
            (struct annotate_line){.file = frame->place, .line = frame->line};
        annotate->walks[annotate->count] = 0;
        *slot = (uint32_t)++annotate->count;
    }
    return *slot - 1;
}

/* Add a site to the lines of its stack. Return: false without memory. */
static bool add_site(struct annotate *annotate, const struct attribution *attribution,
                     uint32_t stack, const struct replay_site *site, int64_t level)
{
    uint64_t left = site->allocations > site->frees ? site->allocations - site->frees : 0;
    struct frame_walk walk = frame_walk_over(attribution, stack);
    annotate->walk++;
    for (const struct frame *frame; (frame = frame_walk_next(&walk)) != NULL;) {
        if (!frame->is_annotated || !frame->has_line) {
            continue;
        }
        size_t at = find_line(annotate, frame);
        if (at == SIZE_MAX) {
            return false;
        }
        if (annotate->walks[at] == annotate->walk) {
            continue; // a recursion
        }
        annotate->walks[at] = annotate->walk;
        struct annotate_line *line = &annotate->lines[at];
        line->increment += left * site->size;
        line->occurrences += site->allocations;
        if (level > 0 && (uint64_t)level > line->mem_usage) {
            line->mem_usage = (uint64_t)level;
        }
    }
    return true;
}

enum trace_status annotate_trace(struct annotate *annotate, const struct replay *replay,
                                 const int64_t *levels, struct attribution *attribution,
                                 bool is_all_frames, struct trace_error *error)
{
    enum trace_status status = tally_prepare(replay, attribution, REPORT_ALLOCATED, true, error);
    for (size_t i = 0; i < replay->site_count && status == TRACE_OK; i++) {
        const struct replay_site *site = &replay->sites[i];
        const uint32_t stack = attribution->definitions->sites[i].stack;
        const uint32_t domain = attribution->definitions->sites[i].domain;
        if (replay_site_counts(site) && site->allocations > 0 &&
            filter_keeps(attribution, stack, domain, is_all_frames) &&
            !add_site(annotate, attribution, stack, site, levels[i])) {
            status = trace_fail(error, TRACE_NOMEM, 0, "no memory for lines of source");
        }
    }
    return status;
}

static int compare_lines(const void *left, const void *right)
{
    const struct annotate_line *a = left;
    const struct annotate_line *b = right;
    if (a->file != b->file) {
        return strcmp(a->file, b->file);
    }
    return a->line < b->line ? -1 : a->line > b->line;
}

const struct annotate_line *annotate_lines(struct annotate *annotate, size_t *ret_count)
{
    if (annotate->count > 0) {
        qsort(annotate->lines, annotate->count, sizeof *annotate->lines, compare_lines);
    }
    memset(annotate->slots, 0, annotate->slot_count * sizeof *annotate->slots);
    for (size_t i = 0; i < annotate->count; i++) {
        const struct annotate_line *line = &annotate->lines[i];
        *find_slot(annotate, annotate->slots, annotate->slot_count, line->file, line->line) =
            (uint32_t)i + 1;
    }
    *ret_count = annotate->count;
    return annotate->lines;
}
