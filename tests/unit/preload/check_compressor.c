/* Windows to segments, and back by zstd's own hand. */
#include "compressor.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>

#include "suite.h"
#include "trace_codec.h"

#define RECORDS_MAX (TRACE_WINDOW_BYTES - TRACE_CHUNK_BYTES)
#define THREADS 4
#define ROUNDS 30

union window {
    struct trace_chunk chunk;
    uint8_t bytes[TRACE_WINDOW_BYTES];
};

/* A window with @used bytes of records: at random, or alike as records are; events if @used is
 * even, else definitions. */
static void fill(union window *window, uint32_t used, bool is_random, uint64_t *random)
{
    *window = (union window){.chunk = {
                                 .magic = TRACE_WINDOW_MAGIC,
                                 .content = used % 2 == 0 ? TRACE_EVENTS : TRACE_DEFINITIONS,
                                 .stream = 7,
                                 .sequence = 9,
                                 .stored = RECORDS_MAX,
                                 .first_tick = 1234,
                                 .first_epoch = (uint64_t)1 << 40,
                                 .used = used,
                             }};
    window->chunk.check = trace_check(&window->chunk, offsetof(struct trace_chunk, check));
    for (uint32_t i = 0; i < used; i++) {
        window->bytes[TRACE_CHUNK_BYTES + i] =
            is_random ? (uint8_t)suite_random(random) : (uint8_t) "abcabcabd"[i % 9];
    }
}

/* Seal, check the header field by field, decompress, compare. Return: compression used. */
static enum trace_compression seal_and_read_back(struct compressor *compressor,
                                                 const union window *window)
{
    uint8_t records[RECORDS_MAX];
    size_t bytes = 0;
    const struct trace_chunk *segment = compressor_seal(compressor, &window->chunk, &bytes);
    ck_assert_uint_eq(segment->magic, TRACE_SEGMENT_MAGIC);
    ck_assert_uint_eq(segment->content, window->chunk.content);
    ck_assert_uint_eq(segment->reserved0, 0);
    ck_assert_uint_eq(segment->stream, 7);
    ck_assert_uint_eq(segment->sequence, 9);
    ck_assert_uint_eq(segment->first_tick, 1234);
    ck_assert_uint_eq(segment->first_epoch, (uint64_t)1 << 40);
    ck_assert_uint_eq(segment->used, window->chunk.used);
    ck_assert_uint_eq(bytes, TRACE_CHUNK_BYTES + (size_t)segment->stored);
    ck_assert_uint_eq(segment->check, trace_check(segment, offsetof(struct trace_chunk, check)));
    ck_assert_uint_le(segment->stored, segment->used);
    if (segment->compression == TRACE_PLAIN) {
        ck_assert_uint_eq(segment->stored, segment->used);
        memcpy(records, segment + 1, segment->stored);
    } else {
        ck_assert_uint_eq(segment->compression, TRACE_ZSTD);
        size_t size = ZSTD_decompress(records, sizeof records, segment + 1, segment->stored);
        ck_assert(!ZSTD_isError(size));
        ck_assert_uint_eq(size, segment->used);
    }
    ck_assert_int_eq(memcmp(records, window->bytes + TRACE_CHUNK_BYTES, segment->used), 0);
    return (enum trace_compression)segment->compression;
}

static const uint32_t interesting_sizes[] = {
    0, 1, 2, 10, 63, 64, 100, 255, 256, 257, 1000, 4095, 16383, 16384, 16385, 40000, RECORDS_MAX,
};
#define SIZES (sizeof interesting_sizes / sizeof interesting_sizes[0])

START_TEST(compressor_makes_records_smaller_at_every_size)
{
    static union window window;
    uint64_t random = suite_seed();
    struct compressor *compressor = compressor_take();
    ck_assert_ptr_nonnull(compressor);
    for (size_t i = 0; i < SIZES; i++) {
        fill(&window, interesting_sizes[i], false, &random);
        enum trace_compression compression = seal_and_read_back(compressor, &window);
        ck_assert_int_eq(compression, interesting_sizes[i] < 63 ? compression : TRACE_ZSTD);
    }
    compressor_give_back(compressor);
}
END_TEST

START_TEST(compressor_keeps_what_cannot_be_compressed)
{
    static union window window;
    uint64_t random = suite_seed();
    struct compressor *compressor = compressor_take();
    for (size_t i = 0; i < SIZES; i++) {
        fill(&window, interesting_sizes[i], true, &random);
        ck_assert_int_eq(seal_and_read_back(compressor, &window), TRACE_PLAIN);
    }
    compressor_give_back(compressor);
}
END_TEST

START_TEST(compressor_leaves_the_window_as_it_was)
{
    static union window window;
    static uint8_t copy[TRACE_WINDOW_BYTES];
    uint64_t random = suite_seed();
    size_t bytes = 0;
    fill(&window, 5000, false, &random);
    memcpy(copy, window.bytes, sizeof copy);
    struct compressor *compressor = compressor_take();
    (void)compressor_seal(compressor, &window.chunk, &bytes);
    compressor_give_back(compressor);
    ck_assert_int_eq(memcmp(window.bytes, copy, sizeof copy), 0);
}
END_TEST

START_TEST(compressor_adds_a_check_sum_that_finds_damage)
{
    static union window window;
    static uint8_t damaged[TRACE_WINDOW_BYTES];
    static uint8_t records[RECORDS_MAX];
    uint64_t random = suite_seed();
    size_t bytes = 0;
    fill(&window, 3000, false, &random);
    struct compressor *compressor = compressor_take();
    const uint8_t *segment = compressor_seal(compressor, &window.chunk, &bytes);
    size_t stored = bytes - TRACE_CHUNK_BYTES;
    for (size_t i = 0; i < stored; i++) {
        memcpy(damaged, segment + TRACE_CHUNK_BYTES, stored);
        damaged[i] ^= 1;
        size_t size = ZSTD_decompress(records, sizeof records, damaged, stored);
        ck_assert(ZSTD_isError(size) ||
                  memcmp(records, window.bytes + TRACE_CHUNK_BYTES, size) == 0);
    }
    memcpy(damaged, segment + TRACE_CHUNK_BYTES, stored);
    damaged[stored - 1] ^= 1; /* the last four bytes are the sum */
    ck_assert(ZSTD_isError(ZSTD_decompress(records, sizeof records, damaged, stored)));
    compressor_give_back(compressor);
}
END_TEST

START_TEST(compressor_is_taken_by_one_at_a_time_and_used_again)
{
    struct compressor *first = compressor_take();
    struct compressor *second = compressor_take();
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_ptr_ne(first, second);
    compressor_give_back(first);
    ck_assert_ptr_eq(compressor_take(), first);
    compressor_give_back(second);
    ck_assert_ptr_eq(compressor_take(), second);
    struct compressor *third = compressor_take();
    ck_assert_ptr_ne(third, first);
    ck_assert_ptr_ne(third, second);
}
END_TEST

struct worker {
    union window window;
    uint64_t random;
};

static void *seal_again_and_again(void *argument)
{
    struct worker *worker = argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t used = (uint32_t)(suite_random(&worker->random) % (RECORDS_MAX + 1));
        fill(&worker->window, used, i % 4 == 0, &worker->random);
        struct compressor *compressor = compressor_take();
        (void)seal_and_read_back(compressor, &worker->window);
        compressor_give_back(compressor);
    }
    return NULL;
}

START_TEST(compressor_serves_threads)
{
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];
    uint64_t seed = suite_seed();
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].random = seed + i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, seal_again_and_again, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    struct compressor *all[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        all[i] = compressor_take();
        for (size_t k = 0; k < i; k++) {
            ck_assert_ptr_ne(all[i], all[k]);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        compressor_makes_records_smaller_at_every_size,
        compressor_keeps_what_cannot_be_compressed,
        compressor_leaves_the_window_as_it_was,
        compressor_adds_a_check_sum_that_finds_damage,
        compressor_is_taken_by_one_at_a_time_and_used_again,
        compressor_serves_threads,
        NULL,
    };
    return suite_run("compressor", tests);
}
