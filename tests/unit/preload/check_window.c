/* Windows and segments, parsed back from the file by docs/format.md, section 3. */
#include "window.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zstd.h>

#include "suite.h"
#include "trace_codec.h"

#define RECORDS_MAX (TRACE_WINDOW_BYTES - TRACE_CHUNK_BYTES)
#define CHUNKS_MAX 64

static const struct trace_file_header header = {.magic = TRACE_MAGIC, .pid = 4711};
static char directory[] = "/tmp/check_window.XXXXXX";
static struct file file = {.fd = -1};

static void make_file(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
    ck_assert_int_eq(file_create(&file, "window.trace", "p", &header), 0);
}

static void remove_file(void)
{
    (void)unlink(file.path);
    ck_assert_int_eq(rmdir(directory), 0);
}

/* --- a reader --- */

struct chunk {
    struct trace_chunk header;
    uint8_t records[RECORDS_MAX];
};

static struct chunk chunks[CHUNKS_MAX];
static size_t chunks_found;

/* Does a valid chunk begin here? Then keep it, its records decompressed. */
static bool read_chunk(const uint8_t *bytes, size_t length, size_t *ret_length)
{
    struct trace_chunk chunk;
    if (length < sizeof chunk) {
        return false;
    }
    memcpy(&chunk, bytes, sizeof chunk);
    bool is_window = chunk.magic == TRACE_WINDOW_MAGIC;
    if ((!is_window && chunk.magic != TRACE_SEGMENT_MAGIC) ||
        chunk.check != trace_check(&chunk, offsetof(struct trace_chunk, check))) {
        return false;
    }
    ck_assert_uint_le(sizeof chunk + chunk.stored, length);
    ck_assert_uint_le(chunk.used, RECORDS_MAX);
    ck_assert_uint_eq(chunk.reserved0, 0);
    ck_assert_uint_eq(chunk.reserved2, 0);
    ck_assert_uint_lt(chunks_found, CHUNKS_MAX);
    struct chunk *kept = &chunks[chunks_found++];
    kept->header = chunk;
    if (chunk.compression == TRACE_ZSTD) {
        ck_assert(!is_window);
        ck_assert_uint_eq(
            ZSTD_decompress(kept->records, RECORDS_MAX, bytes + sizeof chunk, chunk.stored),
            chunk.used);
    } else {
        memcpy(kept->records, bytes + sizeof chunk, chunk.used);
    }
    *ret_length = sizeof chunk + chunk.stored;
    return true;
}

/* Read the whole file anew, as after a kill: nothing is closed or flushed before. */
static void read_chunks(void)
{
    static uint8_t bytes[32 * TRACE_WINDOW_BYTES];
    int fd = open(file.path, O_RDONLY);
    ssize_t length = read(fd, bytes, sizeof bytes);
    ck_assert_int_eq(close(fd), 0);
    chunks_found = 0;
    for (size_t at = TRACE_HEADER_BYTES; at < (size_t)length;) {
        size_t chunk_bytes = 0;
        if (read_chunk(bytes + at, (size_t)length - at, &chunk_bytes)) {
            at +=
                (chunk_bytes + TRACE_SEGMENT_ALIGN - 1) / TRACE_SEGMENT_ALIGN * TRACE_SEGMENT_ALIGN;
        } else {
            at += TRACE_SEGMENT_ALIGN;
        }
    }
}

static const struct chunk *find_chunk(uint32_t magic, uint32_t stream, uint32_t sequence)
{
    const struct chunk *found = NULL;
    for (size_t i = 0; i < chunks_found; i++) {
        const struct trace_chunk *chunk = &chunks[i].header;
        if (chunk->magic == magic && chunk->stream == stream && chunk->sequence == sequence) {
            ck_assert_ptr_null(found);
            found = &chunks[i];
        }
    }
    ck_assert_ptr_nonnull(found);
    return found;
}

/* --- a writer --- */

static struct window open_window(uint32_t stream)
{
    struct window window = {0};
    ck_assert_int_eq(window_open(&window, &file, TRACE_EVENTS, stream), 0);
    return window;
}

/* Write one record of @size bytes. Return: false if the window is full. */
static bool write_record(struct window *window, uint8_t byte, size_t size)
{
    uint8_t *to = window_reserve(window, size);
    if (to == NULL && window_advance(window, size)) {
        to = window_reserve(window, size);
    }
    if (to == NULL) {
        return false;
    }
    memset(to, byte, size);
    window_commit(window, to + size);
    return true;
}

static size_t fill(struct window *window, uint8_t byte, size_t size)
{
    size_t records = 0;
    while (write_record(window, byte, size)) {
        records++;
    }
    return records;
}

/* --- tests --- */

START_TEST(window_is_a_valid_chunk_from_the_first_moment)
{
    struct window window = open_window(7);
    read_chunks();
    ck_assert_uint_eq(chunks_found, 1);
    const struct trace_chunk *chunk = &find_chunk(TRACE_WINDOW_MAGIC, 7, 0)->header;
    ck_assert_uint_eq(chunk->content, TRACE_EVENTS);
    ck_assert_uint_eq(chunk->compression, TRACE_PLAIN);
    ck_assert_uint_eq(chunk->stored, RECORDS_MAX);
    ck_assert_uint_eq(chunk->first_tick, 0);
    ck_assert_uint_eq(chunk->first_epoch, 0);
    ck_assert_uint_eq(chunk->used, 0);
    ck_assert_uint_eq(window.limit - window.chunk->used, WINDOW_STEP_BYTES);
}
END_TEST

START_TEST(window_shows_records_when_they_are_complete)
{
    struct window window = open_window(1);
    uint8_t *to = window_reserve(&window, 10);
    ck_assert_ptr_nonnull(to);
    memset(to, 'x', 10);
    read_chunks();
    ck_assert_uint_eq(find_chunk(TRACE_WINDOW_MAGIC, 1, 0)->header.used, 0);
    window_commit(&window, to + 3);
    read_chunks();
    const struct chunk *chunk = find_chunk(TRACE_WINDOW_MAGIC, 1, 0);
    ck_assert_uint_eq(chunk->header.used, 3);
    ck_assert_int_eq(memcmp(chunk->records, "xxx", 3), 0);
    ck_assert_ptr_eq(window_reserve(&window, 1), to + 3);
}
END_TEST

START_TEST(window_asks_to_be_advanced_every_4096_bytes)
{
    struct window window = open_window(1);
    unsigned advances = 0;
    uint32_t last = 0;
    for (;;) {
        uint8_t *to = window_reserve(&window, 1);
        if (to == NULL) {
            ck_assert_uint_eq(window.chunk->used % WINDOW_STEP_BYTES,
                              window.chunk->used == RECORDS_MAX ? RECORDS_MAX % WINDOW_STEP_BYTES
                                                                : 0);
            ck_assert_uint_le(window.chunk->used - last, WINDOW_STEP_BYTES);
            last = window.chunk->used;
            if (!window_advance(&window, 1)) {
                break;
            }
            advances++;
            continue;
        }
        *to = 1;
        window_commit(&window, to + 1);
    }
    ck_assert_uint_eq(advances, 15);
    ck_assert_uint_eq(window.chunk->used, RECORDS_MAX);
}
END_TEST

START_TEST(window_can_be_filled_to_the_last_byte_and_not_beyond)
{
    struct window other = open_window(2);
    struct window window = open_window(1);
    ck_assert_uint_eq(fill(&window, 'a', RECORDS_MAX / 2), 2);
    ck_assert_uint_eq(window.chunk->used, RECORDS_MAX);
    ck_assert_ptr_null(window_reserve(&window, 1));
    ck_assert(!window_advance(&window, 1));
    ck_assert_ptr_null(window_reserve(&window, 1));
    ck_assert_uint_eq(other.chunk->used, 0);
    window = open_window(3);
    ck_assert(!write_record(&window, 'a', RECORDS_MAX + 1));
    ck_assert(write_record(&window, 'a', RECORDS_MAX));
}
END_TEST

START_TEST(window_that_refused_a_large_record_takes_a_small_one)
{
    struct window window = open_window(1);
    ck_assert(write_record(&window, 'a', RECORDS_MAX - 100));
    ck_assert(!write_record(&window, 'b', 101));
    ck_assert(write_record(&window, 'c', 100));
    read_chunks();
    const struct chunk *chunk = find_chunk(TRACE_WINDOW_MAGIC, 1, 0);
    ck_assert_uint_eq(chunk->header.used, RECORDS_MAX);
    ck_assert_uint_eq(chunk->records[RECORDS_MAX - 101], 'a');
    ck_assert_uint_eq(chunk->records[RECORDS_MAX - 100], 'c');
}
END_TEST

START_TEST(window_becomes_a_segment_when_it_is_sealed)
{
    struct window window = open_window(5);
    struct trace_chunk *place = window.chunk;
    size_t records = fill(&window, 'a', 1000);
    ck_assert_uint_eq(records, 65);
    ck_assert_int_eq(window_seal(&window, &file, 1234, (uint64_t)1 << 40), 0);
    ck_assert_ptr_eq(window.chunk, place);
    ck_assert_uint_eq(window.limit - window.chunk->used, WINDOW_STEP_BYTES);
    ck_assert(write_record(&window, 'b', 10));
    read_chunks();
    ck_assert_uint_eq(chunks_found, 2);
    const struct chunk *segment = find_chunk(TRACE_SEGMENT_MAGIC, 5, 0);
    ck_assert_uint_eq(segment->header.compression, TRACE_ZSTD);
    ck_assert_uint_eq(segment->header.content, TRACE_EVENTS);
    ck_assert_uint_eq(segment->header.first_tick, 0);
    ck_assert_uint_eq(segment->header.used, 65000);
    ck_assert_uint_eq(segment->records[0], 'a');
    ck_assert_uint_eq(segment->records[64999], 'a');
    const struct chunk *now = find_chunk(TRACE_WINDOW_MAGIC, 5, 1);
    ck_assert_uint_eq(now->header.first_tick, 1234);
    ck_assert_uint_eq(now->header.first_epoch, (uint64_t)1 << 40);
    ck_assert_uint_eq(now->header.used, 10);
    ck_assert_uint_eq(now->records[0], 'b');
}
END_TEST

START_TEST(window_numbers_its_segments)
{
    struct window first = open_window(0);
    struct window second = open_window(1);
    for (uint32_t i = 0; i < 10; i++) {
        ck_assert(write_record(&first, (uint8_t)i, 100 + i));
        ck_assert(write_record(&second, (uint8_t)(100 + i), 5));
        ck_assert_int_eq(window_seal(&first, &file, 10 * (i + 1), i + 1), 0);
        ck_assert_int_eq(window_seal(&second, &file, 20 * (i + 1), (uint64_t)2 * (i + 1)), 0);
    }
    read_chunks();
    ck_assert_uint_eq(chunks_found, 22);
    for (uint32_t i = 0; i < 10; i++) {
        const struct chunk *segment = find_chunk(TRACE_SEGMENT_MAGIC, 0, i);
        ck_assert_uint_eq(segment->header.used, 100 + i);
        ck_assert_uint_eq(segment->records[99], i);
        ck_assert_uint_eq(segment->header.first_tick, (uint64_t)10 * i);
        segment = find_chunk(TRACE_SEGMENT_MAGIC, 1, i);
        ck_assert_uint_eq(segment->header.used, 5);
        ck_assert_uint_eq(segment->records[4], 100 + i);
        ck_assert_uint_eq(segment->header.first_epoch, (uint64_t)2 * i);
    }
    ck_assert_uint_eq(find_chunk(TRACE_WINDOW_MAGIC, 0, 10)->header.used, 0);
    ck_assert_uint_eq(find_chunk(TRACE_WINDOW_MAGIC, 1, 10)->header.used, 0);
}
END_TEST

START_TEST(window_without_records_leaves_no_segment)
{
    struct window window = open_window(1);
    uint64_t tail = file.header->tail;
    ck_assert_int_eq(window_seal(&window, &file, 1, 2), 0);
    ck_assert_uint_eq(file.header->tail, tail);
    read_chunks();
    const struct trace_chunk *chunk = &find_chunk(TRACE_WINDOW_MAGIC, 1, 0)->header;
    ck_assert_uint_eq(chunk->used, 0);
    ck_assert_uint_eq(chunk->first_tick, 1);
    ck_assert_uint_eq(chunk->first_epoch, 2);
}
END_TEST

START_TEST(window_is_given_to_another_stream)
{
    struct window window = open_window(1);
    ck_assert(write_record(&window, 'a', 10));
    ck_assert_int_eq(window_seal(&window, &file, 99, 99), 0);
    window_restart(&window, 8);
    ck_assert(write_record(&window, 'b', 20));
    read_chunks();
    ck_assert_uint_eq(find_chunk(TRACE_SEGMENT_MAGIC, 1, 0)->header.used, 10);
    const struct chunk *chunk = find_chunk(TRACE_WINDOW_MAGIC, 8, 0);
    ck_assert_uint_eq(chunk->header.used, 20);
    ck_assert_uint_eq(chunk->header.first_tick, 0);
    ck_assert_uint_eq(chunk->header.first_epoch, 0);
    ck_assert_uint_eq(chunk->header.content, TRACE_EVENTS);
    ck_assert_uint_eq(chunks_found, 2);
}
END_TEST

START_TEST(window_that_cannot_be_sealed_stays_as_it_was)
{
    static struct trace_chunk before[TRACE_WINDOW_BYTES / sizeof(struct trace_chunk)];
    struct window window = open_window(1);
    (void)fill(&window, 'a', 700);
    struct window kept = window;
    memcpy(before, window.chunk, TRACE_WINDOW_BYTES);
    rlim_t end = (rlim_t)file.header->tail;
    (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){end, RLIM_INFINITY});
    long result = window_seal(&window, &file, 5, 5);
    (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    ck_assert_int_eq(result, -EFBIG);
    ck_assert_ptr_eq(window.chunk, kept.chunk);
    ck_assert_uint_eq(window.limit, kept.limit);
    ck_assert_int_eq(memcmp(before, window.chunk, TRACE_WINDOW_BYTES), 0);
    ck_assert_int_eq(window_seal(&window, &file, 5, 5), 0);
    read_chunks();
    ck_assert_uint_eq(find_chunk(TRACE_SEGMENT_MAGIC, 1, 0)->header.used, before->used);
}
END_TEST

START_TEST(window_that_cannot_be_opened_is_none)
{
    struct window window = {0};
    rlim_t end = (rlim_t)file.header->tail;
    (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){end, RLIM_INFINITY});
    long result = window_open(&window, &file, TRACE_EVENTS, 1);
    (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    ck_assert_int_eq(result, -EFBIG);
    ck_assert_ptr_null(window.chunk);
}
END_TEST

/* A child after fork: its window lies where the parent's was, in its own file. */
START_TEST(window_moves_to_another_file_and_keeps_its_address)
{
    static struct file other;
    struct window window = open_window(1);
    struct trace_chunk *place = window.chunk;
    ck_assert(write_record(&window, 'p', 10));
    ck_assert_int_eq(file_create(&other, "other.trace", "p", &header), 0);
    ck_assert_int_eq(window_open(&window, &other, TRACE_EVENTS, 0), 0);
    ck_assert_ptr_eq(window.chunk, place);
    ck_assert(write_record(&window, 'c', 20));
    read_chunks();
    ck_assert_uint_eq(find_chunk(TRACE_WINDOW_MAGIC, 1, 0)->header.used, 10);
    ck_assert_int_eq(unlink(file.path), 0);
    file = other;
    read_chunks();
    ck_assert_uint_eq(chunks_found, 1);
    ck_assert_uint_eq(find_chunk(TRACE_WINDOW_MAGIC, 0, 0)->header.used, 20);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        window_is_a_valid_chunk_from_the_first_moment,
        window_shows_records_when_they_are_complete,
        window_asks_to_be_advanced_every_4096_bytes,
        window_can_be_filled_to_the_last_byte_and_not_beyond,
        window_that_refused_a_large_record_takes_a_small_one,
        window_becomes_a_segment_when_it_is_sealed,
        window_numbers_its_segments,
        window_without_records_leaves_no_segment,
        window_is_given_to_another_stream,
        window_that_cannot_be_sealed_stays_as_it_was,
        window_that_cannot_be_opened_is_none,
        window_moves_to_another_file_and_keeps_its_address,
        NULL,
    };
    return suite_run_with("window", tests, make_file, remove_file);
}
