/* Lines grow with the groups; order is decided once, at the end, by size, count and name. */
#include "heap_report.h"

#include <stdlib.h>
#include <string.h>

#include "grow.h"

struct heap_report *heap_report_new(enum group_by by, struct strings *strings)
{
    struct heap_report *report = calloc(1, sizeof *report);
    if (report != NULL) {
        report->grouping = grouping_new(by, strings);
        if (report->grouping == NULL) {
            free(report);
            return NULL;
        }
    }
    return report;
}

void heap_report_free(struct heap_report *report)
{
    if (report != NULL) {
        grouping_free(report->grouping);
        free(report->lines);
        free(report->chains);
        free(report->pictures);
        heap_links_fini(&report->links);
        arena_fini(&report->arena);
        free(report);
    }
}

struct heap_line *heap_report_line(struct heap_report *report, uint32_t line)
{
    while (report->line_count <= line) {
        struct heap_line *lines =
            grow_array(report->lines, report->line_count, &report->line_capacity, sizeof *lines);
        if (lines == NULL) {
            return NULL;
        }
        report->lines = lines;
        lines[report->line_count++] = (struct heap_line){0};
    }
    return &report->lines[line];
}

void heap_report_finish(struct heap_report *report)
{
    size_t count = 0;
    const struct group *groups = grouping_groups(report->grouping, &count);
    for (size_t i = 0; i < report->line_count && i < count; i++) {
        report->lines[i].group = &groups[i];
    }
    for (size_t i = 0; i < report->chain_count; i++) {
        struct heap_report_chain *chain = &report->chains[i];
        for (size_t s = 0; s < chain->length; s++) {
            chain->steps[s].group = &groups[chain->steps[s].line];
        }
    }
}

/* A line with what it is sorted by. */
struct ranked {
    const struct heap_line *line;
    struct heap_sum sum;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left;
    const struct ranked *b = right;
    if (a->sum.bytes != b->sum.bytes) {
        return a->sum.bytes > b->sum.bytes ? -1 : 1;
    }
    if (a->sum.blocks != b->sum.blocks) {
        return a->sum.blocks > b->sum.blocks ? -1 : 1;
    }
    return group_compare_keys(a->line->group, b->line->group);
}

struct heap_sum heap_line_loss(const struct heap_line *line)
{
    struct heap_sum loss = {0, 0};
    for (size_t class = HEAP_REACHABLE; class < HEAP_CLASSES; class ++) {
        if (class == HEAP_DEFINITE || class == HEAP_INDIRECT || class == HEAP_POSSIBLE) {
            loss.bytes += line->shares[class].sum.bytes;
            loss.blocks += line->shares[class].sum.blocks;
        }
    }
    return loss;
}

size_t heap_report_sort(const struct heap_report *report, enum heap_order order,
                        enum heap_class class, const struct heap_line ***ret_lines)
{
    size_t count = 0;
    struct ranked *ranked = calloc(report->line_count + 1, sizeof *ranked);
    const struct heap_line **lines =
        calloc(report->line_count + 1, sizeof(const struct heap_line *));
    if (ranked == NULL || lines == NULL) {
        free(ranked);
        free(lines);
        return SIZE_MAX;
    }
    for (size_t i = 0; i < report->line_count; i++) {
        const struct heap_line *line = &report->lines[i];
        const struct heap_sum sums[] = {
            [HEAP_BY_CLASS] = line->shares[class].sum,
            [HEAP_BY_LOSS] = heap_line_loss(line),
            [HEAP_BY_RETAINED] = line->retained,
            [HEAP_BY_SIZE] = line->own,
        };
        struct heap_sum sum = sums[order];
        if (sum.blocks > 0 && line->group != NULL) {
            ranked[count++] = (struct ranked){line, sum};
        }
    }
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    for (size_t i = 0; i < count; i++) {
        lines[i] = ranked[i].line;
    }
    free(ranked);
    *ret_lines = lines;
    return count;
}

const char *heap_class_name(enum heap_class class)
{
    static const char *const names[] = {
        [HEAP_REACHABLE] = "still reachable",
        [HEAP_POSSIBLE] = "possibly lost",
        [HEAP_YOUNG] = "young",
        [HEAP_INDIRECT] = "indirectly lost",
        [HEAP_DEFINITE] = "definitely lost",
    };
    return names[class];
}
