/* heap_marks.c: classes by memcheck's rules, against their definitions taken word for word. */
#include "heap_marks.h"

#include <inttypes.h>
#include <string.h>

#include "random_graph.h"
#include "unit.h"

enum { SEEDS = 2000 };

static struct heap_marks mark(const struct heap_graph *graph, const bool *is_young)
{
    struct heap_marks marks;
    struct trace_error error;
    ck_assert_int_eq(heap_marks_make(graph, is_young, &marks, &error), TRACE_OK);
    return marks;
}

/* Make blocks of 1, 2, 4 ... bytes. */
static struct heap_graph blocks(uint32_t count)
{
    struct heap_graph graph = {0};
    for (uint32_t i = 0; i < count; i++) {
        ck_assert(heap_graph_add_block(&graph, UINT64_C(1) << i));
    }
    return graph;
}

START_TEST(heap_marks_takes_nothing)
{
    struct heap_graph graph = {0};
    ck_assert(heap_graph_finish(&graph));
    struct heap_marks marks = mark(&graph, NULL);
    ck_assert_uint_eq(marks.blocks[HEAP_DEFINITE], 0);
    heap_marks_fini(&marks);
    heap_graph_fini(&graph);
}
END_TEST

START_TEST(heap_marks_tells_reachable_from_possible)
{
    struct heap_graph graph = blocks(5);
    ck_assert(heap_graph_add_edge(&graph, 0, 1, false));
    ck_assert(heap_graph_add_edge(&graph, 1, 2, true));
    ck_assert(heap_graph_add_edge(&graph, 2, 3, false));
    ck_assert(heap_graph_add_root(&graph, 0, 0, 0, false));
    ck_assert(heap_graph_add_root(&graph, 0, 1, 4, true));
    ck_assert(heap_graph_finish(&graph));
    struct heap_marks marks = mark(&graph, NULL);
    ck_assert_uint_eq(marks.bytes[HEAP_REACHABLE], 1 + 2);
    ck_assert_uint_eq(marks.bytes[HEAP_POSSIBLE], 4 + 8 + 16);
    heap_marks_fini(&marks);
    heap_graph_fini(&graph);
}
END_TEST

START_TEST(heap_marks_finds_one_head_of_a_cycle)
{
    struct heap_graph graph = blocks(5);
    ck_assert(heap_graph_add_edge(&graph, 0, 4, false)); // what the cycle leads to comes first
    ck_assert(heap_graph_add_edge(&graph, 1, 2, true));  // inside or not does not matter here
    ck_assert(heap_graph_add_edge(&graph, 2, 3, false));
    ck_assert(heap_graph_add_edge(&graph, 3, 1, false));
    ck_assert(heap_graph_add_edge(&graph, 3, 0, false));
    ck_assert(heap_graph_finish(&graph));
    struct heap_marks marks = mark(&graph, NULL);
    ck_assert_uint_eq(marks.bytes[HEAP_DEFINITE], 2);
    ck_assert_uint_eq(marks.bytes[HEAP_INDIRECT], 1 + 4 + 8 + 16);
    ck_assert_uint_eq(marks.cycles, 1);
    ck_assert(heap_marks_is_cycle(&marks, 1));
    ck_assert_uint_eq(marks.leaders[0], 1);
    ck_assert_uint_eq(marks.leaders[4], 1); // through 0, which led it before 1 was seen
    heap_marks_fini(&marks);
    heap_graph_fini(&graph);
}
END_TEST

START_TEST(heap_marks_takes_a_block_that_names_itself_for_no_cycle)
{
    struct heap_graph graph = blocks(1);
    ck_assert(heap_graph_add_edge(&graph, 0, 0, false));
    ck_assert(heap_graph_finish(&graph));
    struct heap_marks marks = mark(&graph, NULL);
    ck_assert_uint_eq(marks.blocks[HEAP_DEFINITE], 1);
    ck_assert_uint_eq(marks.cycles, 0);
    heap_marks_fini(&marks);
    heap_graph_fini(&graph);
}
END_TEST

START_TEST(heap_graph_drops_what_comes_out_of_order)
{
    struct heap_graph graph = blocks(3);
    ck_assert(heap_graph_add_edge(&graph, 1, 2, false));
    ck_assert(heap_graph_add_edge(&graph, 0, 1, false)); // after row 1 has begun
    ck_assert(heap_graph_add_edge(&graph, 1, 3, false)); // there is no such block
    ck_assert(heap_graph_add_edge(&graph, 3, 1, false));
    ck_assert(heap_graph_add_root(&graph, 0, 0, 3, false));
    ck_assert(heap_graph_finish(&graph));
    ck_assert_uint_eq(graph.dropped, 4);
    ck_assert_uint_eq(graph.edge_count, 1);
    ck_assert_uint_eq(graph.first[3], 1);
    heap_graph_fini(&graph);
}
END_TEST

/* What the classes that are not lost mean. Return: of each block, HEAP_UNMARKED if lost. */
static void define_kept(const struct random_graph *random, enum heap_class *classes)
{
    bool is_reachable[RANDOM_BLOCKS_MAX] = {false};
    bool is_possible[RANDOM_BLOCKS_MAX] = {false};
    bool is_young[RANDOM_BLOCKS_MAX] = {false};
    memcpy(is_reachable, random->is_strict_root, sizeof is_reachable);
    memcpy(is_possible, random->is_root, sizeof is_possible);
    random_graph_reach(random, is_reachable, true, NULL);
    random_graph_reach(random, is_possible, false, NULL);
    for (uint32_t i = 0; i < random->graph.block_count; i++) {
        is_young[i] = random->is_young[i] && !is_possible[i];
    }
    random_graph_reach(random, is_young, false, NULL);
    for (uint32_t i = 0; i < random->graph.block_count; i++) {
        classes[i] = is_young[i] ? HEAP_YOUNG : HEAP_UNMARKED;
        classes[i] = is_possible[i] ? HEAP_POSSIBLE : classes[i];
        classes[i] = is_reachable[i] ? HEAP_REACHABLE : classes[i];
    }
}

/* How a lost block stands to the other lost ones. */
struct standing {
    bool is_led;   /* one leads to it that it does not lead to */
    bool is_first; /* of those that lead to each other, it among them */
    bool is_cycle; /* there are others of these */
};

static struct standing define_standing(const struct random_graph *random,
                                       const enum heap_class *kept, uint32_t block)
{
    struct standing standing = {.is_first = true};
    bool from_block[RANDOM_BLOCKS_MAX] = {false};
    from_block[block] = true;
    random_graph_reach(random, from_block, false, NULL);
    for (uint32_t other = 0; other < random->graph.block_count; other++) {
        bool from_other[RANDOM_BLOCKS_MAX] = {false};
        from_other[other] = true;
        random_graph_reach(random, from_other, false, NULL);
        if (kept[other] != HEAP_UNMARKED || other == block || !from_other[block]) {
            continue;
        }
        standing.is_led = standing.is_led || !from_block[other];
        standing.is_cycle = standing.is_cycle || from_block[other];
        standing.is_first = standing.is_first && (!from_block[other] || block < other);
    }
    return standing;
}

static void check_lost(const struct random_graph *random, const struct heap_marks *marks,
                       const enum heap_class *kept, uint32_t block, uint64_t seed)
{
    struct standing standing = define_standing(random, kept, block);
    if (!standing.is_led && standing.is_first) {
        ck_assert_msg(marks->classes[block] == HEAP_DEFINITE, "seed %" PRIu64 ", block %u", seed,
                      block);
    }
    if (marks->classes[block] == HEAP_DEFINITE) {
        ck_assert_msg(standing.is_first && (!standing.is_led || standing.is_cycle),
                      "seed %" PRIu64 ", block %u", seed, block);
        ck_assert_msg(heap_marks_is_cycle(marks, block) == standing.is_cycle,
                      "seed %" PRIu64 ", block %u", seed, block);
        return;
    }
    bool from_leader[RANDOM_BLOCKS_MAX] = {false};
    uint32_t leader = marks->leaders[block];
    ck_assert_msg(marks->classes[block] == HEAP_INDIRECT && leader < random->graph.block_count &&
                      marks->classes[leader] == HEAP_DEFINITE,
                  "seed %" PRIu64 ", block %u", seed, block);
    from_leader[leader] = true;
    random_graph_reach(random, from_leader, false, NULL);
    ck_assert_msg(from_leader[block], "seed %" PRIu64 ", block %u", seed, block);
}

/* No writer does that; a damaged picture may. */
START_TEST(heap_graph_takes_blocks_behind_edges)
{
    struct heap_graph graph = blocks(2);
    ck_assert(heap_graph_add_edge(&graph, 0, 1, false));
    for (uint32_t i = 2; i < 1000; i++) {
        ck_assert(heap_graph_add_block(&graph, 1));
        ck_assert(heap_graph_add_edge(&graph, i, 0, false));
    }
    ck_assert(heap_graph_add_block(&graph, 1));
    ck_assert(heap_graph_finish(&graph));
    ck_assert_uint_eq(graph.block_count, 1001);
    for (uint32_t i = 0; i < graph.block_count; i++) {
        ck_assert_int_eq(heap_graph_end(&graph, i) - heap_graph_begin(&graph, i),
                         i != 1 && i != 1000);
    }
    heap_graph_fini(&graph);
}
END_TEST

START_TEST(heap_marks_agrees_with_the_definitions)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct random_graph random;
        enum heap_class kept[RANDOM_BLOCKS_MAX];
        random_graph_init(&random, seed);
        struct heap_marks marks = mark(&random.graph, random.is_young);
        define_kept(&random, kept);
        for (uint32_t i = 0; i < random.graph.block_count; i++) {
            if (kept[i] == HEAP_UNMARKED) {
                check_lost(&random, &marks, kept, i, seed);
            } else {
                ck_assert_msg(marks.classes[i] == kept[i], "seed %" PRIu64 ", block %u", seed, i);
            }
        }
        heap_marks_fini(&marks);
        random_graph_fini(&random);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("heap_marks");
    tcase_add_test(tests, heap_marks_takes_nothing);
    tcase_add_test(tests, heap_marks_tells_reachable_from_possible);
    tcase_add_test(tests, heap_marks_finds_one_head_of_a_cycle);
    tcase_add_test(tests, heap_marks_takes_a_block_that_names_itself_for_no_cycle);
    tcase_add_test(tests, heap_graph_drops_what_comes_out_of_order);
    tcase_add_test(tests, heap_graph_takes_blocks_behind_edges);
    tcase_add_test(tests, heap_marks_agrees_with_the_definitions);
    return unit_run("heap_marks", tests);
}
