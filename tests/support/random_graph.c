/* Numbers are Marsaglia's xorshift; edges are made in the order in which a graph wants them. */
#include "random_graph.h"

#include <check.h>
#include <string.h>

static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)((*state >> 20) % below);
}

static void add_edges(struct random_graph *random, uint64_t *state, uint32_t percent,
                      uint32_t inside_percent)
{
    struct heap_graph *graph = &random->graph;
    for (uint32_t from = 0; from < graph->block_count; from++) {
        for (uint32_t to = 0; to < graph->block_count; to++) {
            if (draw(state, 100) >= percent) {
                continue;
            }
            bool is_inside = draw(state, 100) < inside_percent;
            random->has_edge[from][to] = true;
            random->has_strict[from][to] = !is_inside;
            ck_assert(heap_graph_add_edge(graph, from, to, is_inside));
        }
    }
}

void random_graph_init(struct random_graph *random, uint64_t seed)
{
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15);
    *random = (struct random_graph){0};
    uint32_t blocks = 1 + draw(&state, RANDOM_BLOCKS_MAX);
    uint32_t percent = 1 + draw(&state, 3) * draw(&state, 8);
    uint32_t inside_percent = draw(&state, 60);
    uint32_t root_percent = draw(&state, 30);
    random->group_count = 1 + draw(&state, blocks);
    for (uint32_t i = 0; i < blocks; i++) {
        ck_assert(heap_graph_add_block(&random->graph, 1 + draw(&state, 1000)));
        random->is_young[i] = draw(&state, 8) == 0;
        random->groups[i] = draw(&state, random->group_count);
    }
    add_edges(random, &state, percent, inside_percent);
    for (uint32_t i = 0; i < blocks; i++) {
        if (draw(&state, 100) < root_percent) {
            bool is_inside = draw(&state, 100) < inside_percent;
            random->is_root[i] = true;
            random->is_strict_root[i] = !is_inside;
            ck_assert(heap_graph_add_root(&random->graph, 0, i, i, is_inside));
        }
    }
    ck_assert(heap_graph_finish(&random->graph));
}

void random_graph_fini(struct random_graph *random)
{
    heap_graph_fini(&random->graph);
}

/* Return: whether anything new is reached by pointers of @from. */
static bool reach_from(const struct random_graph *random, uint32_t from, bool *is_reached,
                       bool is_strict, const bool *is_removed)
{
    const bool *has = is_strict ? random->has_strict[from] : random->has_edge[from];
    bool is_changed = false;
    for (uint32_t to = 0; to < random->graph.block_count; to++) {
        if (has[to] && !is_reached[to] && (is_removed == NULL || !is_removed[to])) {
            is_reached[to] = true;
            is_changed = true;
        }
    }
    return is_changed;
}

void random_graph_reach(const struct random_graph *random, bool *is_reached, bool is_strict,
                        const bool *is_removed)
{
    uint32_t count = random->graph.block_count;
    for (uint32_t i = 0; i < count && is_removed != NULL; i++) {
        is_reached[i] = is_reached[i] && !is_removed[i];
    }
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (uint32_t from = 0; from < count; from++) {
            if (is_reached[from] && reach_from(random, from, is_reached, is_strict, is_removed)) {
                is_changed = true;
            }
        }
    }
}
