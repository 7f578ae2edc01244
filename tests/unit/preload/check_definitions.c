/* Definition records, read back by the tables of docs/format.md, section 4. */
#include "definitions.h"

#include <string.h>

#include "suite.h"
#include "trace_codec.h"

#define RECORDS_MAX (TRACE_WINDOW_BYTES - TRACE_CHUNK_BYTES)
#define ROUNDS 30000

static union {
    struct trace_chunk chunk;
    uint8_t bytes[TRACE_WINDOW_BYTES];
} memory;

/* What sealing does to the window. */
static void empty(struct definitions *definitions)
{
    memory.chunk.used = 0;
    definitions->window.limit = WINDOW_STEP_BYTES;
    definitions_restart(definitions);
}

/* A window in plain memory, empty. */
static struct definitions start(void)
{
    memset(&memory, 0, sizeof memory);
    struct definitions definitions = {.window = {.chunk = &memory.chunk}};
    empty(&definitions);
    return definitions;
}

/* A reader of one chunk: the cursor, and the values that deltas refer to. */
struct reader {
    struct trace_cursor cursor;
    uint64_t stack;
    uint64_t module;
    uint64_t address;
    uint64_t site;
    uint64_t site_stack;
};

static struct reader read_chunk(void)
{
    return (struct reader){
        .cursor = trace_cursor_over(memory.bytes + TRACE_CHUNK_BYTES, memory.chunk.used)};
}

static void assert_bytes(struct reader *reader, const void *expected, size_t length)
{
    size_t read = 0;
    const uint8_t *bytes = trace_get_bytes(&reader->cursor, TRACE_PATH_BYTES, &read);
    ck_assert(!reader->cursor.is_bad);
    ck_assert_uint_eq(read, length);
    ck_assert_int_eq(memcmp(bytes, expected, length), 0);
}

static void assert_string(struct reader *reader, const char *expected)
{
    assert_bytes(reader, expected, strlen(expected));
}

static void assert_end(const struct reader *reader)
{
    ck_assert(!reader->cursor.is_bad);
    ck_assert_ptr_eq(reader->cursor.next, reader->cursor.end);
}

/* --- PROCESS --- */

/* Return: how many arguments were kept; all of them are compared. */
static size_t assert_process(const struct process_description *process, size_t total)
{
    struct reader reader = read_chunk();
    ck_assert_uint_eq(trace_get_byte(&reader.cursor), TRACE_DEF_PROCESS);
    assert_string(&reader, process->executable);
    assert_string(&reader, process->directory);
    assert_string(&reader, process->host);
    assert_string(&reader, process->allocator);
    ck_assert_uint_eq(trace_get_varint(&reader.cursor), total);
    size_t kept = trace_get_varint(&reader.cursor);
    ck_assert_uint_le(kept, total);
    for (size_t i = 0; i < kept; i++) {
        size_t length = 0;
        const uint8_t *bytes = trace_get_bytes(&reader.cursor, TRACE_RECORD_BYTES, &length);
        ck_assert_uint_eq(length, strlen(process->arguments[i]));
        ck_assert_int_eq(memcmp(bytes, process->arguments[i], length), 0);
    }
    assert_end(&reader);
    ck_assert_uint_le(memory.chunk.used, TRACE_RECORD_BYTES);
    return kept;
}

START_TEST(definitions_describe_the_process)
{
    char *arguments[] = {"a.out", "", "--x=y z", "\xff\xfe\n", NULL};
    const struct process_description process = {"/bin/a.out", "/", "host", "/lib/libc.so.6",
                                                arguments};
    struct definitions definitions = start();
    ck_assert(define_process(&definitions, &process));
    ck_assert_uint_eq(assert_process(&process, 4), 4);
}
END_TEST

START_TEST(definitions_describe_a_process_of_which_nothing_is_known)
{
    const struct process_description process = {"", "", "", "", NULL};
    struct definitions definitions = start();
    ck_assert(define_process(&definitions, &process));
    ck_assert_uint_eq(assert_process(&process, 0), 0);
}
END_TEST

START_TEST(definitions_keep_only_arguments_that_fit)
{
    static char longest[2 * TRACE_RECORD_BYTES];
    static char path[TRACE_PATH_BYTES];
    memset(longest, 'x', sizeof longest - 1);
    memset(path, 'p', sizeof path - 1);
    char *arguments[] = {"a.out", "b", longest, "c", NULL};
    const struct process_description process = {path, path, path, path, arguments};
    struct definitions definitions = start();
    ck_assert(define_process(&definitions, &process));
    ck_assert_uint_eq(assert_process(&process, 4), 2);
}
END_TEST

START_TEST(definitions_keep_as_many_arguments_as_there_is_room_for)
{
    static char argument[1000];
    static char *arguments[101];
    memset(argument, 'x', sizeof argument - 1);
    for (size_t i = 0; i < 100; i++) {
        arguments[i] = argument;
    }
    const struct process_description process = {"/e", "/d", "h", "/a", arguments};
    struct definitions definitions = start();
    ck_assert(define_process(&definitions, &process));
    size_t kept = assert_process(&process, 100);
    ck_assert_uint_ge(kept, 31);
    ck_assert_uint_lt(kept, 33);
}
END_TEST

START_TEST(definitions_keep_at_most_4096_arguments)
{
    static char *arguments[2 * TRACE_ARGUMENTS_MAX + 1];
    for (size_t i = 0; i < (size_t)2 * TRACE_ARGUMENTS_MAX; i++) {
        arguments[i] = "";
    }
    const struct process_description process = {"/e", "/d", "h", "/a", arguments};
    struct definitions definitions = start();
    ck_assert(define_process(&definitions, &process));
    ck_assert_uint_le(assert_process(&process, (size_t)2 * TRACE_ARGUMENTS_MAX),
                      TRACE_ARGUMENTS_MAX);
}
END_TEST

/* --- MODULE, THREAD --- */

START_TEST(definitions_describe_modules)
{
    static char path[TRACE_PATH_BYTES];
    uint64_t random = suite_seed();
    memset(path, 'm', sizeof path);
    for (int i = 0; i < ROUNDS / 10; i++) {
        struct definitions definitions = start();
        struct module module = {
            .start = suite_random_bits(&random, 64),
            .end = suite_random_bits(&random, 64),
            .bias = suite_random_bits(&random, 64),
            .path = path,
            .path_bytes = (uint32_t)(suite_random(&random) % TRACE_PATH_BYTES),
            .build_id_bytes = (uint8_t)(suite_random(&random) % (TRACE_BUILD_ID_BYTES + 1)),
        };
        for (size_t k = 0; k < TRACE_BUILD_ID_BYTES; k++) {
            module.build_id[k] = (uint8_t)suite_random(&random);
        }
        uint32_t id = (uint32_t)suite_random_bits(&random, 14);
        ck_assert(define_module(&definitions, id, &module));
        struct reader reader = read_chunk();
        ck_assert_uint_eq(trace_get_byte(&reader.cursor), TRACE_DEF_MODULE);
        ck_assert_uint_eq(trace_get_varint(&reader.cursor), id);
        ck_assert_uint_eq(trace_get_varint(&reader.cursor), module.start);
        ck_assert_uint_eq(trace_get_varint(&reader.cursor), module.end);
        ck_assert_uint_eq(trace_get_varint(&reader.cursor), module.bias);
        assert_bytes(&reader, module.build_id, module.build_id_bytes);
        assert_bytes(&reader, path, module.path_bytes);
        assert_end(&reader);
    }
}
END_TEST

START_TEST(definitions_name_threads)
{
    char name[TRACE_NAME_BYTES + 1] = "";
    const char *const names[] = {"", "worker", "\xff\n ", name};
    memset(name, 'n', TRACE_NAME_BYTES);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct definitions definitions = start();
        ck_assert(define_thread(&definitions, UINT32_MAX - (uint32_t)i, names[i]));
        struct reader reader = read_chunk();
        ck_assert_uint_eq(trace_get_byte(&reader.cursor), TRACE_DEF_THREAD);
        ck_assert_uint_eq(trace_get_varint(&reader.cursor), UINT32_MAX - i);
        assert_string(&reader, names[i]);
        assert_end(&reader);
    }
}
END_TEST

START_TEST(definitions_give_sites_a_domain)
{
    const uint32_t values[] = {0, 1, 127, 128, UINT32_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct definitions definitions = start();
        size_t length = 0;
        ck_assert(define_domain(&definitions, UINT32_MAX - (uint32_t)i, values[i]));
        ck_assert(definitions_are_settled(&definitions));
        struct reader reader = read_chunk();
        ck_assert_uint_eq(trace_get_byte(&reader.cursor), TRACE_DEF_DOMAIN);
        const uint8_t *fields = trace_get_bytes(&reader.cursor, RECORDS_MAX, &length);
        assert_end(&reader);
        reader.cursor = trace_cursor_over(fields, length);
        ck_assert_uint_eq(trace_get_varint(&reader.cursor), UINT32_MAX - i);
        ck_assert_uint_eq(trace_get_varint(&reader.cursor), values[i]);
        assert_end(&reader);
    }
}
END_TEST

/* --- STACK, SITE --- */

static void assert_stack(struct reader *reader, uint32_t id, const struct stack_node *node)
{
    const uint64_t last = reader->stack;
    uint64_t parent = last;
    const uint8_t tag = trace_get_byte(&reader->cursor);
    if (tag == TRACE_DEF_STACK) {
        reader->stack = trace_get_delta(&reader->cursor, last);
        parent = trace_get_delta(&reader->cursor, reader->stack);
        reader->module = trace_get_varint(&reader->cursor);
    } else {
        reader->stack++;
        if (tag != TRACE_DEF_STACK_CALLEE) {
            ck_assert_uint_eq(tag, TRACE_DEF_STACK_BRANCH);
            parent = trace_get_delta(&reader->cursor, reader->stack);
            ck_assert_uint_ne(parent, last);
        }
    }
    ck_assert_uint_eq(reader->stack, id);
    ck_assert_uint_eq(parent, node->parent);
    ck_assert_uint_eq(reader->module, node->module);
    reader->address = trace_get_delta(&reader->cursor, reader->address);
    ck_assert_uint_eq(reader->address, node->address);
    ck_assert(!reader->cursor.is_bad);
}

struct site_record {
    uint32_t id;
    uint32_t stack;
    uint64_t size;
};

static void assert_site(struct reader *reader, const struct site_record *site)
{
    const uint8_t tag = trace_get_byte(&reader->cursor);
    if (tag == TRACE_DEF_SITE) {
        reader->site = trace_get_delta(&reader->cursor, reader->site);
        reader->site_stack = trace_get_delta(&reader->cursor, reader->site_stack);
    } else {
        ck_assert_uint_eq(tag, TRACE_DEF_SITE_LATEST);
        reader->site++;
        reader->site_stack = reader->stack;
    }
    ck_assert_uint_eq(reader->site, site->id);
    ck_assert_uint_eq(reader->site_stack, site->stack);
    ck_assert_uint_eq(trace_get_varint(&reader->cursor), site->size);
    ck_assert(!reader->cursor.is_bad);
}

/* @before: what had been used of the window before. */
static void assert_written(uint32_t before, const char *bytes, size_t length)
{
    ck_assert_uint_eq(memory.chunk.used - before, length);
    ck_assert_mem_eq(memory.bytes + TRACE_CHUNK_BYTES + before, bytes, length);
}

START_TEST(definitions_use_one_byte_for_small_differences)
{
    struct definitions definitions = start();
    ck_assert(define_stacks(&definitions, 3, &(struct stack_node){.address = 1000}, 1));
    uint32_t before = memory.chunk.used;
    ck_assert(define_stacks(&definitions, 4,
                            &(struct stack_node){.parent = 3, .module = 1, .address = 990}, 1));
    assert_written(before, "\x03\x02\x01\x01\x13", 5);
}
END_TEST

/* The next id, the same module; and a site at the last stack. */
START_TEST(definitions_leave_out_what_the_record_before_leads_to)
{
    const struct stack_node nodes[] = {{.parent = 0, .module = 1, .address = 1000},
                                       {.parent = 30, .module = 1, .address = 1001},
                                       {.parent = 30, .module = 1, .address = 1001},
                                       {.parent = 32, .module = 2, .address = 1001}};
    struct definitions definitions = start();
    ck_assert_uint_eq(define_stacks(&definitions, 30, nodes, 1), 1);
    uint32_t before = memory.chunk.used;
    ck_assert_uint_eq(define_stacks(&definitions, 31, nodes + 1, 3), 3);
    assert_written(before, "\6\2\7\3\0\3\2\1\2\0", 10);
    before = memory.chunk.used;
    ck_assert(define_site(&definitions, 1, 33, 5)); /* the first one after site 0, which is none */
    ck_assert(define_site(&definitions, 2, 33, 6));
    ck_assert(define_site(&definitions, 4, 33, 6));
    ck_assert(define_site(&definitions, 5, 32, 6));
    assert_written(before, "\x8\5\x8\6\4\4\0\6\4\2\1\6", 12);
}
END_TEST

struct record {
    bool is_site;
    uint32_t id;
    struct stack_node node;
    struct site_record site;
};

/* Of any values, or what often comes after the record before. */
static struct record random_record(uint64_t *random)
{
    static struct record last_stack;
    static struct record last_site;
    struct record record = {
        .is_site = suite_random(random) % 2,
        .id = (uint32_t)suite_random_bits(random, 32),
        .node = {.address = suite_random_bits(random, 64),
                 .parent = (uint32_t)suite_random_bits(random, 32),
                 .module = (uint32_t)suite_random_bits(random, 14)},
        .site = {(uint32_t)suite_random_bits(random, 32), (uint32_t)suite_random_bits(random, 32),
                 suite_random_bits(random, 64)},
    };
    const uint64_t likeness = suite_random(random) % 4;
    if (likeness > 0) {
        record.id = last_stack.id + 1;
        record.node.module = last_stack.node.module;
        record.site.id = last_site.site.id + 1;
        record.site.stack = last_stack.id;
    }
    if (likeness > 1) {
        record.node.parent = last_stack.id;
    }
    *(record.is_site ? &last_site : &last_stack) = record;
    return record;
}

static bool define(struct definitions *definitions, const struct record *record)
{
    return record->is_site
               ? define_site(definitions, record->site.id, record->site.stack, record->site.size)
               : define_stacks(definitions, record->id, &record->node, 1) == 1;
}

static void assert_records(const struct record *records, size_t count)
{
    struct reader reader = read_chunk();
    for (size_t i = 0; i < count; i++) {
        if (records[i].is_site) {
            assert_site(&reader, &records[i].site);
        } else {
            assert_stack(&reader, records[i].id, &records[i].node);
        }
    }
    assert_end(&reader);
}

/* Windows are filled until they are full; each is read on its own. */
START_TEST(definitions_of_any_values_can_be_read_back_window_by_window)
{
    static struct record records[RECORDS_MAX];
    uint64_t random = suite_seed();
    struct definitions definitions = start();
    size_t count = 0;
    size_t windows = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct record record = random_record(&random);
        if (!define(&definitions, &record)) {
            ck_assert_uint_gt(memory.chunk.used, RECORDS_MAX - 100);
            ck_assert_uint_le(memory.chunk.used, RECORDS_MAX);
            assert_records(records, count);
            empty(&definitions);
            windows++;
            count = 0;
            ck_assert(define(&definitions, &record));
        }
        records[count++] = record;
    }
    assert_records(records, count);
    ck_assert_uint_ge(windows, 3);
}
END_TEST

/* The steps of a window and its end come in the middle of many. */
START_TEST(definitions_of_many_stacks_are_those_of_each)
{
    static struct stack_node nodes[TRACE_WINDOW_BYTES / 4];
    const size_t all = sizeof nodes / sizeof nodes[0];
    uint64_t random = suite_seed();
    struct definitions definitions = start();
    for (size_t i = 0; i < all; i++) {
        nodes[i] = random_record(&random).node;
        if (suite_random(&random) % 2 == 0) {
            nodes[i].parent = (uint32_t)i + 2; /* the one before */
        }
    }
    size_t windows = 0;
    for (size_t done = 0; done < all; windows++) {
        struct reader reader;
        const size_t before = done;
        size_t more = 1;
        for (; more > 0 && done < all; done += more) {
            size_t count = 1 + suite_random(&random) % 500;
            more = define_stacks(&definitions, (uint32_t)done + 3, nodes + done,
                                 count < all - done ? count : all - done);
            ck_assert(definitions_are_settled(&definitions));
        }
        reader = read_chunk();
        for (size_t i = before; i < done; i++) {
            assert_stack(&reader, (uint32_t)i + 3, &nodes[i]);
        }
        assert_end(&reader);
        ck_assert(done == all || memory.chunk.used > RECORDS_MAX - 100);
        empty(&definitions);
    }
    ck_assert_uint_ge(windows, 3);
}
END_TEST

START_TEST(definitions_that_do_not_fit_leave_the_window_and_the_bases_alone)
{
    static const struct module module = {.path = "/m", .path_bytes = 2};
    static const struct stack_node node = {.address = 5, .parent = 3};
    struct definitions definitions = start();
    window_commit(&definitions.window, window_place(&definitions.window) + RECORDS_MAX - 3);
    struct definitions before = definitions;
    ck_assert_uint_eq(define_stacks(&definitions, 9, &node, 1), 0);
    ck_assert(!define_site(&definitions, 9, 9, 9));
    ck_assert(!define_module(&definitions, 9, &module));
    ck_assert(!define_thread(&definitions, 9, "t"));
    ck_assert(!define_domain(&definitions, 9, 9));
    ck_assert(!define_process(&definitions, &(struct process_description){"", "", "", "", NULL}));
    ck_assert_uint_eq(memory.chunk.used, RECORDS_MAX - 3);
    ck_assert_uint_eq(definitions.last_stack, before.last_stack);
    ck_assert_uint_eq(definitions.last_address, before.last_address);
    ck_assert_uint_eq(definitions.last_site, before.last_site);
    ck_assert_uint_eq(definitions.last_site_stack, before.last_site_stack);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        definitions_describe_the_process,
        definitions_describe_a_process_of_which_nothing_is_known,
        definitions_keep_only_arguments_that_fit,
        definitions_keep_as_many_arguments_as_there_is_room_for,
        definitions_keep_at_most_4096_arguments,
        definitions_describe_modules,
        definitions_name_threads,
        definitions_give_sites_a_domain,
        definitions_use_one_byte_for_small_differences,
        definitions_of_any_values_can_be_read_back_window_by_window,
        definitions_leave_out_what_the_record_before_leads_to,
        definitions_of_many_stacks_are_those_of_each,
        definitions_that_do_not_fit_leave_the_window_and_the_bases_alone,
        NULL,
    };
    return suite_run("definitions", tests);
}
