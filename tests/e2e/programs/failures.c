/*
 * Calls that must fail, with their return value and errno, and leave no trace in the counts. In
 * between calls that succeed, which must leave errno alone. With the argument "portable", the errno
 * of a failure is not looked at: valgrind does not always set it.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>

#include "oracle.h"

/* Larger than the address space; not known at compile time, or the compiler would warn. */
static volatile size_t huge = PTRDIFF_MAX - 4096;
static volatile size_t negative = (size_t)-4096;
static volatile size_t half = SIZE_MAX / 2 + 2;

static bool checks_errno = true;

static void must_fail(const char *what, const void *result, int expected)
{
    if (result != NULL || (checks_errno && errno != expected)) {
        dprintf(STDERR_FILENO, "%s: result %p, errno %d, not %d\n", what, result, errno, expected);
        oracle_give_up("a call did not fail as it should");
    }
    errno = 0;
}

static void fail_to_allocate(void)
{
    errno = 0;
    must_fail("malloc(huge)", malloc(huge), ENOMEM);
    must_fail("malloc(negative)", malloc(negative), ENOMEM);
    must_fail("calloc(half, 2)", calloc(half, 2), ENOMEM);
    must_fail("calloc(1, huge)", calloc(1, huge), ENOMEM);
    must_fail("memalign(64, negative)", memalign(64, negative), ENOMEM);
}

static void fail_to_align(void)
{
    static const size_t wrong[] = {0, 3, 4, 24};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        void *block = &block;
        errno = 0;
        if (posix_memalign(&block, wrong[i], 100) != EINVAL || block != &block || errno != 0) {
            oracle_give_up("posix_memalign did not fail as it should");
        }
    }
}

/* Return: @block, which the compiler would otherwise take for freed. */
static void *fail_to_resize(void *block)
{
    void *kept[2] = {block, block};
    __asm__ volatile("" : "+r"(kept[0]), "+r"(kept[1]));
    must_fail("realloc(block, negative)", oracle_realloc(block, negative), ENOMEM);
    must_fail("reallocarray(block, half, 2)", reallocarray(kept[0], half, 2), ENOMEM);
    return kept[1];
}

int main(int argc, char **argv)
{
    checks_errno = argc < 2 || strcmp(argv[1], "portable") != 0;
    char *kept[100];
    for (size_t i = 0; i < 100; i++) {
        kept[i] = oracle_malloc(i + 1);
        memset(kept[i], (int)i, i + 1);
        fail_to_allocate();
        fail_to_align();
        kept[i] = fail_to_resize(kept[i]);
        if (kept[i][i] != (char)i) {
            oracle_give_up("a failed realloc touched its block");
        }
        errno = 77;
        free(NULL);
        oracle_free(i % 2 ? kept[i] : NULL);
        if (errno != 77) {
            oracle_give_up("free changed errno");
        }
    }
    volatile size_t nothing = 0;
    (void)oracle_realloc(kept[0], nothing);
    oracle_print();
    return 0;
}
