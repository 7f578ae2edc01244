/*
 * Out of memory: every operation that allocates is run again and again, with its first, second, ...
 * allocation failing, until it succeeds. Each failure must be told as one, write no result, and
 * leave as many blocks alive, in as many bytes, as there were before.
 *
 * The linker sends the library's calls of malloc and its family here (--wrap).
 */
#include <string.h>

#include "support.h"

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void __wrap_free(void *memory);
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void __real_free(void *memory);

static int until_failure = -1; /* allocations that succeed before one fails; -1: none fails */
static int alive;              /* blocks */
static size_t largest;         /* bytes of the largest request */

static bool is_failing(size_t bytes)
{
    largest = bytes > largest ? bytes : largest;
    return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_malloc(size_t bytes)
{
    if (is_failing(bytes)) {
        return NULL;
    }
    alive++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    if (is_failing(count * bytes)) {
        return NULL;
    }
    alive++;
    return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    if (is_failing(bytes)) {
        return NULL;
    }
    alive += memory == NULL;
    return __real_realloc(memory, bytes);
}

void __wrap_free(void *memory)
{
    alive -= memory != NULL;
    __real_free(memory);
}

/* What the operations work on. */
static struct nda *table;  /* int64, 4 x 3 */
static struct nda *turned; /* its transpose */
static struct nda *texts;  /* text of 5 characters, 2 x 2 */
static struct nda_list *nested;
static struct nda_list *words;

static const char *const cells[] = {"a", "bc", "def", "ghijk"};
static const int64_t shape[] = {2, 3};

/* One operation: its status and, on success, what it made. */
struct outcome {
    enum nda_status status;
    struct nda *array;
    struct nda_list *list;
};

static void zeros(struct outcome *to)
{
    to->status = nda_zeros(NDA_DTYPE_INT64, 2, shape, &to->array);
}

static void full(struct outcome *to)
{
    to->status = nda_full(2, shape, NDA_OF_TEXT("abc"), &to->array);
}

static void arange(struct outcome *to)
{
    to->status = nda_arange(0, 10, 3, &to->array);
}

static void from_buffer(struct outcome *to)
{
    static int64_t items[6];
    to->status = nda_from_buffer(NDA_DTYPE_INT64, 2, shape, items, &to->array);
}

static void from_rows(struct outcome *to)
{
    to->status = nda_from_rows(cells, 2, 2, &to->array);
}

static void from_list(struct outcome *to)
{
    to->status = nda_from_list(nested, &to->array);
}

static void from_list_of_texts(struct outcome *to)
{
    to->status = nda_from_list(words, &to->array);
}

static void random_numbers(struct outcome *to)
{
    to->status = nda_randn(2, shape, 1, &to->array);
}

static void view(struct outcome *to)
{
    to->status = nda_view(table, NDA_KEYS(NDA_AT(1), NDA_NEWAXIS), &to->array);
}

static void transpose(struct outcome *to)
{
    to->status = nda_transpose(table, NULL, &to->array);
}

static void reshape(struct outcome *to)
{
    to->status = nda_reshape(table, 1, (const int64_t[]){-1}, &to->array);
}

static void copy(struct outcome *to)
{
    to->status = nda_copy(turned, &to->array);
}

static void take(struct outcome *to)
{
    to->status = nda_take(turned, (const int64_t[]){0, 2}, 2, NDA_FLAT, &to->array);
}

static void mask(struct outcome *to)
{
    static const bool is_kept[12] = {true, false, true};
    to->status = nda_mask(turned, is_kept, 12, NDA_FLAT, &to->array);
}

static void delete_one(struct outcome *to)
{
    to->status = nda_delete(turned, 0, NDA_FLAT, &to->array);
}

static void append(struct outcome *to)
{
    to->status = nda_append(turned, turned, NDA_FLAT, &to->array);
}

static void concatenate(struct outcome *to)
{
    to->status = nda_concatenate((const struct nda *const[]){table, table}, 2, 0, &to->array);
}

static void sort_by_column(struct outcome *to)
{
    to->status = nda_sort_by_column(texts, 1, &to->array);
}

static void astype(struct outcome *to)
{
    to->status = nda_astype(turned, NDA_DTYPE_TEXT(0), &to->array);
}

static void tolist(struct outcome *to)
{
    to->status = nda_tolist(table, &to->list);
}

static void tolist_of_texts(struct outcome *to)
{
    to->status = nda_tolist(texts, &to->list);
}

static void list_new(struct outcome *to)
{
    to->status = nda_list_new(3, &to->list);
}

static void list_slice(struct outcome *to)
{
    to->status = nda_list_slice(words, NDA_NONE, NDA_NONE, -1, &to->list);
}

/* A list of its own, so that the next run finds everything as it was. */
static void append_value(struct outcome *to, struct nda_value value)
{
    struct nda_list *list = NULL;
    to->status = nda_list_new(0, &list);
    if (to->status == NDA_OK) {
        to->status = nda_list_append(list, value);
    }
    nda_list_decref(list);
}

static void list_append_array(struct outcome *to)
{
    append_value(to, NDA_OF_ARRAY(table));
}

static void list_append_list(struct outcome *to)
{
    append_value(to, NDA_OF_LIST(nested));
}

static void list_append_text(struct outcome *to)
{
    append_value(to, NDA_OF_TEXT("text"));
}

static void (*const operations[])(struct outcome *) = {zeros,
                                                       full,
                                                       arange,
                                                       from_buffer,
                                                       from_rows,
                                                       from_list,
                                                       from_list_of_texts,
                                                       random_numbers,
                                                       view,
                                                       transpose,
                                                       reshape,
                                                       copy,
                                                       take,
                                                       mask,
                                                       delete_one,
                                                       append,
                                                       concatenate,
                                                       sort_by_column,
                                                       astype,
                                                       tolist,
                                                       tolist_of_texts,
                                                       list_new,
                                                       list_slice,
                                                       list_append_array,
                                                       list_append_list,
                                                       list_append_text};

static void set_up(void)
{
    table = support_table(4, 3);
    ck_ok(nda_transpose(table, NULL, &turned));
    ck_ok(nda_from_rows(cells, 2, 2, &texts));
    ck_ok(nda_tolist(table, &nested));
    ck_ok(nda_list_new(0, &words));
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        ck_ok(nda_list_append(words, NDA_OF_TEXT(cells[i])));
    }
}

static void tear_down(void)
{
    until_failure = -1;
    nda_list_decref(words);
    nda_list_decref(nested);
    nda_decref(texts);
    nda_decref(turned);
    nda_decref(table);
    support_nothing_left();
}

/* Run an operation whose allocation number @failing fails, and give back what it made. */
static enum nda_status run(void (*operation)(struct outcome *), int failing, bool *ret_has_result)
{
    struct outcome outcome = {.status = NDA_OK};
    until_failure = failing;
    operation(&outcome);
    until_failure = -1;
    *ret_has_result = outcome.array != NULL || outcome.list != NULL;
    nda_decref(outcome.array);
    nda_list_decref(outcome.list);
    return outcome.status;
}

START_TEST(memory_that_runs_out_leaks_nothing)
{
    enum nda_status status = NDA_NO_MEMORY;
    int runs = 0;
    for (; status != NDA_OK; runs++) {
        ck_assert_int_lt(runs, 100);
        struct nda_usage before = nda_usage();
        bool has_result = false;
        // check itself allocates, so nothing of it may come between these two
        int alive_before = alive;
        status = run(operations[_i], runs, &has_result);
        int alive_after = alive;
        ck_assert_int_eq(alive_after, alive_before);
        if (status != NDA_OK) {
            ck_assert_int_eq(status, NDA_NO_MEMORY);
            ck_assert_ptr_nonnull(strstr(nda_error(), "out of memory"));
            ck_assert(!has_result);
        }
        ck_assert_uint_eq(nda_usage().bytes, before.bytes);
        ck_assert_uint_eq(nda_usage().blocks, before.blocks);
        ck_assert_uint_eq(nda_usage().buffer_bytes, before.buffer_bytes);
        ck_assert_uint_eq(nda_refcount(table), 2);
    }
    ck_assert_int_gt(runs, 1);
}
END_TEST

START_TEST(memory_of_a_buffer_is_one_block_of_its_size)
{
    struct nda *array = NULL;
    largest = 0;
    int before = alive;
    enum nda_status status = nda_zeros(NDA_DTYPE_TEXT(13), 2, (const int64_t[]){10000, 6}, &array);
    int after = alive;
    size_t bytes = largest;
    ck_ok(status);
    ck_assert_uint_eq(bytes, 3120000);
    ck_assert_int_eq(after, before + 2);
    nda_decref(array);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *test_case = tcase_create("memory");
    tcase_add_checked_fixture(test_case, set_up, tear_down);
    tcase_add_loop_test(test_case, memory_that_runs_out_leaks_nothing, 0,
                        (int)(sizeof operations / sizeof *operations));
    tcase_add_test(test_case, memory_of_a_buffer_is_one_block_of_its_size);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
