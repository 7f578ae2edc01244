/*
 * Stacks are resolved all at once, then each site is placed. Of sites without blocks in the picture
 * only those matter whose growth was noticed: their line grows as --growth says it does.
 */
#include "heap_sites.h"

#include <stdlib.h>

#include "filter.h"
#include "growth.h"

/* One call of heap_sites_make(). */
struct placing {
    const struct heap_rules *rules;
    struct attribution *attribution;
    struct heap_report *report;
    struct heap_sites *sites;
    struct trace_error *error;
};

static enum trace_status no_memory(const struct placing *placing)
{
    return trace_fail(placing->error, TRACE_NOMEM, 0, "no memory for the sites of a heap picture");
}

/* What stands for a block that is lacking counts, too: it is of no known site, and in links. */
static void count_blocks(const struct placing *placing, const struct heap_picture *picture)
{
    struct heap_sites *sites = placing->sites;
    for (uint32_t block = 0; block < picture->graph.block_count; block++) {
        uint32_t at = picture->blocks[block].site - sites->first;
        sites->items[at < sites->count ? at : sites->count].blocks++;
    }
}

/* Return: whether a site had blocks at one of the moments at which growth was looked at. */
static bool has_levels(const struct placing *placing, size_t site)
{
    struct growth_level levels[GROWTH_SAMPLES];
    return placing->rules->growth != NULL && site < placing->sites->count &&
           growth_levels(placing->rules->growth, site, levels) > 0;
}

/* Collect the stacks of sites that have blocks, or only those of the others that may have grown. */
static size_t list_stacks(const struct placing *placing, bool has_blocks, uint32_t *stacks)
{
    const struct definitions *definitions = placing->attribution->definitions;
    size_t count = 0;
    for (size_t i = 0; i < placing->sites->count; i++) {
        bool is_listed = has_blocks
                             ? placing->sites->items[i].blocks > 0
                             : placing->sites->items[i].blocks == 0 && has_levels(placing, i);
        if (is_listed && definitions_stack(definitions, definitions->sites[i].stack) != NULL) {
            stacks[count++] = definitions->sites[i].stack;
        }
    }
    return count;
}

static enum trace_status resolve_stacks(const struct placing *placing)
{
    uint32_t *stacks = calloc(placing->sites->count + 1, sizeof *stacks);
    if (stacks == NULL) {
        return no_memory(placing);
    }
    size_t count = list_stacks(placing, true, stacks);
    enum trace_status status =
        attribution_prepare(placing->attribution, stacks, count, true, placing->error);
    if (status == TRACE_OK) {
        count = list_stacks(placing, false, stacks);
        status = attribution_prepare(placing->attribution, stacks, count,
                                     placing->rules->is_by_stack, placing->error);
    }
    free(stacks);
    return status;
}

/* Keep the stack of the site that has most of a line's bytes. Return: false without memory. */
static bool note_stack(const struct placing *placing, struct heap_line *line, uint32_t site,
                       uint32_t stack, uint64_t bytes)
{
    if (line->stack != NULL && bytes <= line->stack_bytes) {
        return true;
    }
    size_t length = 0;
    struct frame_walk walk = frame_walk_over(placing->attribution, stack);
    while (frame_walk_next(&walk) != NULL) {
        length++;
    }
    const struct frame **frames =
        arena_array(&placing->report->arena, length + 1, sizeof(const struct frame *));
    if (frames == NULL) {
        return false;
    }
    walk = frame_walk_over(placing->attribution, stack);
    for (size_t i = 0; i < length; i++) {
        frames[i] = frame_walk_next(&walk);
    }
    line->site = site;
    line->stack = frames;
    line->stack_length = length;
    line->stack_bytes = bytes;
    return true;
}

/* Find a site's line, and what the rules say about it. */
static enum trace_status place_site(const struct placing *placing, size_t at)
{
    const struct definitions *definitions = placing->attribution->definitions;
    const struct heap_rules *rules = placing->rules;
    struct heap_site *site = &placing->sites->items[at];
    const bool is_known = at < placing->sites->count && definitions->sites[at].is_defined;
    const uint32_t stack = is_known ? definitions->sites[at].stack : TRACE_STACK_WHOLE;
    const uint64_t each = is_known ? definitions->sites[at].size : 0;
    const uint32_t id = is_known ? definitions->first_site + (uint32_t)at : 0;
    const struct group_blocks blocks = {
        .attribution = placing->attribution,
        .stack = stack,
        .each = each,
        .size = each * site->blocks,
        .count = site->blocks,
        .growth = is_known ? rules->growth : NULL,
        .site = at,
    };
    enum trace_status status =
        grouping_add(placing->report->grouping, &blocks, false, placing->error);
    if (status != TRACE_OK || site->blocks == 0) {
        return status;
    }
    site->line = grouping_last(placing->report->grouping);
    site->is_left_out = !filter_keeps(placing->attribution, stack, 0, rules->is_all_frames);
    site->is_suppressed = filter_suppresses(placing->attribution, stack);
    if (rules->query != NULL) {
        site->is_wanted = heap_query_asks(rules->query, placing->attribution, id);
    }
    struct heap_line *line = heap_report_line(placing->report, site->line);
    return line != NULL && note_stack(placing, line, id, stack, blocks.size) ? TRACE_OK
                                                                             : no_memory(placing);
}

enum trace_status heap_sites_make(const struct heap_picture *picture,
                                  struct attribution *attribution, const struct heap_rules *rules,
                                  struct heap_report *report, struct heap_sites *ret_sites,
                                  struct trace_error *error)
{
    struct heap_sites sites = {.first = attribution->definitions->first_site,
                               .count = attribution->definitions->site_slots};
    const struct placing placing = {rules, attribution, report, &sites, error};
    sites.items = calloc(sites.count + 1, sizeof *sites.items);
    if (sites.items == NULL) {
        return no_memory(&placing);
    }
    count_blocks(&placing, picture);
    enum trace_status status = resolve_stacks(&placing);
    for (size_t i = 0; i <= sites.count && status == TRACE_OK; i++) {
        if (sites.items[i].blocks > 0 || has_levels(&placing, i)) {
            status = place_site(&placing, i);
        }
    }
    if (status != TRACE_OK) {
        heap_sites_fini(&sites);
        return status;
    }
    if (rules->growth != NULL) {
        grouping_close_growth(report->grouping, rules->growth);
    }
    *ret_sites = sites;
    return TRACE_OK;
}

void heap_sites_fini(struct heap_sites *sites)
{
    free(sites->items);
    *sites = (struct heap_sites){0};
}
