/* dominators.c and retained.c: against removing blocks and marking again. */
#include "retained.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "random_graph.h"
#include "unit.h"

enum { SEEDS = 2000 };

/* A graph with what is worked out about it. */
struct worked_out {
    struct heap_marks marks;
    struct dominators tree;
};

static struct worked_out work_out(const struct heap_graph *graph, const bool *is_young)
{
    struct worked_out out;
    struct trace_error error;
    ck_assert_int_eq(heap_marks_make(graph, is_young, &out.marks, &error), TRACE_OK);
    ck_assert_int_eq(dominators_make(graph, &out.marks, &out.tree, &error), TRACE_OK);
    return out;
}

static void forget(struct worked_out *out)
{
    dominators_fini(&out->tree);
    heap_marks_fini(&out->marks);
}

/* Remove blocks and mark again. Return: what is not reached then. */
static struct retained remove_and_mark(const struct random_graph *random,
                                       const struct heap_marks *marks, const bool *is_removed)
{
    bool is_reached[RANDOM_BLOCKS_MAX];
    struct retained gone = {0, 0};
    for (uint32_t i = 0; i < random->graph.block_count; i++) {
        is_reached[i] = random->is_root[i] || dominators_is_head(marks, i);
    }
    random_graph_reach(random, is_reached, false, is_removed);
    for (uint32_t i = 0; i < random->graph.block_count; i++) {
        gone.bytes += is_reached[i] ? 0 : random->graph.bytes[i];
        gone.blocks += is_reached[i] ? 0 : 1;
    }
    return gone;
}

START_TEST(retained_by_block_is_what_goes_with_it)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct random_graph random;
        struct trace_error error;
        struct retained *blocks = NULL;
        random_graph_init(&random, seed);
        struct worked_out out = work_out(&random.graph, random.is_young);
        ck_assert_uint_eq(out.tree.count, random.graph.block_count + 1);
        ck_assert_int_eq(retained_by_block(&random.graph, &out.tree, &blocks, &error), TRACE_OK);
        for (uint32_t i = 0; i < random.graph.block_count; i++) {
            bool is_removed[RANDOM_BLOCKS_MAX] = {false};
            is_removed[i] = true;
            struct retained gone = remove_and_mark(&random, &out.marks, is_removed);
            ck_assert_msg(blocks[i].bytes == gone.bytes && blocks[i].blocks == gone.blocks,
                          "seed %" PRIu64 ", block %u: %" PRIu64 " for %" PRIu64, seed, i,
                          blocks[i].bytes, gone.bytes);
        }
        free(blocks);
        forget(&out);
        random_graph_fini(&random);
    }
}
END_TEST

START_TEST(retained_exactly_is_what_goes_with_a_group)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct random_graph random;
        struct trace_error error;
        struct retained totals[RANDOM_BLOCKS_MAX];
        struct retained bounds[RANDOM_BLOCKS_MAX];
        uint32_t batch[RANDOM_BLOCKS_MAX];
        random_graph_init(&random, seed);
        for (uint32_t group = 0; group < random.group_count; group++) {
            batch[group] = random.group_count - 1 - group; // any order does
        }
        struct worked_out out = work_out(&random.graph, random.is_young);
        ck_assert_int_eq(retained_exactly(&random.graph, &out.marks, random.groups, batch,
                                          random.group_count, totals, &error),
                         TRACE_OK);
        ck_assert_int_eq(retained_bounds(&random.graph, &out.tree, random.groups,
                                         random.group_count, bounds, &error),
                         TRACE_OK);
        for (uint32_t i = 0; i < random.group_count; i++) {
            bool is_removed[RANDOM_BLOCKS_MAX] = {false};
            uint64_t own = 0;
            for (uint32_t block = 0; block < random.graph.block_count; block++) {
                is_removed[block] = random.groups[block] == batch[i];
                own += is_removed[block] ? random.graph.bytes[block] : 0;
            }
            struct retained gone = remove_and_mark(&random, &out.marks, is_removed);
            ck_assert_msg(totals[i].bytes == gone.bytes && totals[i].blocks == gone.blocks,
                          "seed %" PRIu64 ", group %u: %" PRIu64 " for %" PRIu64, seed, batch[i],
                          totals[i].bytes, gone.bytes);
            ck_assert_msg(bounds[batch[i]].bytes <= gone.bytes && bounds[batch[i]].bytes >= own,
                          "seed %" PRIu64 ", group %u: %" PRIu64 " for %" PRIu64, seed, batch[i],
                          bounds[batch[i]].bytes, gone.bytes);
        }
        forget(&out);
        random_graph_fini(&random);
    }
}
END_TEST

START_TEST(retained_exactly_takes_a_full_batch)
{
    struct heap_graph graph = {0};
    struct retained totals[RETAINED_BATCH];
    uint32_t batch[RETAINED_BATCH];
    uint32_t groups[RETAINED_BATCH];
    struct trace_error error;
    for (uint32_t i = 0; i < RETAINED_BATCH; i++) {
        batch[i] = groups[i] = i;
        ck_assert(heap_graph_add_block(&graph, 1));
    }
    for (uint32_t i = 0; i + 1 < RETAINED_BATCH; i++) {
        ck_assert(heap_graph_add_edge(&graph, i, i + 1, false));
    }
    ck_assert(heap_graph_add_root(&graph, 0, 0, 0, false));
    ck_assert(heap_graph_finish(&graph));
    struct worked_out out = work_out(&graph, NULL);
    ck_assert_int_eq(
        retained_exactly(&graph, &out.marks, groups, batch, RETAINED_BATCH, totals, &error),
        TRACE_OK);
    for (uint32_t i = 0; i < RETAINED_BATCH; i++) {
        ck_assert_uint_eq(totals[i].bytes, RETAINED_BATCH - i);
    }
    forget(&out);
    heap_graph_fini(&graph);
}
END_TEST

/* Two views of one array, and an array of a single view: no view keeps the shared one alone. */
START_TEST(retained_knows_that_two_views_keep_an_array_together)
{
    static const uint64_t bytes[] = {10, 10, 1000, 10, 500}; // view, view, array, view, array
    static const uint32_t groups[] = {0, 0, 1, 0, 1};
    struct heap_graph graph = {0};
    struct trace_error error;
    struct retained bounds[2];
    struct retained totals[2];
    struct retained *blocks = NULL;
    for (size_t i = 0; i < 5; i++) {
        ck_assert(heap_graph_add_block(&graph, bytes[i]));
    }
    ck_assert(heap_graph_add_edge(&graph, 0, 2, true));
    ck_assert(heap_graph_add_edge(&graph, 1, 2, true));
    ck_assert(heap_graph_add_edge(&graph, 3, 4, true));
    ck_assert(heap_graph_add_root(&graph, 0, 0, 0, false));
    ck_assert(heap_graph_add_root(&graph, 0, 1, 1, false));
    ck_assert(heap_graph_add_root(&graph, 0, 2, 3, false));
    ck_assert(heap_graph_finish(&graph));
    struct worked_out out = work_out(&graph, NULL);
    ck_assert_int_eq(retained_by_block(&graph, &out.tree, &blocks, &error), TRACE_OK);
    ck_assert_uint_eq(blocks[0].bytes, 10);
    ck_assert_uint_eq(blocks[3].bytes, 510);
    ck_assert_int_eq(retained_bounds(&graph, &out.tree, groups, 2, bounds, &error), TRACE_OK);
    ck_assert_uint_eq(bounds[0].bytes, 530);
    ck_assert_int_eq(
        retained_exactly(&graph, &out.marks, groups, (uint32_t[]){0, 1}, 2, totals, &error),
        TRACE_OK);
    ck_assert_uint_eq(totals[0].bytes, 1530);
    ck_assert_uint_eq(totals[1].bytes, 1500);
    free(blocks);
    forget(&out);
    heap_graph_fini(&graph);
}
END_TEST

/* Deep enough that anything that recurses would die of it. */
START_TEST(retained_goes_down_a_list_of_a_million_blocks)
{
    enum { BLOCKS = 1000000 };
    struct heap_graph graph = {0};
    struct trace_error error;
    struct retained *blocks = NULL;
    bool is_made = true; // an assertion writes to a file, each time
    for (uint32_t i = 0; i < BLOCKS; i++) {
        is_made = is_made && heap_graph_add_block(&graph, 8);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) { // linked both ways
        is_made = is_made && (i == 0 || heap_graph_add_edge(&graph, i, i - 1, false)) &&
                  (i + 1 == BLOCKS || heap_graph_add_edge(&graph, i, i + 1, false));
    }
    ck_assert(is_made);
    ck_assert(heap_graph_add_root(&graph, 0, 0, 0, false));
    ck_assert(heap_graph_finish(&graph));
    struct worked_out out = work_out(&graph, NULL);
    ck_assert_int_eq(retained_by_block(&graph, &out.tree, &blocks, &error), TRACE_OK);
    for (uint32_t i = 0; i < BLOCKS; i += 99999) {
        ck_assert_uint_eq(blocks[i].bytes, (uint64_t)(BLOCKS - i) * 8);
    }
    free(blocks);
    forget(&out);
    heap_graph_fini(&graph);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("retained");
    tcase_add_test(tests, retained_by_block_is_what_goes_with_it);
    tcase_add_test(tests, retained_exactly_is_what_goes_with_a_group);
    tcase_add_test(tests, retained_exactly_takes_a_full_batch);
    tcase_add_test(tests, retained_knows_that_two_views_keep_an_array_together);
    tcase_add_test(tests, retained_goes_down_a_list_of_a_million_blocks);
    return unit_run("retained", tests);
}
