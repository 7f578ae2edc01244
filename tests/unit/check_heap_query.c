/* heap_query.c: what --why is given, and what is answered to what it cannot be. */
#include "heap_query.h"

#include <string.h>

#include "unit.h"

static const struct {
    const char *text;
    uint64_t number;
    enum heap_query_kind kind;
} queries[] = {
    {"main.c", 0, HEAP_QUERY_PLACE},
    {"src/*.c:12", 0, HEAP_QUERY_PLACE},
    {"x", 0, HEAP_QUERY_PLACE},
    {"site", 0, HEAP_QUERY_PLACE},
    {"0", 0, HEAP_QUERY_PLACE},
    {"0x0", 0, HEAP_QUERY_ADDRESS},
    {"0x7fffdeadBEEF", 0x7fffdeadbeef, HEAP_QUERY_ADDRESS},
    {"0xffffffffffffffff", UINT64_MAX, HEAP_QUERY_ADDRESS},
    {"site:0", 0, HEAP_QUERY_SITE},
    {"site:4711", 4711, HEAP_QUERY_SITE},
};

START_TEST(heap_query_is_read)
{
    struct heap_query query;
    ck_assert_ptr_null(heap_query_parse(queries[_i].text, &query));
    ck_assert_int_eq(query.kind, queries[_i].kind);
    ck_assert_uint_eq(query.number, queries[_i].number);
    ck_assert_uint_eq(query.patterns.count, query.kind == HEAP_QUERY_PLACE ? 1 : 0);
    heap_query_fini(&query);
}
END_TEST

static const struct {
    const char *text;
    const char *answer;
} malformed[] = {
    {"", "empty"},
    {"0x", "no address"},
    {"0xg", "no address"},
    {"0x1 ", "no address"},
    {"0x10000000000000000", "no address"},
    {"site:", "no number"},
    {"site:x", "no number"},
    {"site:-1", "no number"},
    {"site:+1", "no number"},
    {"site: 1", "no number"},
    {"site:99999999999999999999", "no number"},
};

START_TEST(heap_query_answers_what_is_wrong)
{
    struct heap_query query;
    const char *answer = heap_query_parse(malformed[_i].text, &query);
    ck_assert_msg(answer != NULL, "%s", malformed[_i].text);
    ck_assert_msg(strstr(answer, malformed[_i].answer) != NULL, "%s: %s", malformed[_i].text,
                  answer);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("heap_query");
    tcase_add_loop_test(tests, heap_query_is_read, 0, sizeof queries / sizeof queries[0]);
    tcase_add_loop_test(tests, heap_query_answers_what_is_wrong, 0,
                        sizeof malformed / sizeof malformed[0]);
    return unit_run("heap_query", tests);
}
