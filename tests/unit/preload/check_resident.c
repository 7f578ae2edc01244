/* The resident set, against what the kernel says elsewhere. */
#include "resident.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "suite.h"

#define MIB ((uint64_t)1 << 20)

/* The same from another file of the kernel's, and another unit. */
static uint64_t from_status(void)
{
    char line[256];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kib = strtoul(line + 6, NULL, 10);
        }
    }
    ck_assert_int_eq(fclose(file), 0);
    return (uint64_t)kib * 1024;
}

static void assert_about(uint64_t value, uint64_t expected)
{
    ck_assert_uint_ge(value + 2 * MIB, expected);
    ck_assert_uint_le(value, expected + 2 * MIB);
}

START_TEST(resident_is_what_the_kernel_says)
{
    const size_t bytes = 64 * MIB;
    uint64_t before = resident_bytes();
    assert_about(before, from_status());
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(memory != MAP_FAILED);
    memset(memory, 1, bytes);
    assert_about(resident_bytes(), from_status());
    if (!SUITE_IS_SANITIZED) { /* whose shadow of the memory is resident, too */
        assert_about(resident_bytes(), before + bytes);
    }
    ck_assert_int_eq(munmap(memory, bytes), 0);
    assert_about(resident_bytes(), from_status());
}
END_TEST

START_TEST(resident_leaves_no_descriptor)
{
    int before = dup(0);
    ck_assert_int_eq(close(before), 0);
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_gt(resident_bytes(), 0);
    }
    ck_assert_int_eq(dup(0), before);
}
END_TEST

START_TEST(resident_is_unknown_without_a_descriptor)
{
    struct rlimit before;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {0, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    uint64_t bytes = resident_bytes();
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0); /* the leak checker looks into /proc */
    ck_assert_uint_eq(bytes, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        resident_is_what_the_kernel_says,
        resident_leaves_no_descriptor,
        resident_is_unknown_without_a_descriptor,
        NULL,
    };
    return suite_run("resident", tests);
}
