/* heap_links.c: against counting in matrices, and against removing one block after another. */
#include "heap_links.h"

#include <inttypes.h>
#include <stdlib.h>

#include "random_graph.h"
#include "unit.h"

enum { SEEDS = 1000 };

/* What is expected of each pair of groups; the last row is for the roots. */
struct expected {
    struct heap_link links[RANDOM_BLOCKS_MAX + 1][RANDOM_BLOCKS_MAX];
};

static void check_links(const struct heap_links *links, const struct expected *expected,
                        uint64_t seed)
{
    size_t count = 0;
    for (size_t from = 0; from <= RANDOM_BLOCKS_MAX; from++) {
        for (size_t to = 0; to < RANDOM_BLOCKS_MAX; to++) {
            count += expected->links[from][to].count > 0 ? 1 : 0;
        }
    }
    ck_assert_uint_eq(links->count, count);
    for (size_t i = 0; i < links->count; i++) {
        const struct heap_link *link = &links->items[i];
        size_t row = link->from == HEAP_LINK_ROOTS ? RANDOM_BLOCKS_MAX : link->from;
        const struct heap_link *wanted = &expected->links[row][link->to];
        ck_assert_msg(link->count == wanted->count && link->bytes == wanted->bytes &&
                          link->is_inside == wanted->is_inside,
                      "seed %" PRIu64 ": %" PRIu32 " to %" PRIu32, seed, link->from, link->to);
    }
}

static bool is_lost(uint8_t class)
{
    return class != HEAP_REACHABLE && class != HEAP_YOUNG;
}

/* The pointers from @from to lost blocks, if it is lost itself. */
static void expect_links(struct expected *expected, const struct random_graph *random,
                         const struct heap_marks *marks, const bool *is_left_out, uint32_t from)
{
    for (uint32_t to = 0; to < random->graph.block_count; to++) {
        struct heap_link *link = &expected->links[random->groups[from]][random->groups[to]];
        if (random->has_edge[from][to] && is_lost(marks->classes[from]) &&
            is_lost(marks->classes[to]) && !is_left_out[from] && !is_left_out[to]) {
            link->is_inside =
                (link->count == 0 || link->is_inside) && !random->has_strict[from][to];
            link->count++;
        }
    }
}

START_TEST(heap_links_of_what_is_lost_are_its_pointers)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct random_graph random;
        struct heap_marks marks;
        struct heap_links links = {0};
        struct expected expected = {0};
        struct trace_error error;
        bool is_left_out[RANDOM_BLOCKS_MAX] = {false};
        random_graph_init(&random, seed);
        const uint32_t count = random.graph.block_count;
        is_left_out[seed % count] = seed % 3 == 0;
        ck_assert_int_eq(heap_marks_make(&random.graph, random.is_young, &marks, &error), TRACE_OK);
        for (uint32_t from = 0; from < count; from++) {
            expect_links(&expected, &random, &marks, is_left_out, from);
        }
        ck_assert_int_eq(
            heap_links_add_lost(&links, &random.graph, &marks, random.groups, is_left_out, &error),
            TRACE_OK);
        check_links(&links, &expected, seed);
        heap_links_fini(&links);
        heap_marks_fini(&marks);
        random_graph_fini(&random);
    }
}
END_TEST

/* Set what is no longer reached without @gone, itself included; none: HEAP_NONE. */
static void find_lost_without(const struct random_graph *random, const struct heap_marks *marks,
                              uint32_t gone, bool *is_gone)
{
    bool is_removed[RANDOM_BLOCKS_MAX] = {false};
    const uint32_t count = random->graph.block_count;
    if (gone != HEAP_NONE) {
        is_removed[gone] = true;
    }
    for (uint32_t i = 0; i < count; i++) {
        is_gone[i] = random->is_root[i] || dominators_is_head(marks, i);
    }
    random_graph_reach(random, is_gone, false, is_removed);
    for (uint32_t i = 0; i < count; i++) {
        is_gone[i] = !is_gone[i];
    }
}

/*
 * Of a block's dominators the nearest is dominated by all others.
 * @dominates: by block, what goes without it.
 */
static uint32_t nearest_dominator(bool dominates[RANDOM_BLOCKS_MAX][RANDOM_BLOCKS_MAX],
                                  uint32_t count, uint32_t block)
{
    uint32_t nearest = HEAP_NONE;
    for (uint32_t i = 0; i < count; i++) {
        bool is_nearer = nearest == HEAP_NONE || dominates[nearest][i];
        if (i != block && dominates[i][block] && is_nearer) {
            nearest = i;
        }
    }
    return nearest;
}

static void expect_tree(const struct random_graph *random, const struct heap_marks *marks,
                        struct expected *expected)
{
    bool dominates[RANDOM_BLOCKS_MAX][RANDOM_BLOCKS_MAX];
    const uint32_t count = random->graph.block_count;
    for (uint32_t i = 0; i < count; i++) {
        find_lost_without(random, marks, i, dominates[i]);
    }
    for (uint32_t block = 0; block < count; block++) {
        uint32_t nearest = nearest_dominator(dominates, count, block);
        size_t row = nearest == HEAP_NONE ? RANDOM_BLOCKS_MAX : random->groups[nearest];
        struct heap_link *link = &expected->links[row][random->groups[block]];
        link->count++;
        for (uint32_t i = 0; i < count; i++) {
            link->bytes += dominates[block][i] ? random->graph.bytes[i] : 0;
        }
    }
}

START_TEST(heap_links_of_the_tree_are_the_nearest_dominators)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct random_graph random;
        struct heap_marks marks;
        struct dominators tree;
        struct heap_links links = {0};
        struct expected expected = {0};
        struct trace_error error;
        random_graph_init(&random, seed);
        ck_assert_int_eq(heap_marks_make(&random.graph, random.is_young, &marks, &error), TRACE_OK);
        ck_assert_int_eq(dominators_make(&random.graph, &marks, &tree, &error), TRACE_OK);
        expect_tree(&random, &marks, &expected);
        ck_assert_int_eq(heap_links_add_tree(&links, &random.graph, &tree, random.groups, &error),
                         TRACE_OK);
        check_links(&links, &expected, seed);
        heap_links_fini(&links);
        dominators_fini(&tree);
        heap_marks_fini(&marks);
        random_graph_fini(&random);
    }
}
END_TEST

/* More links than the table has room for at first. */
START_TEST(heap_links_grow)
{
    struct heap_graph graph = {0};
    struct heap_marks marks;
    struct heap_links links = {0};
    struct trace_error error;
    enum { BLOCKS = 1000 };
    static uint32_t groups[BLOCKS];
    static bool is_left_out[BLOCKS];
    for (uint32_t i = 0; i < BLOCKS; i++) {
        groups[i] = i;
        ck_assert(heap_graph_add_block(&graph, 1));
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        ck_assert(heap_graph_add_edge(&graph, i, (i * 7 + 1) % BLOCKS, false));
        ck_assert(heap_graph_add_edge(&graph, i, (i * 7 + 1) % BLOCKS, true));
    }
    ck_assert(heap_graph_finish(&graph));
    ck_assert_int_eq(heap_marks_make(&graph, NULL, &marks, &error), TRACE_OK);
    ck_assert_int_eq(heap_links_add_lost(&links, &graph, &marks, groups, is_left_out, &error),
                     TRACE_OK);
    ck_assert_uint_eq(links.count, BLOCKS);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        ck_assert_uint_eq(links.items[i].from, i);
        ck_assert_uint_eq(links.items[i].to, (i * 7 + 1) % BLOCKS);
        ck_assert_uint_eq(links.items[i].count, 2);
        ck_assert(!links.items[i].is_inside);
    }
    heap_links_fini(&links);
    heap_marks_fini(&marks);
    heap_graph_fini(&graph);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("heap_links");
    tcase_add_test(tests, heap_links_of_what_is_lost_are_its_pointers);
    tcase_add_test(tests, heap_links_of_the_tree_are_the_nearest_dominators);
    tcase_add_test(tests, heap_links_grow);
    return unit_run("heap_links", tests);
}
