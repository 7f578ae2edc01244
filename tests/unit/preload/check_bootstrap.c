/* The allocator for the time before the real one is known. */
#include "bootstrap.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "suite.h"

#define ARENA_BYTES 65536
#define BLOCKS 60
#define THREADS 4
#define BLOCKS_OF_THREAD 100

/* Return: true if all bytes of a block are @byte. */
static bool is_filled(const unsigned char *block, size_t size, unsigned char byte)
{
    for (size_t i = 0; i < size; i++) {
        if (block[i] != byte) {
            return false;
        }
    }
    return true;
}

START_TEST(bootstrap_gives_zeroed_aligned_blocks_that_do_not_overlap)
{
    unsigned char *blocks[BLOCKS];
    size_t sizes[BLOCKS];
    uint64_t random = suite_seed();
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t alignment = (size_t)1 << suite_random(&random) % 13;
        sizes[i] = suite_random(&random) % 300;
        blocks[i] = bootstrap_allocate(alignment, sizes[i]);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % alignment, 0);
        ck_assert_uint_eq((uintptr_t)blocks[i] % alignof(max_align_t), 0);
        ck_assert(is_filled(blocks[i], sizes[i], 0));
        memset(blocks[i], (int)(i % 255 + 1), sizes[i]);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        ck_assert(bootstrap_owns(blocks[i]));
        ck_assert_uint_eq(bootstrap_size(blocks[i]), sizes[i]);
        ck_assert(is_filled(blocks[i], sizes[i], (unsigned char)(i % 255 + 1)));
    }
}
END_TEST

START_TEST(bootstrap_owns_nothing_else)
{
    int local = 0;
    void *block = malloc(100);
    (void)bootstrap_allocate(16, 100);
    ck_assert(!bootstrap_owns(&local));
    ck_assert(!bootstrap_owns(block));
    ck_assert(!bootstrap_owns(NULL));
    ck_assert(!bootstrap_owns((void *)UINTPTR_MAX));
    free(block);
}
END_TEST

START_TEST(bootstrap_gives_pages_to_what_does_not_fit)
{
    const size_t sizes[] = {ARENA_BYTES, ARENA_BYTES - 8, 1000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *block = bootstrap_allocate(16384, sizes[i]);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % 16384, 0);
        ck_assert(is_filled(block, sizes[i], 0));
        memset(block, 0xff, sizes[i]);
        ck_assert_uint_eq(bootstrap_size(block), sizes[i]);
        ck_assert(bootstrap_owns(block));
        ck_assert(bootstrap_owns(block + sizes[i] - 1));
        ck_assert(i > 0 || !bootstrap_owns(block + sizes[i] + 32768));
    }
}
END_TEST

START_TEST(bootstrap_goes_on_when_the_arena_is_full)
{
    for (size_t used = 0; used < ARENA_BYTES + 20 * 4096; used += 4096) {
        unsigned char *block = bootstrap_allocate(16, 4096);
        ck_assert_ptr_nonnull(block);
        ck_assert(is_filled(block, 4096, 0));
        memset(block, 0xff, 4096);
        ck_assert(bootstrap_owns(block));
    }
}
END_TEST

START_TEST(bootstrap_refuses_what_cannot_be)
{
    const size_t large[] = {SIZE_MAX, SIZE_MAX - 20, SIZE_MAX / 2, SIZE_MAX / 2 + 1};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        ck_assert_ptr_null(bootstrap_allocate(16, large[i]));
        ck_assert_ptr_null(bootstrap_allocate((size_t)1 << 63, large[i]));
    }
    ck_assert_ptr_null(bootstrap_allocate((size_t)1 << 63, 100));
    ck_assert_ptr_nonnull(bootstrap_allocate(16, 100));
}
END_TEST

START_TEST(bootstrap_requests_that_fail_leave_room_for_others)
{
    for (int i = 0; i < 1000; i++) {
        ck_assert_ptr_null(bootstrap_allocate(16, SIZE_MAX / 2));
    }
    ck_assert_ptr_nonnull(bootstrap_allocate(16, (size_t)2 * ARENA_BYTES));
}
END_TEST

struct share {
    unsigned char mark;
    unsigned char *blocks[BLOCKS_OF_THREAD];
};

static void *allocate_and_mark(void *argument)
{
    struct share *share = argument;
    for (size_t i = 0; i < BLOCKS_OF_THREAD; i++) {
        share->blocks[i] = bootstrap_allocate(16, i);
        memset(share->blocks[i], share->mark, i);
    }
    return NULL;
}

START_TEST(bootstrap_keeps_threads_apart)
{
    static struct share shares[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        shares[i].mark = (unsigned char)(i + 1);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, allocate_and_mark, &shares[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        for (size_t k = 0; k < BLOCKS_OF_THREAD; k++) {
            ck_assert_uint_eq(bootstrap_size(shares[i].blocks[k]), k);
            ck_assert(is_filled(shares[i].blocks[k], k, shares[i].mark));
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bootstrap_gives_zeroed_aligned_blocks_that_do_not_overlap,
        bootstrap_owns_nothing_else,
        bootstrap_gives_pages_to_what_does_not_fit,
        bootstrap_goes_on_when_the_arena_is_full,
        bootstrap_refuses_what_cannot_be,
        bootstrap_requests_that_fail_leave_room_for_others,
        bootstrap_keeps_threads_apart,
        NULL,
    };
    return suite_run("bootstrap", tests);
}
