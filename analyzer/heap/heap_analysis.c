/* Sites stand between blocks and lines: what depends on a stack is looked up there. */
#include "heap_analysis.h"

#include <stdlib.h>
#include <string.h>

#include "dominators.h"
#include "grow.h"
#include "heap_choice.h"
#include "heap_marks.h"
#include "heap_picture.h"
#include "heap_sites.h"
#include "progress.h"
#include "retained.h"

struct analysis {
    struct reader *reader;
    struct attribution *attribution;
    struct heap_roots *names;
    const struct heap_rules *rules;
    struct heap_report *report;
    struct trace_error *error;
    struct heap_picture picture;
    struct heap_marks marks;
    struct heap_sites sites;
    uint32_t *groups; /* of each block: its line */
    struct progress progress;
};

/* Of the time that a large picture takes, in tenths as measured: reading it, finding what is lost,
 * and what else is asked. */
enum { TENTHS_READ = 3, TENTHS_MARK = 2, TENTHS_ANSWER = 5, TENTHS_ALL = 10 };

static enum trace_status no_memory(struct analysis *analysis)
{
    return trace_fail(analysis->error, TRACE_NOMEM, 0, "%s: no memory for its heap picture",
                      analysis->reader->file.path);
}

/* Return: the site of a block. */
static const struct heap_site *site_of(const struct analysis *analysis, uint32_t block)
{
    return heap_sites_of(&analysis->sites, analysis->picture.blocks[block].site);
}

static void add_to_sum(struct heap_sum *sum, uint64_t bytes)
{
    sum->bytes += bytes;
    sum->blocks++;
}

/* Return: in which tenth of the time up to the picture a block was born. */
static unsigned tenth_of(const struct heap_picture *picture, uint32_t block)
{
    uint64_t tick = picture->head.tick;
    uint64_t age = picture->blocks[block].age;
    uint64_t birth = age < tick ? tick - age : 0;
    uint64_t tenth = tick > 0 ? birth * HEAP_TENTHS / tick : 0;
    return tenth < HEAP_TENTHS ? (unsigned)tenth : HEAP_TENTHS - 1;
}

/* Return: whether a block is lost, but is not to be told of. */
static bool is_suppressed(const struct analysis *analysis, uint32_t block)
{
    switch (analysis->marks.classes[block]) {
    case HEAP_INDIRECT:
        return site_of(analysis, block)->is_suppressed ||
               site_of(analysis, analysis->marks.leaders[block])->is_suppressed;
    case HEAP_DEFINITE:
    case HEAP_POSSIBLE:
        return site_of(analysis, block)->is_suppressed;
    default:
        return false;
    }
}

/* Count one block in its line. */
static void count_block(struct analysis *analysis, uint32_t block)
{
    struct heap_report *report = analysis->report;
    const struct heap_site *site = site_of(analysis, block);
    const struct heap_marks *marks = &analysis->marks;
    const uint64_t bytes = analysis->picture.graph.bytes[block];
    const uint8_t class = marks->classes[block];
    struct heap_line *line = &report->lines[site->line];
    if (site->is_left_out || is_suppressed(analysis, block)) {
        if (!site->is_left_out) {
            add_to_sum(&report->suppressed, bytes);
        }
        return;
    }
    add_to_sum(&line->own, bytes);
    add_to_sum(&line->shares[class].sum, bytes);
    add_to_sum(&report->classes[class], bytes);
    line->shares[class].born[tenth_of(&analysis->picture, block)] += bytes;
    if (class == HEAP_INDIRECT) {
        add_to_sum(&report->lines[analysis->groups[marks->leaders[block]]].followers, bytes);
    }
    if (heap_marks_is_cycle(marks, block)) {
        line->cycles++;
        report->cycles++;
    }
}

static enum trace_status count_blocks(struct analysis *analysis)
{
    const uint32_t count = analysis->picture.graph.block_count;
    analysis->groups = calloc((size_t)count + 1, sizeof *analysis->groups);
    if (analysis->groups == NULL) {
        return no_memory(analysis);
    }
    for (uint32_t block = 0; block < count; block++) {
        analysis->groups[block] = site_of(analysis, block)->line;
    }
    for (uint32_t block = 0; block < count; block++) {
        if (analysis->picture.blocks[block].address != 0) {
            count_block(analysis, block);
        }
    }
    return TRACE_OK;
}

static enum trace_status mark_blocks(struct analysis *analysis)
{
    const struct heap_picture *picture = &analysis->picture;
    bool *is_young = NULL;
    if (picture->head.young_ticks > 0) {
        is_young = calloc((size_t)picture->graph.block_count + 1, sizeof *is_young);
        if (is_young == NULL) {
            return no_memory(analysis);
        }
        for (uint32_t block = 0; block < picture->graph.block_count; block++) {
            is_young[block] = picture->blocks[block].site != 0 &&
                              picture->blocks[block].age < picture->head.young_ticks;
        }
    }
    enum trace_status status =
        heap_marks_make(&picture->graph, is_young, &analysis->marks, analysis->error);
    free(is_young);
    return status;
}

/* Put the graph of lines into the report. @tree: NULL: that of what is lost. */
static enum trace_status add_links(struct analysis *analysis, const struct dominators *tree)
{
    struct heap_report *report = analysis->report;
    const struct heap_graph *graph = &analysis->picture.graph;
    if (tree != NULL) {
        return heap_links_add_tree(&report->links, graph, tree, analysis->groups, analysis->error);
    }
    bool *is_left_out = calloc((size_t)graph->block_count + 1, sizeof *is_left_out);
    if (is_left_out == NULL) {
        return no_memory(analysis);
    }
    for (uint32_t block = 0; block < graph->block_count; block++) {
        is_left_out[block] =
            site_of(analysis, block)->is_left_out || is_suppressed(analysis, block);
    }
    enum trace_status status = heap_links_add_lost(&report->links, graph, &analysis->marks,
                                                   analysis->groups, is_left_out, analysis->error);
    free(is_left_out);
    return status;
}

static enum trace_status add_retained(struct analysis *analysis)
{
    struct heap_report *report = analysis->report;
    const struct heap_graph *graph = &analysis->picture.graph;
    const uint32_t line_count = (uint32_t)report->line_count;
    const size_t top = analysis->rules->top;
    struct dominators tree = {0};
    struct retained *totals = calloc(report->line_count + 1, sizeof *totals);
    bool *is_exact = calloc(report->line_count + 1, sizeof *is_exact);
    enum trace_status status = TRACE_OK;
    if (totals == NULL || is_exact == NULL) {
        status = no_memory(analysis);
        goto out;
    }
    status = dominators_make(graph, &analysis->marks, &tree, analysis->error);
    if (status == TRACE_OK && analysis->rules->has_links) {
        status = add_links(analysis, &tree);
    }
    if (status == TRACE_OK) {
        status =
            retained_bounds(graph, &tree, analysis->groups, line_count, totals, analysis->error);
    }
    dominators_fini(&tree);
    progress_add(&analysis->progress, TENTHS_ANSWER - 1);
    if (status == TRACE_OK) {
        status = retained_largest(graph, &analysis->marks, analysis->groups, line_count,
                                  top == 0 ? line_count : top, totals, is_exact, analysis->error);
    }
    for (size_t i = 0; i < report->line_count && status == TRACE_OK; i++) {
        struct heap_line *line = &report->lines[i];
        if (line->own.blocks > 0) {
            line->retained.bytes += totals[i].bytes;
            line->retained.blocks += totals[i].blocks;
            line->is_bound = line->is_bound || !is_exact[i];
        }
    }
out:
    free(totals);
    free(is_exact);
    return status;
}

/* Copy a merged chain into the report. Return: false without memory. */
static bool add_chain(struct analysis *analysis, const struct heap_chain *chain)
{
    struct heap_report *report = analysis->report;
    struct heap_report_chain *chains =
        grow_array(report->chains, report->chain_count, &report->chain_capacity, sizeof *chains);
    if (chains == NULL) {
        return false;
    }
    report->chains = chains;
    const char *name = heap_roots_name(analysis->names, chain->label);
    struct heap_report_chain *copy = &chains[report->chain_count];
    *copy = (struct heap_report_chain){
        .root = arena_copy(&report->arena, name, strlen(name)),
        .roots = chain->roots,
        .address = heap_roots_address(&analysis->picture, chain->start),
        .steps = arena_array(&report->arena, chain->length, sizeof *copy->steps),
        .length = chain->length,
    };
    if (copy->root == NULL || copy->steps == NULL) {
        return false;
    }
    for (size_t i = 0; i < chain->length; i++) {
        const struct heap_step *step = &chain->steps[i];
        copy->steps[i] = (struct heap_report_step){
            .line = step->group,
            .address = analysis->picture.blocks[step->sample].address,
            .blocks = step->blocks,
            .bytes = step->bytes,
            .is_inside = step->is_inside,
            .is_repeated = step->is_repeated,
        };
    }
    report->chain_count++;
    return true;
}

/* Mark the blocks that are asked about. Return: of each block; NULL without memory. */
static bool *mark_wanted(struct analysis *analysis)
{
    const struct heap_picture *picture = &analysis->picture;
    const struct heap_query *query = analysis->rules->query;
    struct heap_report *report = analysis->report;
    bool *is_wanted = calloc((size_t)picture->graph.block_count + 1, sizeof *is_wanted);
    uint32_t addressed =
        query->kind == HEAP_QUERY_ADDRESS ? heap_picture_find(picture, query->number) : HEAP_NONE;
    for (uint32_t block = 0; is_wanted != NULL && block < picture->graph.block_count; block++) {
        is_wanted[block] = picture->blocks[block].address != 0 &&
                           (block == addressed || site_of(analysis, block)->is_wanted);
        if (is_wanted[block]) {
            add_to_sum(&report->wanted, picture->graph.bytes[block]);
            add_to_sum(&report->wanted_classes[analysis->marks.classes[block]],
                       picture->graph.bytes[block]);
        }
    }
    return is_wanted;
}

/* Return: of each root; NULL without memory. */
static uint8_t *rank_roots(const struct heap_picture *picture)
{
    uint8_t *ranks = calloc(picture->graph.root_count + 1, sizeof *ranks);
    for (size_t i = 0; ranks != NULL && i < picture->graph.root_count; i++) {
        ranks[i] = heap_roots_rank(picture, &picture->graph.roots[i]);
    }
    return ranks;
}

static enum trace_status add_chains(struct analysis *analysis)
{
    const struct heap_graph *graph = &analysis->picture.graph;
    struct heap_search search = {0};
    struct heap_chains chains = {0};
    bool *is_wanted = mark_wanted(analysis);
    uint8_t *ranks = rank_roots(&analysis->picture);
    uint32_t *labels = calloc(graph->root_count + 2, sizeof *labels);
    enum trace_status status =
        is_wanted != NULL && ranks != NULL && labels != NULL
            ? heap_search_make(graph, &analysis->marks, is_wanted, ranks, &search, analysis->error)
            : no_memory(analysis);
    if (status == TRACE_OK) {
        status = heap_roots_label(analysis->names, &analysis->picture, analysis->attribution,
                                  search.is_start_used, labels, analysis->error);
    }
    if (status == TRACE_OK) {
        status = heap_chains_make(&search, analysis->groups, labels, analysis->rules->top, &chains,
                                  analysis->error);
    }
    for (size_t i = 0; i < chains.count && status == TRACE_OK; i++) {
        status = add_chain(analysis, &chains.items[i]) ? TRACE_OK : no_memory(analysis);
    }
    analysis->report->chain_total += chains.total;
    heap_chains_fini(&chains);
    heap_search_fini(&search);
    free(is_wanted);
    free(ranks);
    free(labels);
    return status;
}

/* Tell of the picture itself. */
static enum trace_status add_picture(struct analysis *analysis)
{
    struct heap_report *report = analysis->report;
    const struct heap_picture *picture = &analysis->picture;
    struct heap_report_picture *pictures = grow_array(report->pictures, report->picture_count,
                                                      &report->picture_capacity, sizeof *pictures);
    if (pictures == NULL) {
        return no_memory(analysis);
    }
    report->pictures = pictures;
    const char *path = analysis->reader->file.path;
    struct heap_report_picture *copy = &pictures[report->picture_count++];
    *copy = (struct heap_report_picture){
        .trace = arena_copy(&report->arena, path, strlen(path)),
        .name = arena_copy(&report->arena, picture->head.name, strlen(picture->head.name)),
        .number = picture->head.number,
        .moment_s = (double)picture->head.tick / TRACE_TICKS_PER_SECOND,
        .blocks = picture->graph.block_count - picture->lacking,
        .pause_us = picture->end.pause_us,
        .time_ms = picture->end.time_ms,
        .is_still = (picture->head.flags & TRACE_PICTURE_STILL) != 0,
        .is_complete = picture->is_complete,
        .left_out = picture->end.blocks_left_out + picture->lacking,
        .unreadable_words = picture->end.unreadable_words,
    };
    for (uint32_t block = 0; block < picture->graph.block_count; block++) {
        copy->bytes += picture->graph.bytes[block];
    }
    return copy->trace != NULL && copy->name != NULL ? TRACE_OK : no_memory(analysis);
}

/* All steps, in their order. */
static enum trace_status work_out(struct analysis *analysis)
{
    enum trace_status status =
        heap_sites_make(&analysis->picture, analysis->attribution, analysis->rules,
                        analysis->report, &analysis->sites, analysis->error);
    status = status == TRACE_OK ? mark_blocks(analysis) : status;
    progress_add(&analysis->progress, TENTHS_MARK);
    status = status == TRACE_OK ? count_blocks(analysis) : status;
    if (status == TRACE_OK && analysis->rules->has_retained) {
        status = add_retained(analysis);
    }
    if (status == TRACE_OK && analysis->rules->query != NULL) {
        status = add_chains(analysis);
    } else if (status == TRACE_OK && analysis->rules->has_links && !analysis->rules->has_retained) {
        status = add_links(analysis, NULL);
    }
    return status == TRACE_OK ? add_picture(analysis) : status;
}

enum trace_status heap_analysis_add(struct reader *reader, const struct moment *moment,
                                    struct attribution *attribution, struct heap_roots *names,
                                    const struct heap_rules *rules, struct heap_report *report,
                                    struct trace_error *error)
{
    struct analysis analysis = {
        .reader = reader,
        .attribution = attribution,
        .names = names,
        .rules = rules,
        .report = report,
        .error = error,
    };
    size_t which = 0;
    progress_start(&analysis.progress, "looking at the heap picture", TENTHS_ALL);
    enum trace_status status = heap_choice_find(reader, moment, &which, error);
    if (status == TRACE_OK) {
        status = heap_picture_load(reader, which, &analysis.picture, error);
    }
    progress_add(&analysis.progress, TENTHS_READ);
    if (status == TRACE_OK) {
        status = work_out(&analysis);
    }
    progress_finish(&analysis.progress);
    heap_marks_fini(&analysis.marks);
    heap_picture_fini(&analysis.picture);
    heap_sites_fini(&analysis.sites);
    free(analysis.groups);
    return status;
}
