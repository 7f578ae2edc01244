/* The functions behind ours: whose they are, and what they do with realloc(p, 0). */
#include "real.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/wait.h>

#include "suite.h"

#define OTHER "other" /* argument: run the test of a foreign allocator */

static void *address_of(void *handle, const char *name)
{
    void *address = dlsym(handle, name);
    ck_assert_msg(address != NULL, "%s", name);
    return address;
}

START_TEST(real_finds_libc)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    void *found = NULL;
    ck_assert_ptr_nonnull(libc);
    ck_assert(real_resolve());
    memcpy(&found, &real.malloc, sizeof found);
    ck_assert_ptr_eq(found, address_of(libc, "malloc"));
    memcpy(&found, &real.posix_memalign, sizeof found);
    ck_assert_ptr_eq(found, address_of(libc, "posix_memalign"));
    memcpy(&found, &real.malloc_usable_size, sizeof found);
    ck_assert_ptr_eq(found, address_of(libc, "malloc_usable_size"));
    ck_assert(real_is_glibc());
    ck_assert(!real_keeps_empty_blocks());
    ck_assert(!real_has_own_new());
    ck_assert_str_eq(strrchr(real_allocator_path(), '/'), "/libc.so.6");
    ck_assert_int_eq(dlclose(libc), 0);
}
END_TEST

START_TEST(real_makes_what_is_missing)
{
    ck_assert(real_resolve());
    ck_assert_ptr_nonnull(real.cfree);
    ck_assert_ptr_nonnull(real.free_sized);
    ck_assert_ptr_nonnull(real.free_aligned_sized);
    real.cfree(real.malloc(10));
    real.free_sized(real.malloc(10), 10);
    real.free_aligned_sized(real.aligned_alloc(64, 128), 64, 128);
}
END_TEST

START_TEST(real_finds_other_functions)
{
    int (*function)(const char *) = NULL;
    real_find("no such function", &function);
    ck_assert_ptr_null(function);
    real_find("atoi", &function);
    ck_assert_ptr_nonnull(function);
    ck_assert_int_eq(function("42"), 42);
}
END_TEST

/* In a process that has allocator.c preloaded. Return: exit code, a bit for each that is wrong. */
static int test_other(void)
{
    int wrong = real_resolve() ? 0 : 1;
    wrong |= real_is_glibc() ? 2 : 0;
    wrong |= real_keeps_empty_blocks() ? 0 : 4;
    wrong |= real_has_own_new() ? 0 : 8;
    wrong |= strcmp(real_allocator_path(), ALLOCATOR) == 0 ? 0 : 16;
    return wrong;
}

START_TEST(real_finds_a_preloaded_allocator)
{
    char *arguments[] = {"check_real", OTHER, NULL};
    char *environment[] = {"LD_PRELOAD=" ALLOCATOR, NULL};
    int status = 0;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)execve("/proc/self/exe", arguments, environment);
        _exit(99);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        real_finds_libc,
        real_makes_what_is_missing,
        real_finds_other_functions,
        real_finds_a_preloaded_allocator,
        NULL,
    };
    return argc == 2 && strcmp(argv[1], OTHER) == 0 ? test_other() : suite_run("real", tests);
}
