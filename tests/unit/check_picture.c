/* picture.c: a picture written down byte by byte, and what is left of it when it is damaged
 * (format.md, 7). */
#include "picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

/* Two chunks of one picture: bases start anew in the second. */
static const uint8_t first_chunk[] = {
    TRACE_PIC_HEAD,  4,    'e',  'x',  'i',  't',  0xe8, 0x07, 3, 2, 10, // tick 1000, both flags
    TRACE_PIC_COUNT, 0,    0,                                            //
    TRACE_PIC_BLOCK, 0x84, 0x80, 0x04, 7,    5,                          // 0x80020, site 7, age 5
    TRACE_PIC_BLOCK, 6,    0,    100,  0,          // + 48: born before fork, 100 B
    TRACE_PIC_SIZED, 3,    1,    2,    3,          // from the future
    TRACE_PIC_BLOCK, 0x10, 0xac, 0x02, 0x80, 0x01, // + 128, site 300, age 128
};
static const uint8_t second_chunk[] = {
    TRACE_PIC_COUNT,
    3,
    0xc8,
    0x01, // 3 blocks of 200 bytes
    TRACE_PIC_FROM_BLOCK,
    1,
    2,
    4,
    0,
    3,
    0x82,
    0x01, // 1: to 2; to 0 + 16, array
    TRACE_PIC_FROM_BLOCK,
    0,
    1,
    2,
    0x40, // 1 again: to 1 + 8
    TRACE_PIC_TLS,
    3,
    5,
    0x80,
    0x02,
    TRACE_PIC_FRAMES,
    11,
    77,
    2,
    0x40,
    0x80,
    0x40,
    0x20,
    3,
    10,
    0x40,
    0,
    0, // at 0x20 and, 32 bytes up the stack, 0x25
    TRACE_PIC_REGION,
    0,
    TRACE_REGION_TLS,
    0x80,
    0x10,
    0x40,
    0,
    0xb0,
    0x10,
    77,
    0, // no name
    TRACE_PIC_FROM_ROOT,
    0,
    2,
    2,
    1,
    0,
    0,
    4,
    2,
    0, // word 3: to 1; word 7: to 2
    TRACE_PIC_REGION,
    1,
    TRACE_REGION_MODULE,
    0,
    8,
    3,
    0x10,
    0,
    2,
    'l',
    'c',
    TRACE_PIC_END,
    3,
    0xd0,
    0x01,
    1,
    20,
    50,
    0,
};

static char text[4096];
static size_t used;
static struct reader trace;
static struct trace_error error;

__attribute__((format(printf, 1, 2))) static bool say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    used += (size_t)vsnprintf(text + used, sizeof text - used, format, arguments);
    va_end(arguments);
    ck_assert_uint_lt(used, sizeof text);
    return true;
}

static bool say_head(void *context, const struct picture_head *head)
{
    (void)context;
    return say("head %u %s tick %lu flags %lu threads %lu young %lu\n", head->number, head->name,
               head->tick, head->flags, head->threads, head->young_ticks);
}

static bool say_count(void *context, uint64_t blocks, uint64_t bytes)
{
    (void)context;
    return say("count %lu %lu\n", blocks, bytes);
}

static bool say_block(void *context, const struct picture_block *block)
{
    (void)context;
    return say("block %lu at %#lx site %u size %lu age %lu\n", block->number, block->address,
               block->site, block->size, block->age);
}

static bool say_region(void *context, const struct picture_region *region)
{
    (void)context;
    return say("region %lu kind %lu %#lx+%lu module %u base %#lx thread %lu '%.*s'\n",
               region->number, region->kind, region->start, region->bytes, region->module,
               region->base, region->thread, (int)region->name_bytes, (const char *)region->name);
}

static bool say_tls(void *context, const struct picture_tls *tls)
{
    (void)context;
    return say("thread-local variables of %u begin at -%lu\n", tls->module, tls->distance);
}

static bool say_frame(void *context, const struct picture_frame *frame)
{
    (void)context;
    return say("frame of %lu at %#lx sp %#lx bp %#lx module %u\n", frame->thread, frame->pc,
               frame->sp, frame->bp, frame->module);
}

static bool say_pointer(void *context, const struct picture_pointer *pointer)
{
    (void)context;
    if (pointer->is_root) {
        return say("root %lu word %lu -> %lu+%lu/%lu\n", pointer->source, pointer->slot,
                   pointer->target, pointer->offset, pointer->looks);
    }
    return say("block %lu -> %lu+%lu/%lu\n", pointer->source, pointer->target, pointer->offset,
               pointer->looks);
}

static bool say_end(void *context, const struct picture_end *end)
{
    (void)context;
    return say("end %lu blocks %lu bytes, %lu unreadable, %lu ms, pause %lu us, %lu left out\n",
               end->blocks_scanned, end->bytes_scanned, end->unreadable_words, end->time_ms,
               end->pause_us, end->blocks_left_out);
}

static const struct picture_visitor say_all = {
    .head = say_head,
    .count = say_count,
    .block = say_block,
    .region = say_region,
    .frame = say_frame,
    .tls = say_tls,
    .pointer = say_pointer,
    .end = say_end,
};

static const char first_text[] = "head 5 exit tick 1000 flags 3 threads 2 young 10\n"
                                 "count 0 0\n"
                                 "block 0 at 0x80020 site 7 size 0 age 5\n"
                                 "block 1 at 0x80050 site 0 size 100 age 0\n"
                                 "block 2 at 0x800d0 site 300 size 0 age 128\n";
static const char second_text[] = "count 3 200\n"
                                  "block 1 -> 2+0/0\n"
                                  "block 1 -> 0+16/2\n"
                                  "block 1 -> 1+8/0\n"
                                  "thread-local variables of 5 begin at -256\n"
                                  "frame of 77 at 0x20 sp 0x1000 bp 0x1010 module 3\n"
                                  "frame of 77 at 0x25 sp 0x1020 bp 0x1020 module 0\n"
                                  "region 0 kind 2 0x800+64 module 0 base 0x830 thread 77 ''\n"
                                  "root 0 word 3 -> 1+0/0\n"
                                  "root 0 word 7 -> 2+0/0\n"
                                  "region 1 kind 0 0+8 module 3 base 0x10 thread 0 'lc'\n";
static const char end_text[] =
    "end 3 blocks 208 bytes, 1 unreadable, 20 ms, pause 50 us, 0 left out\n";

/* Make a trace of one picture, number 5, from its chunks, and open it. */
static void open_picture(const uint8_t *first, size_t first_bytes, const uint8_t *second,
                         size_t second_bytes)
{
    struct trace_builder *builder = scene_new();
    if (first_bytes > 0) {
        builder_raw(builder, 5, TRACE_PICTURE, first, first_bytes);
        builder_seal(builder, 5, TRACE_PICTURE, BUILDER_ZSTD);
    }
    if (second_bytes > 0) {
        builder_raw(builder, 5, TRACE_PICTURE, second, second_bytes);
    }
    builder_write(builder, "t.trace");
    builder_free(builder);
    ck_assert_int_eq(reader_open("t.trace", &trace, &error), TRACE_OK);
    used = 0;
    text[0] = '\0';
}

/* The text of the picture's records, which must then be gone. */
static const char *read_picture(enum trace_status expected)
{
    ck_assert_int_eq(picture_read(&trace, 0, &say_all, &error), expected);
    reader_close(&trace);
    return text;
}

static char *joined(const char *a, const char *b, const char *c)
{
    static char whole[sizeof text];
    (void)snprintf(whole, sizeof whole, "%s%s%s", a, b, c);
    return whole;
}

START_TEST(picture_golden)
{
    open_picture(first_chunk, sizeof first_chunk, second_chunk, sizeof second_chunk);
    ck_assert_uint_eq(picture_count(&trace), 1);
    ck_assert_int_eq(picture_read(&trace, 1, &say_all, &error), TRACE_NOT_FOUND);
    struct picture_head head;
    ck_assert_int_eq(picture_read_head(&trace, 0, &head, &error), TRACE_OK);
    ck_assert_str_eq(head.name, "exit");
    struct picture_end end;
    ck_assert_int_eq(picture_read_end(&trace, 1, &end, &error), TRACE_NOT_FOUND);
    ck_assert_int_eq(picture_read_end(&trace, 0, &end, &error), TRACE_OK);
    ck_assert_uint_eq(end.blocks_scanned, 3);
    ck_assert_uint_eq(end.pause_us, 50);
    ck_assert_uint_eq(trace.damage.corrupt_chunks + trace.damage.missing_chunks, 0);
    ck_assert_str_eq(read_picture(TRACE_OK), joined(first_text, second_text, end_text));
}
END_TEST

START_TEST(picture_of_nobody_in_particular)
{
    const struct picture_visitor nobody = {0};
    open_picture(first_chunk, sizeof first_chunk, second_chunk, sizeof second_chunk);
    ck_assert_int_eq(picture_read(&trace, 0, &nobody, &error), TRACE_OK);
    reader_close(&trace);
}
END_TEST

START_TEST(picture_without_its_first_chunk_keeps_numbers)
{
    open_picture(first_chunk, sizeof first_chunk, second_chunk, sizeof second_chunk);
    trace.index.chunks[trace.index.pictures].compression = 9;
    ck_assert_str_eq(read_picture(TRACE_OK), joined(second_text, end_text, ""));
    ck_assert_uint_eq(trace.damage.unknown_chunks, 1);
}
END_TEST

START_TEST(picture_cut_anywhere_gives_what_came_before)
{
    for (size_t length = 1; length < sizeof second_chunk; length++) {
        open_picture(first_chunk, sizeof first_chunk, second_chunk, length);
        struct picture_end end;
        ck_assert_int_eq(picture_read_end(&trace, 0, &end, &error), TRACE_TRUNCATED);
        ck_assert_uint_eq(trace.damage.corrupt_chunks, 0);
        const char *got = read_picture(TRACE_TRUNCATED);
        const char *whole = joined(first_text, second_text, "");
        ck_assert_msg(strncmp(got, whole, strlen(got)) == 0, "cut at %zu: %s", length, got);
        ck_assert_uint_ge(strlen(got), strlen(first_text));
    }
}
END_TEST

/* Each is read after the first chunk, and is wrong. */
static const struct {
    const char *what;
    uint8_t bytes[16];
    size_t length;
} wrong[] = {
    {"an unknown tag", {63}, 1},
    {"tag 0", {0}, 1},
    {"a block without a count", {TRACE_PIC_BLOCK, 1, 7, 5}, 4},
    {"two blocks at one address",
     {TRACE_PIC_COUNT, 3, 0, TRACE_PIC_BLOCK, 1, 7, 5, TRACE_PIC_BLOCK, 0, 7, 5},
     11},
    {"a count that goes back", {TRACE_PIC_COUNT, 2, 0}, 3},
    {"a source that is no block", {TRACE_PIC_FROM_BLOCK, 3, 0}, 3},
    {"a target that is no block", {TRACE_PIC_FROM_BLOCK, 2, 1, 6, 0}, 5},
    {"a target before all blocks", {TRACE_PIC_FROM_ROOT, 0, 0, 1, 0, 1, 0}, 7},
    {"more pointers than there are", {TRACE_PIC_FROM_BLOCK, 2, 9, 0, 0}, 5},
    {"a longer name than there may be", {TRACE_PIC_HEAD, 0x80, 0x02}, 3},
    {"more frames than the record has", {TRACE_PIC_FRAMES, 3, 77, 1, 2}, 5},
    {"a distance that is not there", {TRACE_PIC_TLS, 1, 5}, 3},
    {"an unknown record without an end", {TRACE_PIC_SIZED, 9, 1}, 3},
};

START_TEST(picture_with_a_wrong_record)
{
    open_picture(first_chunk, sizeof first_chunk, wrong[_i].bytes, wrong[_i].length);
    const char *got = read_picture(TRACE_TRUNCATED);
    ck_assert_msg(trace.damage.corrupt_chunks == 1, "%s is taken", wrong[_i].what);
    ck_assert_msg(strncmp(got, first_text, strlen(first_text)) == 0, "%s: %s", wrong[_i].what, got);
}
END_TEST

static bool has_no_memory(void *context, const struct picture_block *block)
{
    (void)context;
    (void)block;
    return false;
}

START_TEST(picture_that_does_not_fit)
{
    const struct picture_visitor full = {.block = has_no_memory};
    open_picture(first_chunk, sizeof first_chunk, second_chunk, sizeof second_chunk);
    ck_assert_int_eq(picture_read(&trace, 0, &full, &error), TRACE_NOMEM);
    ck_assert_uint_eq(trace.damage.corrupt_chunks, 0);
    reader_close(&trace);
}
END_TEST

START_TEST(pictures_come_by_number_and_disturb_no_events)
{
    struct trace_builder *builder = scene_new();
    struct picture_head head;
    for (uint32_t number = 3; number > 0; number--) {
        builder_raw(builder, number, TRACE_PICTURE, first_chunk, sizeof first_chunk);
    }
    builder_site(builder, 0, 1, SCENE_MAIN, 8);
    builder_allocate(builder, 0, 1);
    builder_write(builder, "t.trace");
    builder_free(builder);
    ck_assert_int_eq(reader_open("t.trace", &trace, &error), TRACE_OK);
    ck_assert_uint_eq(picture_count(&trace), 3);
    ck_assert_uint_eq(trace.stream_count, 1);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(picture_read_head(&trace, i, &head, &error), TRACE_OK);
        ck_assert_uint_eq(head.number, i + 1);
    }
    reader_close(&trace);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("picture");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, picture_golden);
    tcase_add_test(tests, picture_of_nobody_in_particular);
    tcase_add_test(tests, picture_without_its_first_chunk_keeps_numbers);
    tcase_add_test(tests, picture_cut_anywhere_gives_what_came_before);
    tcase_add_loop_test(tests, picture_with_a_wrong_record, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_test(tests, picture_that_does_not_fit);
    tcase_add_test(tests, pictures_come_by_number_and_disturb_no_events);
    return unit_run("picture", tests);
}
