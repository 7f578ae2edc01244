/* heap_search.c and heap_chains.c: who keeps what, and the story of the views. */
#include "heap_chains.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "random_graph.h"
#include "unit.h"

enum { SEEDS = 2000 };

/* A graph, what is asked about it, and the answer. */
struct question {
    struct heap_graph graph;
    struct heap_marks marks;
    struct heap_search search;
    struct heap_chains chains;
    bool is_wanted[64];
    uint32_t groups[64];
    uint8_t ranks[64];
    uint32_t labels[64];
};

static void answer(struct question *question)
{
    struct trace_error error;
    ck_assert(heap_graph_finish(&question->graph));
    ck_assert_int_eq(heap_marks_make(&question->graph, NULL, &question->marks, &error), TRACE_OK);
    ck_assert_int_eq(heap_search_make(&question->graph, &question->marks, question->is_wanted,
                                      question->ranks, &question->search, &error),
                     TRACE_OK);
    ck_assert_int_eq(heap_chains_make(&question->search, question->groups, question->labels, 0,
                                      &question->chains, &error),
                     TRACE_OK);
}

static void forget(struct question *question)
{
    heap_chains_fini(&question->chains);
    heap_search_fini(&question->search);
    heap_marks_fini(&question->marks);
    heap_graph_fini(&question->graph);
}

static void add_block(struct question *question, uint64_t bytes, uint32_t group, bool is_wanted)
{
    uint32_t block = question->graph.block_count;
    question->groups[block] = group;
    question->is_wanted[block] = is_wanted;
    ck_assert(heap_graph_add_block(&question->graph, bytes));
}

static void check_step(const struct heap_step *step, uint32_t group, uint64_t blocks,
                       uint64_t bytes)
{
    ck_assert_uint_eq(step->group, group);
    ck_assert_uint_eq(step->blocks, blocks);
    ck_assert_uint_eq(step->bytes, bytes);
}

/* Arrays 0 to 4, views 5 to 9 that point inside them, the list 10 of all views, and main's local.
 */
START_TEST(heap_chains_tell_the_story_of_the_views)
{
    struct question question = {0};
    for (unsigned i = 0; i < 11; i++) {
        add_block(&question, i < 5 ? 3000000 : 128, i / 5, i < 5);
    }
    for (unsigned i = 0; i < 5; i++) {
        ck_assert(heap_graph_add_edge(&question.graph, 5 + i, i, true));
    }
    for (unsigned i = 0; i < 5; i++) {
        ck_assert(heap_graph_add_edge(&question.graph, 10, 5 + i, false));
    }
    ck_assert(heap_graph_add_root(&question.graph, 0, 0, 10, false));
    question.labels[0] = 7;
    answer(&question);
    ck_assert_uint_eq(question.chains.count, 1);
    const struct heap_chain *chain = &question.chains.items[0];
    ck_assert_uint_eq(chain->length, 3);
    check_step(&chain->steps[0], 0, 5, 15000000);
    check_step(&chain->steps[1], 1, 5, 640);
    check_step(&chain->steps[2], 2, 1, 128);
    ck_assert(chain->steps[0].is_inside);
    ck_assert(!chain->steps[1].is_inside);
    ck_assert_uint_eq(chain->label, 7);
    ck_assert_uint_eq(chain->roots, 1);
    forget(&question);
}
END_TEST

/* A list of nodes that each point to a payload: the payloads are wanted. */
START_TEST(heap_chains_fold_lists)
{
    struct question question = {0};
    for (unsigned i = 0; i < 40; i++) {
        add_block(&question, 16, i % 2, i % 2 == 1);
    }
    for (unsigned i = 0; i < 40; i += 2) {
        ck_assert(heap_graph_add_edge(&question.graph, i, i + 1, false));
        if (i + 2 < 40) {
            ck_assert(heap_graph_add_edge(&question.graph, i, i + 2, false));
        }
        if (i >= 2) {
            ck_assert(heap_graph_add_edge(&question.graph, i, i - 2, false));
        }
    }
    ck_assert(heap_graph_add_root(&question.graph, 0, 0, 0, false));
    answer(&question);
    ck_assert_uint_eq(question.chains.count, 1);
    const struct heap_chain *chain = &question.chains.items[0];
    ck_assert_uint_eq(chain->length, 2);
    check_step(&chain->steps[0], 1, 20, 320);
    check_step(&chain->steps[1], 0, 20, 320);
    ck_assert(chain->steps[1].is_repeated);
    ck_assert(!chain->steps[0].is_repeated);
    forget(&question);
}
END_TEST

/* Nodes and payloads that take turns in one list: both groups come again and again. */
START_TEST(heap_chains_fold_what_takes_turns)
{
    struct question question = {0};
    for (unsigned i = 0; i < 40; i++) {
        add_block(&question, 1, i % 2, i == 39);
    }
    question.groups[39] = 2;
    for (unsigned i = 0; i < 39; i++) {
        ck_assert(heap_graph_add_edge(&question.graph, i, i + 1, false));
    }
    ck_assert(heap_graph_add_root(&question.graph, 0, 0, 0, false));
    answer(&question);
    ck_assert_uint_eq(question.chains.count, 1);
    const struct heap_chain *chain = &question.chains.items[0];
    ck_assert_uint_eq(chain->length, 2);
    check_step(&chain->steps[0], 2, 1, 1);
    check_step(&chain->steps[1], 0, 20, 20);
    forget(&question);
}
END_TEST

START_TEST(heap_chains_tell_each_holder)
{
    struct question question = {0};
    add_block(&question, 100, 0, true);
    add_block(&question, 1, 1, false);
    add_block(&question, 1, 2, false);
    ck_assert(heap_graph_add_edge(&question.graph, 0, 1, false)); // back to one that holds it
    ck_assert(heap_graph_add_edge(&question.graph, 1, 0, false));
    ck_assert(heap_graph_add_edge(&question.graph, 2, 0, false));
    ck_assert(heap_graph_add_root(&question.graph, 0, 0, 0, false));
    ck_assert(heap_graph_add_root(&question.graph, 0, 1, 2, false));
    question.labels[0] = 10;
    question.labels[1] = 20;
    answer(&question);
    ck_assert_uint_eq(question.chains.count, 2); // block 1 lives by block 0 itself
    ck_assert_uint_eq(question.chains.items[0].label, 10);
    ck_assert_uint_eq(question.chains.items[0].length, 1);
    ck_assert_uint_eq(question.chains.items[1].label, 20);
    ck_assert_uint_eq(question.chains.items[1].length, 2);
    forget(&question);
}
END_TEST

START_TEST(heap_chains_merge_roots_of_a_label_and_rank_others)
{
    struct question question = {0};
    add_block(&question, 1, 0, false);
    add_block(&question, 2, 1, true);
    ck_assert(heap_graph_add_edge(&question.graph, 0, 1, false));
    for (unsigned i = 0; i < 3; i++) {
        ck_assert(heap_graph_add_root(&question.graph, 0, i, 0, false));
    }
    question.ranks[0] = 3; // a stack, say: the first global variable goes before it
    question.labels[0] = 1;
    question.labels[1] = 2;
    question.labels[2] = 3;
    answer(&question);
    ck_assert_uint_eq(question.chains.count, 1);
    ck_assert_uint_eq(question.chains.items[0].label, 2);
    ck_assert(question.search.is_start_used[1]);
    ck_assert(!question.search.is_start_used[0]);
    forget(&question);
}
END_TEST

START_TEST(heap_chains_start_at_what_is_lost)
{
    struct question question = {0};
    add_block(&question, 1, 0, false);
    add_block(&question, 2, 1, true);
    add_block(&question, 4, 1, true);
    ck_assert(heap_graph_add_edge(&question.graph, 0, 1, false));
    question.labels[HEAP_START_LOST(&question.graph)] = 99;
    answer(&question);
    ck_assert_uint_eq(question.chains.count, 2);
    ck_assert_uint_eq(question.chains.items[0].label, 99);
    ck_assert_uint_eq(question.chains.items[0].length, 1);
    check_step(&question.chains.items[0].steps[0], 1, 1, 4);
    ck_assert_uint_eq(question.chains.items[1].length, 2);
    forget(&question);
}
END_TEST

/* Return: how many steps a block is away from the nearest root; -1 if it is out of reach. */
static int distance(const struct random_graph *random, uint32_t block)
{
    bool is_near[RANDOM_BLOCKS_MAX];
    memcpy(is_near, random->is_root, sizeof is_near);
    for (int steps = 0; steps < RANDOM_BLOCKS_MAX; steps++) {
        if (is_near[block]) {
            return steps;
        }
        bool is_next[RANDOM_BLOCKS_MAX];
        memcpy(is_next, is_near, sizeof is_next);
        for (uint32_t from = 0; from < random->graph.block_count; from++) {
            for (uint32_t to = 0; is_near[from] && to < random->graph.block_count; to++) {
                is_next[to] = is_next[to] || random->has_edge[from][to];
            }
        }
        memcpy(is_near, is_next, sizeof is_near);
    }
    return -1;
}

/* With a group for each block nothing is merged or folded: every chain is a row of real pointers.
 */
static void check_chain(const struct random_graph *random, const struct heap_chain *chain,
                        uint32_t wanted, uint64_t seed)
{
    const uint32_t last = chain->steps[chain->length - 1].group;
    ck_assert_msg(chain->steps[0].group == wanted, "seed %" PRIu64, seed);
    for (size_t i = 0; i < chain->length; i++) {
        ck_assert_msg(chain->steps[i].blocks == 1, "seed %" PRIu64, seed);
        ck_assert_msg(i == 0 || random->has_edge[chain->steps[i].group][chain->steps[i - 1].group],
                      "seed %" PRIu64 ", step %zu", seed, i);
        ck_assert_msg(i == 0 || chain->start >= random->graph.root_count ||
                          distance(random, chain->steps[i].group) == (int)(chain->length - 1 - i),
                      "seed %" PRIu64 ", step %zu", seed, i);
    }
    if (chain->start < random->graph.root_count) {
        ck_assert_msg(heap_edge_block(random->graph.roots[chain->start].edge) == last,
                      "seed %" PRIu64, seed);
    }
}

START_TEST(heap_chains_are_real_and_shortest)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct random_graph random;
        random_graph_init(&random, seed);
        uint32_t wanted = (uint32_t)(seed % random.graph.block_count);
        struct question question = {.graph = random.graph};
        question.is_wanted[wanted] = true;
        for (uint32_t i = 0; i < 64; i++) {
            question.groups[i] = i;
            question.labels[i] = i;
        }
        answer(&question);
        ck_assert_msg(question.chains.count > 0, "seed %" PRIu64, seed);
        for (size_t i = 0; i < question.chains.count; i++) {
            check_chain(&random, &question.chains.items[i], wanted, seed);
        }
        int expected = distance(&random, wanted);
        if (expected >= 0) {
            ck_assert_msg(question.chains.items[0].length == (size_t)expected + 1, "seed %" PRIu64,
                          seed);
        }
        forget(&question);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("heap_chains");
    tcase_add_test(tests, heap_chains_tell_the_story_of_the_views);
    tcase_add_test(tests, heap_chains_fold_lists);
    tcase_add_test(tests, heap_chains_fold_what_takes_turns);
    tcase_add_test(tests, heap_chains_tell_each_holder);
    tcase_add_test(tests, heap_chains_merge_roots_of_a_label_and_rank_others);
    tcase_add_test(tests, heap_chains_start_at_what_is_lost);
    tcase_add_test(tests, heap_chains_are_real_and_shortest);
    return unit_run("heap_chains", tests);
}
