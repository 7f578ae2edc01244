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

enum trace_status tally_prepare(const struct replay *replay, struct attribution *attribution,
                                enum report_metric metric, bool is_whole, struct trace_error *error)
{
    const struct definitions *definitions = attribution->definitions;
    bool *is_listed = calloc(definitions->stack_slots + 1, sizeof *is_listed);
    uint32_t *stacks = calloc(definitions->stack_slots + 1, sizeof *stacks);
    size_t count = 0;
    enum trace_status status = TRACE_OK;
    if (is_listed == NULL || stacks == NULL) {
        status =
            trace_fail(error, TRACE_NOMEM, 0, "no memory for %zu stacks", definitions->stack_slots);
        goto out;
    }
    for (size_t i = 0; i < replay->site_count; i++) {
        uint32_t stack = definitions->sites[i].stack;
        if (count_of(replay, i, metric) == 0 || definitions_stack(definitions, stack) == NULL ||
            is_listed[stack - definitions->first_stack]) {
            continue;
        }
        is_listed[stack - definitions->first_stack] = true;
        stacks[count++] = stack;
    }
    status = attribution_prepare(attribution, stacks, count, is_whole, error);
out:
    free(is_listed);
    free(stacks);
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
    const enum report_metric listed = rules->has_growth ? REPORT_ALLOCATED : rules->metric;
    enum trace_status status = tally_prepare(replay, attribution, listed, is_whole, error);
    const struct age_counts *ages =
        replay->lifetimes != NULL ? lifetimes_ages(replay->lifetimes) : NULL;
    if (status == TRACE_OK && replay->lifetimes != NULL && ages == NULL) {
        status = trace_fail(error, TRACE_NOMEM, 0, "no memory for lifetimes");
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
