/*
 * Two passes over the sites that have something to count: the first collects their stacks, so that
 * addresses are resolved all at once; the second filters and groups.
 */
#include "tally.h"

#include <stdlib.h>

#include "filter.h"
#include "summary.h"

/* Return: how many blocks of a site count. */
static uint64_t count_of(const struct replay *replay, size_t at, enum report_metric metric)
{
    const struct replay_site *site = &replay->sites[at];
    if (!replay_site_counts(site)) {
        return 0;
    }
    switch (metric) {
    case REPORT_ALLOCATED:
        return site->allocations;
    case REPORT_FREED:
        return site->frees;
    case REPORT_TEMPORARY:
        return lifetimes_temporary(replay->lifetimes, at);
    default:
        return site->allocations > site->frees ? site->allocations - site->frees : 0;
    }
}

/* Stacks to be resolved, each once. */
struct stack_list {
    const struct definitions *definitions;
    bool *is_listed;
    uint32_t *stacks;
    size_t count;
};

static void list_stack(struct stack_list *list, uint32_t stack)
{
    if (definitions_stack(list->definitions, stack) != NULL &&
        !list->is_listed[stack - list->definitions->first_stack]) {
        list->is_listed[stack - list->definitions->first_stack] = true;
        list->stacks[list->count++] = stack;
    }
}

static void list_freers(struct stack_list *list, const struct freers *freers)
{
    size_t count = 0;
    const struct freer *all = freers_all(freers, &count);
    for (size_t i = 0; i < count; i++) {
        list_stack(list, all[i].stack);
    }
}

enum trace_status tally_prepare(const struct replay *replay, struct attribution *attribution,
                                enum report_metric metric, bool is_whole, struct trace_error *error)
{
    const struct definitions *definitions = attribution->definitions;
    struct stack_list list = {
        .definitions = definitions,
        .is_listed = calloc(definitions->stack_slots + 1, sizeof *list.is_listed),
        .stacks = calloc(definitions->stack_slots + 1, sizeof *list.stacks),
    };
    enum trace_status status = TRACE_OK;
    if (list.is_listed == NULL || list.stacks == NULL) {
        status =
            trace_fail(error, TRACE_NOMEM, 0, "no memory for %zu stacks", definitions->stack_slots);
        goto out;
    }
    for (size_t i = 0; i < replay->site_count; i++) {
        if (count_of(replay, i, metric) > 0) {
            list_stack(&list, definitions->sites[i].stack);
        }
    }
    if (replay->freers != NULL) {
        list_freers(&list, replay->freers);
    }
    status = attribution_prepare(attribution, list.stacks, list.count, is_whole, error);
out:
    free(list.is_listed);
    free(list.stacks);
    return status;
}

enum trace_status tally_blocks(const struct replay *replay, struct attribution *attribution,
                               const struct tally_rules *rules, bool is_old,
                               struct strings *strings, struct report_table *table,
                               struct trace_error *error)
{
    const struct definitions *definitions = attribution->definitions;
    char label[SUMMARY_LABEL_BYTES];
    bool is_whole = rules->is_all_frames || rules->is_cumulative ||
                    attribution->rules->suppressions.count > 0 || group_has_traceback(rules->by);
    const bool has_ledger = rules->has_freers && !is_old && freers_are_known(replay->freers);
    const enum report_metric listed =
        rules->has_growth || has_ledger ? REPORT_ALLOCATED : rules->metric;
    enum trace_status status = tally_prepare(replay, attribution, listed, is_whole, error);
    const struct age_counts *ages =
        replay->lifetimes != NULL ? lifetimes_ages(replay->lifetimes) : NULL;
    if (status == TRACE_OK && replay->lifetimes != NULL && ages == NULL) {
        status = trace_fail(error, TRACE_NOMEM, 0, "no memory for lifetimes");
    }
    if (status == TRACE_OK && has_ledger && !freers_are_whole(replay->freers)) {
        status = trace_fail(error, TRACE_NOMEM, 0, "no memory for who frees");
    }
    for (size_t i = 0; i < replay->site_count && status == TRACE_OK; i++) {
        const struct site *site = &definitions->sites[i];
        struct group_blocks blocks = {
            .attribution = attribution,
            .stack = site->stack,
            .each = site->size,
            .domain = site->domain,
            .count = count_of(replay, i, rules->metric),
            .is_old = is_old,
            .ages = rules->has_lifetimes && !is_old ? ages : NULL,
            .growth = rules->has_growth ? replay->growth : NULL,
            .freers = rules->has_freers && !is_old ? replay->freers : NULL,
            .allocated = replay->sites[i].allocations,
            .freed = replay->sites[i].frees,
            .site = i,
        };
        blocks.size = blocks.count * blocks.each;
        if (count_of(replay, i, listed) == 0 ||
            !filter_keeps(attribution, site->stack, site->domain, rules->is_all_frames)) {
            continue;
        }
        if (filter_suppresses(attribution, site->stack)) {
            table->suppressed_size += is_old ? 0 : blocks.size;
            table->suppressed_count += is_old ? 0 : blocks.count;
            continue;
        }
        if (rules->by == GROUP_THREAD) {
            blocks.thread =
                strings_text(strings, summary_thread_label(definitions, site->stream, label));
            if (blocks.thread == NULL) {
                status = trace_fail(error, TRACE_NOMEM, 0, "no memory for names of threads");
                break;
            }
        }
        *(is_old ? &table->old_size : &table->size) += blocks.size;
        *(is_old ? &table->old_count : &table->count) += blocks.count;
        status = grouping_add(table->grouping, &blocks, rules->is_cumulative, error);
    }
    if (rules->has_growth) {
        grouping_close_growth(table->grouping, replay->growth);
    }
    return status;
}
