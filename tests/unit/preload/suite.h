/*
 * What the unit tests of preload/ share: a main() over a list of tests, numbers at random, and what
 * the code under test prints.
 */
#ifndef PRELOAD_SUITE_H
#define PRELOAD_SUITE_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef __SANITIZE_THREAD__
#define SUITE_IS_THREAD_SANITIZED 1
#else
#define SUITE_IS_THREAD_SANITIZED 0
#endif
#ifdef __SANITIZE_ADDRESS__
#define SUITE_IS_SANITIZED 1
#else
#define SUITE_IS_SANITIZED SUITE_IS_THREAD_SANITIZED
#endif

#define SUITE_TIMEOUT_SECONDS 300
#define SUITE_CAPTURE_BYTES 16384 /* less than what a pipe holds */

/*
 * Run every test of @tests, which ends with NULL, each in a process of its own.
 * @setup, @teardown: around each test, in its process; may be NULL.
 * Return: the exit status of main().
 */
static inline int suite_run_with(const char *module, const TTest *const *tests, SFun setup,
                                 SFun teardown)
{
    Suite *suite = suite_create(module);
    TCase *tcase = tcase_create(module);
    tcase_set_timeout(tcase, SUITE_TIMEOUT_SECONDS);
    if (setup != NULL) {
        tcase_add_checked_fixture(tcase, setup, teardown);
    }
    for (; *tests != NULL; tests++) {
        tcase_add_test(tcase, *tests);
    }
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int suite_run(const char *module, const TTest *const *tests)
{
    return suite_run_with(module, tests, NULL, NULL);
}

/* A seed that a failed run prints, and that the variable SEED repeats. */
static inline uint64_t suite_seed(void)
{
    const char *given = getenv("SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)seed);
    (void)fflush(stdout);
    return seed;
}

/* The next number at random. Source: Steele et al., "Fast Splittable Pseudorandom Number
 * Generators", splitmix64. */
static inline uint64_t suite_random(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

/* A number of at most @bits bits, all lengths equally likely: small ones and limits turn up. */
static inline uint64_t suite_random_bits(uint64_t *state, unsigned bits)
{
    unsigned length = (unsigned)(suite_random(state) % (bits + 1));
    uint64_t mask = length == 64 ? UINT64_MAX : ((uint64_t)1 << length) - 1;
    return suite_random(state) % 8 == 0 ? mask : suite_random(state) & mask;
}

struct suite_capture {
    int saved;
    int from;
};

/* From here on keep what is written to descriptor 2; at most SUITE_CAPTURE_BYTES. */
static inline struct suite_capture suite_capture_begin(void)
{
    int ends[2] = {-1, -1};
    ck_assert_int_eq(pipe(ends), 0);
    struct suite_capture capture = {.saved = dup(2), .from = ends[0]};
    ck_assert_int_eq(dup2(ends[1], 2), 2);
    ck_assert_int_eq(close(ends[1]), 0);
    return capture;
}

/* Put descriptor 2 back. @text: receives what was written, SUITE_CAPTURE_BYTES with the zero. */
static inline void suite_capture_end(const struct suite_capture *capture, char *text)
{
    size_t used = 0;
    ssize_t got = 0;
    ck_assert_int_eq(dup2(capture->saved, 2), 2);
    ck_assert_int_eq(close(capture->saved), 0);
    while ((got = read(capture->from, text + used, SUITE_CAPTURE_BYTES - 1 - used)) > 0) {
        used += (size_t)got;
    }
    text[used] = '\0';
    ck_assert_int_eq(close(capture->from), 0);
}

#endif
