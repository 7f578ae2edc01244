/* Interned stacks: one node, one id, whoever comes first. */
#include "stack_table.h"

#include <pthread.h>
#include <sys/resource.h>

#include "suite.h"

#define THREADS 4
#define NODES 20000
#define MANY 500000

static struct stack_table table;

static void make_table(void)
{
    ck_assert(stack_table_init(&table));
}

static uint32_t intern(uint32_t parent, uint32_t module, uintptr_t address)
{
    uint32_t id = stack_table_find(&table, parent, module, address);
    if (id == 0) {
        id = stack_table_create(&table, parent, module, address);
        id = id != STACK_NONE ? stack_table_publish(&table, id) : id;
    }
    return id;
}

START_TEST(stack_table_starts_with_the_first_id)
{
    ck_assert_uint_eq(stack_table_find(&table, 0, 0, 0), 0);
    ck_assert_uint_eq(intern(TRACE_STACK_WHOLE, 1, 0x1000), TRACE_STACK_FIRST);
    ck_assert_uint_eq(intern(TRACE_STACK_CUT, 1, 0x1000), TRACE_STACK_FIRST + 1);
    ck_assert_uint_eq(intern(TRACE_STACK_WHOLE, 1, 0x1000), TRACE_STACK_FIRST);
}
END_TEST

START_TEST(stack_table_shows_a_node_only_when_it_is_published)
{
    uint32_t id = stack_table_create(&table, 5, 6, 7);
    ck_assert_uint_ne(id, STACK_NONE);
    ck_assert_uint_eq(stack_table_find(&table, 5, 6, 7), 0);
    const struct stack_node *node = stack_table_node(&table, id);
    ck_assert_uint_eq(node->parent, 5);
    ck_assert_uint_eq(node->module, 6);
    ck_assert_uint_eq(node->address, 7);
    ck_assert_uint_eq(stack_table_publish(&table, id), id);
    ck_assert_uint_eq(stack_table_find(&table, 5, 6, 7), id);
}
END_TEST

START_TEST(stack_table_gives_the_twin_that_came_first)
{
    uint32_t first = stack_table_create(&table, 5, 6, 7);
    uint32_t second = stack_table_create(&table, 5, 6, 7);
    uint32_t third = stack_table_create(&table, 5, 6, 7);
    ck_assert_uint_eq(stack_table_publish(&table, second), second);
    ck_assert_uint_eq(stack_table_publish(&table, first), second);
    ck_assert_uint_eq(stack_table_publish(&table, third), second);
    ck_assert_uint_eq(stack_table_find(&table, 5, 6, 7), second);
}
END_TEST

START_TEST(stack_table_compares_every_part)
{
    const uint32_t numbers[] = {0, 1, 2, 3, 16383, UINT32_MAX};
    const uintptr_t addresses[] = {0, 1, 0x401000, UINTPTR_MAX, UINTPTR_MAX - 1};
    for (size_t i = 0; i < (size_t)2 * 6 * 6 * 5; i++) {
        size_t n = i % ((size_t)6 * 6 * 5); /* twice: the second time they are found */
        ck_assert_uint_eq(intern(numbers[n / 30], numbers[n / 5 % 6], addresses[n % 5]),
                          TRACE_STACK_FIRST + n);
    }
}
END_TEST

/* Far more nodes than a chunk has, and fewer buckets than nodes. */
START_TEST(stack_table_keeps_many_nodes)
{
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < MANY; i++) {
            if (intern(i / 3, i % 5, 0x400000 + i / 7 * 16) != TRACE_STACK_FIRST + i) {
                ck_abort_msg("round %d: node %u has another id", round, i);
            }
        }
    }
}
END_TEST

START_TEST(stack_table_finds_the_node_made_after_its_parent)
{
    uint32_t parent = intern(0, 1, 0x1000);
    uint32_t child = stack_table_create(&table, parent, 2, 0x2000);
    ck_assert_uint_eq(stack_table_find_next(&table, parent, 2, 0x2000), 0);
    ck_assert_uint_eq(stack_table_publish(&table, child), child);
    ck_assert_uint_eq(stack_table_find_next(&table, parent, 2, 0x2000), child);
    ck_assert_uint_eq(stack_table_find_next(&table, parent, 3, 0x2000), 0);
    ck_assert_uint_eq(stack_table_find_next(&table, parent, 2, 0x3000), 0);
    intern(parent, 2, 0x3000);
    ck_assert_uint_eq(stack_table_find_next(&table, child, 2, 0x3000), 0);
}
END_TEST

START_TEST(stack_table_finds_no_twin_after_its_parent)
{
    uint32_t parent = intern(0, 1, 0x1000);
    uint32_t loser = stack_table_create(&table, parent, 2, 0x2000);
    uint32_t first = intern(parent, 2, 0x2000);
    ck_assert_uint_eq(stack_table_publish(&table, loser), first);
    ck_assert_uint_eq(stack_table_find_next(&table, parent, 2, 0x2000), 0);
}
END_TEST

/* What ends a stack is no node, though the first node of all seems to come after it. */
START_TEST(stack_table_finds_no_forgotten_node_at_the_root)
{
    uint32_t first = intern(TRACE_STACK_FIRST - 1, 1, 0x1000);
    ck_assert_uint_eq(first, TRACE_STACK_FIRST);
    stack_table_forget(&table);
    ck_assert_uint_eq(stack_table_find_next(&table, TRACE_STACK_FIRST - 1, 1, 0x1000), 0);
}
END_TEST

START_TEST(stack_table_finds_the_next_node_in_another_chunk)
{
    uint32_t last = ((uint32_t)1 << STACK_TABLE_CHUNK_BITS) - 1;
    atomic_store(&table.next_id, last);
    uint32_t parent = intern(0, 1, 0x1000);
    ck_assert_uint_eq(parent, last);
    ck_assert_uint_eq(stack_table_find_next(&table, parent, 2, 0x2000), 0);
    uint32_t child = intern(parent, 2, 0x2000);
    ck_assert_uint_eq(stack_table_find_next(&table, parent, 2, 0x2000), child);
}
END_TEST

START_TEST(stack_table_forgets_but_never_gives_out_an_id_again)
{
    uint32_t first = intern(0, 1, 0x1000);
    uint32_t second = intern(first, 1, 0x2000);
    stack_table_forget(&table);
    ck_assert_uint_eq(stack_table_find(&table, 0, 1, 0x1000), 0);
    ck_assert_uint_eq(stack_table_find(&table, first, 1, 0x2000), 0);
    ck_assert_uint_eq(stack_table_node(&table, second)->address, 0x2000);
    ck_assert_uint_eq(intern(0, 1, 0x1000), second + 1);
}
END_TEST

START_TEST(stack_table_stops_at_the_last_id)
{
    uint32_t last = 0;
    atomic_store(&table.next_id, STACK_NONE - 4);
    for (uint32_t id = intern(0, 0, 1); id != STACK_NONE; id = intern(0, 0, id)) {
        ck_assert_uint_gt(id, last);
        last = id;
    }
    ck_assert_uint_lt(last, STACK_NONE);
    ck_assert_uint_eq(intern(9, 9, 9), STACK_NONE);
}
END_TEST

START_TEST(stack_table_does_without_memory)
{
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){4096, RLIM_INFINITY}), 0);
    uint32_t id = stack_table_create(&table, 0, 1, 2);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
    ck_assert_uint_eq(id, STACK_NONE);
    ck_assert_uint_eq(intern(0, 1, 2), TRACE_STACK_FIRST);
}
END_TEST

/* --- branches --- */

/* A stack of @count frames with addresses from @address on, as naming.c enters it.
 * @ret_ids: of its frames, root first. */
static void intern_stack(uint32_t parent, uintptr_t address, size_t count, uint32_t *ret_ids)
{
    for (size_t done = 0; done < count;) {
        uint32_t id = stack_table_find_next(&table, parent, 1, address + done);
        id = id != 0 ? id : stack_table_find(&table, parent, 1, address + done);
        if (id == 0) {
            struct stack_branch branch = stack_table_make_branch(&table, count - done);
            for (uint32_t i = 0; i < branch.count; i++) {
                stack_branch_put(&branch, i, parent, 1, address + done + i);
            }
            id = stack_table_publish_branch(&table, &branch);
            for (uint32_t i = 1; id == branch.first && i < branch.count; i++) {
                ret_ids[done++] = id++;
            }
        }
        ret_ids[done++] = parent = id;
    }
}

START_TEST(stack_table_finds_a_branch_node_by_node)
{
    uint32_t root = intern(0, 1, 0x1000);
    uint32_t ids[5];
    uint32_t again[5];
    intern_stack(root, 0x2000, 5, ids);
    uint32_t parent = root;
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(ids[i], root + 1 + i);
        ck_assert_uint_eq(stack_table_node(&table, ids[i])->parent, parent);
        ck_assert_uint_eq(stack_table_node(&table, ids[i])->address, 0x2000 + i);
        ck_assert_uint_eq(stack_table_node(&table, ids[i])->module, 1);
        ck_assert_uint_eq(stack_table_find_next(&table, parent, 1, 0x2000 + i), ids[i]);
        parent = ids[i];
    }
    intern_stack(root, 0x2000, 5, again);
    ck_assert_mem_eq(again, ids, sizeof ids);
    ck_assert_uint_eq(stack_table_find(&table, root, 1, 0x2000), ids[0]);
}
END_TEST

START_TEST(stack_table_hides_a_branch_whose_twin_came_first)
{
    uint32_t root = intern(0, 1, 0x1000);
    struct stack_branch branch = stack_table_make_branch(&table, 3);
    ck_assert_uint_eq(branch.count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        stack_branch_put(&branch, i, root, 1, 0x2000 + i);
        ck_assert_uint_eq(stack_table_find_next(&table, root + i, 1, 0x2000 + i), 0);
    }
    uint32_t ids[3];
    intern_stack(root, 0x2000, 3, ids);
    ck_assert_uint_eq(stack_table_publish_branch(&table, &branch), ids[0]);
    ck_assert_uint_eq(stack_table_find_next(&table, root, 1, 0x2000), 0);
    uint32_t again[3];
    intern_stack(root, 0x2000, 3, again);
    ck_assert_mem_eq(again, ids, sizeof ids);
}
END_TEST

START_TEST(stack_table_ends_a_branch_with_its_chunk)
{
    const uint32_t chunk = (uint32_t)1 << STACK_TABLE_CHUNK_BITS;
    uint32_t ids[5];
    uint32_t again[5];
    atomic_store(&table.next_id, chunk - 2);
    struct stack_branch branch = stack_table_make_branch(&table, 5);
    ck_assert_uint_eq(branch.count, 2);
    atomic_store(&table.next_id, chunk - 2);
    intern_stack(0, 0x1000, 5, ids);
    intern_stack(0, 0x1000, 5, again);
    ck_assert_mem_eq(again, ids, sizeof ids);
    ck_assert_uint_eq(ids[4], chunk + 2);
}
END_TEST

START_TEST(stack_table_ends_a_branch_with_the_last_id)
{
    atomic_store(&table.next_id, STACK_NONE - 4);
    ck_assert_uint_eq(stack_table_make_branch(&table, 5).count, 3);
    ck_assert_uint_eq(stack_table_make_branch(&table, 5).count, 0);
    atomic_store(&table.next_id, STACK_NONE);
    ck_assert_uint_eq(stack_table_make_branch(&table, 5).count, 0);
}
END_TEST

/* Every thread interns the same stacks, which have beginnings in common, in an order of its own. */
#define STACKS ((uint32_t)4000)
#define STACK_FRAMES 6

struct climber {
    uint64_t random;
    uint32_t ids[STACKS][STACK_FRAMES];
};

static void *intern_stacks(void *argument)
{
    struct climber *climber = argument;
    uint32_t start = (uint32_t)(suite_random(&climber->random) % STACKS);
    for (uint32_t i = 0; i < STACKS; i++) {
        uint32_t n = (start + i) % STACKS;
        uint32_t fork = n % (STACK_FRAMES - 1); /* frames that stacks of this length share */
        uint32_t *ids = climber->ids[n];
        intern_stack(0, 0x1000, fork, ids);
        intern_stack(fork > 0 ? ids[fork - 1] : 0, (uintptr_t)n << 16, STACK_FRAMES - fork,
                     ids + fork);
    }
    return NULL;
}

START_TEST(stack_table_gives_all_threads_the_same_branches)
{
    static struct climber climbers[THREADS];
    pthread_t threads[THREADS];
    uint64_t seed = suite_seed();
    for (size_t i = 0; i < THREADS; i++) {
        climbers[i].random = seed + i / 2; /* two of them in step */
        ck_assert_int_eq(pthread_create(&threads[i], NULL, intern_stacks, &climbers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 1; i < THREADS; i++) {
        ck_assert_mem_eq(climbers[i].ids, climbers[0].ids, sizeof climbers[0].ids);
    }
    for (uint32_t n = 0; n < STACKS; n++) {
        for (size_t at = 1; at < STACK_FRAMES; at++) {
            ck_assert_uint_eq(stack_table_node(&table, climbers[0].ids[n][at])->parent,
                              climbers[0].ids[n][at - 1]);
        }
    }
}
END_TEST

/* --- threads --- */

/* Every thread interns the same chains, in an order of its own. */
struct worker {
    uint64_t random;
    uint32_t ids[NODES];
};

static void *intern_all(void *argument)
{
    struct worker *worker = argument;
    uint32_t start = (uint32_t)(suite_random(&worker->random) % NODES);
    for (uint32_t i = 0; i < NODES; i++) {
        uint32_t n = (start + i) % NODES;
        uint32_t parent = intern(0, 1, 0x1000 + n / 16);
        worker->ids[n] = intern(parent, 2, n);
        const struct stack_node *node = stack_table_node(&table, worker->ids[n]);
        if (node->parent != parent || node->address != n) {
            return worker;
        }
    }
    return NULL;
}

START_TEST(stack_table_gives_all_threads_the_same_ids)
{
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];
    uint64_t seed = suite_seed();
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].random = seed + i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, intern_all, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    for (size_t n = 0; n < NODES; n++) {
        for (size_t i = 1; i < THREADS; i++) {
            ck_assert_uint_eq(workers[i].ids[n], workers[0].ids[n]);
        }
    }
}
END_TEST

/* All threads at one bucket: the same node is created and published at the same moment. */
static _Atomic uint32_t gate;

static void *publish_in_step(void *argument)
{
    uint32_t *ids = argument;
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t id = stack_table_create(&table, 0, 3, i);
        (void)atomic_fetch_add(&gate, 1);
        for (int spin = 0; spin < 1000 && atomic_load(&gate) < (i + 1) * 2; spin++) {
        }
        ids[i] = stack_table_publish(&table, id);
    }
    return NULL;
}

START_TEST(stack_table_settles_races_for_one_node)
{
    static uint32_t ids[2][2000];
    pthread_t other;
    ck_assert_int_eq(pthread_create(&other, NULL, publish_in_step, ids[1]), 0);
    (void)publish_in_step(ids[0]);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    for (uint32_t i = 0; i < 2000; i++) {
        ck_assert_uint_eq(ids[0][i], ids[1][i]);
        ck_assert_uint_eq(stack_table_find(&table, 0, 3, i), ids[0][i]);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        stack_table_starts_with_the_first_id,
        stack_table_shows_a_node_only_when_it_is_published,
        stack_table_gives_the_twin_that_came_first,
        stack_table_compares_every_part,
        stack_table_keeps_many_nodes,
        stack_table_finds_the_node_made_after_its_parent,
        stack_table_finds_no_twin_after_its_parent,
        stack_table_finds_no_forgotten_node_at_the_root,
        stack_table_finds_the_next_node_in_another_chunk,
        stack_table_forgets_but_never_gives_out_an_id_again,
        stack_table_stops_at_the_last_id,
        stack_table_does_without_memory,
        stack_table_finds_a_branch_node_by_node,
        stack_table_hides_a_branch_whose_twin_came_first,
        stack_table_ends_a_branch_with_its_chunk,
        stack_table_ends_a_branch_with_the_last_id,
        stack_table_gives_all_threads_the_same_branches,
        stack_table_gives_all_threads_the_same_ids,
        stack_table_settles_races_for_one_node,
        NULL,
    };
    return suite_run_with("stack_table", tests, make_table, NULL);
}
