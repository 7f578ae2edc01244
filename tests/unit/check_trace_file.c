/* trace_file.c: the header's refusals (format.md, 2), and single chunks (3). */
#include "trace_file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scene.h"
#include "trace_codec.h"
#include "unit.h"

static struct trace_file file;
static struct trace_error error;
static uint8_t bytes[1 << 16];
static size_t length;

/* A trace with one plain chunk of events, at TRACE_HEADER_BYTES. */
static void setup(void)
{
    static const uint8_t records[] = {4, 4, 5};
    scene_enter();
    struct trace_builder *builder = builder_new();
    builder_raw(builder, 0, TRACE_EVENTS, records, sizeof records);
    builder_seal(builder, 0, TRACE_EVENTS, BUILDER_PLAIN);
    builder_raw(builder, 0, TRACE_EVENTS, records, sizeof records);
    builder_seal(builder, 0, TRACE_EVENTS, BUILDER_ZSTD);
    memcpy(bytes, builder_bytes(builder, &length), 1);
    memcpy(bytes, builder_bytes(builder, &length), length);
    builder_free(builder);
}

static enum trace_status open_bytes(size_t count)
{
    builder_write_file("t.trace", bytes, count);
    error = (struct trace_error){0};
    return trace_file_open("t.trace", &file, &error);
}

/* Change the header, and make its check right again. */
static enum trace_status open_with(const struct trace_file_header *header)
{
    struct trace_file_header changed = *header;
    changed.check = trace_check(&changed, offsetof(struct trace_file_header, check));
    memcpy(bytes, &changed, sizeof changed);
    return open_bytes(length);
}

START_TEST(trace_file_refuses_cut_headers)
{
    for (size_t cut = 0; cut < TRACE_HEADER_BYTES; cut += cut < 128 ? 1 : 61) {
        ck_assert_int_eq(open_bytes(cut), TRACE_TRUNCATED);
        ck_assert_int_eq(error.status, TRACE_TRUNCATED);
        ck_assert_ptr_nonnull(strstr(error.text, "t.trace"));
    }
    ck_assert_int_eq(open_bytes(TRACE_HEADER_BYTES), TRACE_OK);
    ck_assert_uint_eq(file.size, TRACE_HEADER_BYTES);
    trace_file_close(&file);
    trace_file_close(&file); // is legal
}
END_TEST

START_TEST(trace_file_checks_its_header)
{
    for (size_t at = 0; at < 88; at++) { // all that the check covers, and the check
        bytes[at] ^= 0x10;
        enum trace_status status = open_bytes(length);
        ck_assert_msg(status == TRACE_CORRUPT || (at >= 10 && at < 12), "%zu: %d", at, (int)status);
        bytes[at] ^= 0x10;
    }
    bytes[88] ^= 0x10; // what changes while the process runs is not in it
    ck_assert_int_eq(open_bytes(length), TRACE_OK);
    trace_file_close(&file);
}
END_TEST

START_TEST(trace_file_knows_its_version)
{
    struct trace_file_header header;
    memcpy(&header, bytes, sizeof header);
    header.version = TRACE_VERSION + 5;
    ck_assert_int_eq(open_with(&header), TRACE_OK); // says that it may be read
    trace_file_close(&file);
    header.oldest_reader = TRACE_VERSION + 1;
    ck_assert_int_eq(open_with(&header), TRACE_UNSUPPORTED);
    header.oldest_reader = 1;
    header.version = 1; // an older one
    ck_assert_int_eq(open_with(&header), TRACE_UNSUPPORTED);
    header.version = TRACE_VERSION;
    header.oldest_reader = TRACE_VERSION;
    header.window_bytes = 4096;
    ck_assert_int_eq(open_with(&header), TRACE_CORRUPT);
}
END_TEST

START_TEST(trace_file_refuses_what_is_no_file)
{
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    ck_assert_int_eq(trace_file_open("fifo", &file, &error), TRACE_CORRUPT); // and does not wait
    ck_assert_int_eq(trace_file_open(".", &file, &error), TRACE_CORRUPT);
    ck_assert_int_eq(trace_file_open("missing", &file, &error), TRACE_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "No such file"));
}
END_TEST

START_TEST(trace_file_reads_to_the_end)
{
    uint8_t buffer[256];
    size_t got = 0;
    ck_assert_int_eq(open_bytes(length), TRACE_OK);
    ck_assert_int_eq(trace_file_read(&file, 0, buffer, 8, &got, &error), TRACE_OK);
    ck_assert_uint_eq(got, 8);
    ck_assert_mem_eq(buffer, TRACE_MAGIC, 8);
    ck_assert_int_eq(trace_file_read(&file, length - 3, buffer, 256, &got, &error), TRACE_OK);
    ck_assert_uint_eq(got, 3);
    ck_assert_int_eq(trace_file_read(&file, length, buffer, 256, &got, &error), TRACE_OK);
    ck_assert_uint_eq(got, 0);
    trace_file_close(&file);
}
END_TEST

START_TEST(trace_file_reads_chunks)
{
    static uint8_t records[TRACE_RECORDS_MAX];
    struct chunk_decoder *decoder = chunk_decoder_new();
    struct chunk good = {.offset = TRACE_HEADER_BYTES, .stored = 3, .used = 3};
    ck_assert_int_eq(open_bytes(length), TRACE_OK);
    ck_assert_int_eq(trace_file_read_chunk(&file, &good, decoder, records, &error), TRACE_OK);
    ck_assert_mem_eq(records, "\x04\x04\x05", 3);
    struct trace_chunk header;
    memcpy(&header, bytes + TRACE_HEADER_BYTES + 128, sizeof header);
    struct chunk packed = {.offset = TRACE_HEADER_BYTES + 128,
                           .stored = header.stored,
                           .used = 3,
                           .compression = TRACE_ZSTD};
    memset(records, 0, 3);
    ck_assert_int_eq(trace_file_read_chunk(&file, &packed, decoder, records, &error), TRACE_OK);
    ck_assert_mem_eq(records, "\x04\x04\x05", 3);
    struct chunk bad = packed;
    bad.used = 4; // not what it decompresses to
    ck_assert_int_eq(trace_file_read_chunk(&file, &bad, decoder, records, &error), TRACE_CORRUPT);
    bad = packed;
    bad.compression = 2;
    ck_assert_int_eq(trace_file_read_chunk(&file, &bad, decoder, records, &error),
                     TRACE_UNSUPPORTED);
    bad = good;
    bad.used = 4; // more than is stored
    ck_assert_int_eq(trace_file_read_chunk(&file, &bad, decoder, records, &error), TRACE_CORRUPT);
    bad = good;
    bad.used = TRACE_RECORDS_MAX + 1;
    ck_assert_int_eq(trace_file_read_chunk(&file, &bad, decoder, records, &error), TRACE_CORRUPT);
    bad = good;
    bad.offset = length;
    ck_assert_int_eq(trace_file_read_chunk(&file, &bad, decoder, records, &error), TRACE_TRUNCATED);
    bad = good;
    bad.stored = UINT32_MAX;
    ck_assert_int_eq(trace_file_read_chunk(&file, &bad, decoder, records, &error), TRACE_CORRUPT);
    chunk_decoder_free(decoder);
    chunk_decoder_free(NULL);
    trace_file_close(&file);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("trace_file");
    tcase_add_checked_fixture(tests, setup, scene_leave);
    tcase_add_test(tests, trace_file_refuses_cut_headers);
    tcase_add_test(tests, trace_file_checks_its_header);
    tcase_add_test(tests, trace_file_knows_its_version);
    tcase_add_test(tests, trace_file_refuses_what_is_no_file);
    tcase_add_test(tests, trace_file_reads_to_the_end);
    tcase_add_test(tests, trace_file_reads_chunks);
    return unit_run("trace_file", tests);
}
