/* What may be traced: files as they are on every system, and an ELF program in all states of decay.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target.h"
#include "unit.h"

#define PROGRAM "/bin/sh"
#define HEADER_BYTES 4096 /* of a program: file header, program headers, the loader's name */
#define LOADER_OFFSET 500 /* its name is somewhere behind this: after the program headers */
#define PROGRAM_BYTES (1 << 20)

static struct refusal refusal;
static char file_name[] = "/tmp/target.XXXXXX";
static unsigned char program[PROGRAM_BYTES];
static size_t program_bytes;

static void read_program(void)
{
    int file = open(PROGRAM, O_RDONLY | O_CLOEXEC);
    ssize_t got = read(file, program, sizeof(program));
    ck_assert_int_gt(got, HEADER_BYTES);
    program_bytes = (size_t)got;
    close(file);
    file = mkstemp(file_name);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(fchmod(file, 0700), 0);
    close(file);
}

static void remove_file(void)
{
    unlink(file_name);
}

/* Check a file of these bytes. The verdict must be one, and a refusal a line. */
static bool check_bytes(const void *bytes, size_t length)
{
    /* Not O_TRUNC: ext4 puts what replaces a file onto the disk when it is closed, and waits. */
    int file = open(file_name, O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(write(file, bytes, length), (ssize_t)length);
    ck_assert_int_eq(ftruncate(file, (off_t)length), 0);
    close(file);
    refusal = (struct refusal){.status = 0};
    bool is_fit = target_check(file_name, &refusal);
    if (!is_fit) {
        ck_assert_int_eq(refusal.status, RUN_CANNOT_RUN);
        ck_assert_ptr_nonnull(strstr(refusal.text, file_name));
    }
    return is_fit;
}

START_TEST(target_accepts_programs)
{
    ck_assert_msg(target_check(PROGRAM, &refusal), "%s", refusal.text);
    ck_assert(check_bytes(program, program_bytes));
    static const char script[] = "#! " PROGRAM " -e\nexit\n";
    ck_assert_msg(check_bytes(script, sizeof(script) - 1), "%s", refusal.text);
}
END_TEST

START_TEST(target_survives_every_truncation)
{
    for (size_t length = 0; length < HEADER_BYTES; length++) {
        bool is_fit = check_bytes(program, length);
        ck_assert(!is_fit || length > LOADER_OFFSET);
    }
}
END_TEST

START_TEST(target_survives_damage)
{
    unsigned state = 1;
    for (int round = 0; round < 3000; round++) {
        unsigned char damaged[HEADER_BYTES];
        memcpy(damaged, program, sizeof(damaged));
        for (int i = 0; i < 4; i++) {
            state = state * 1103515245 + 12345;
            damaged[4 + (state >> 8) % 900] = (unsigned char)(state >> 20);
        }
        (void)check_bytes(damaged, sizeof(damaged));
    }
}
END_TEST

START_TEST(target_survives_interpreters_of_any_length)
{
    char script[600] = "#!";
    memset(script + 2, 'x', sizeof(script) - 2);
    for (size_t length = 2; length <= sizeof(script); length++) {
        ck_assert(!check_bytes(script, length));
    }
}
END_TEST

START_TEST(target_finds_as_execvp_does)
{
    char path[PATH_MAX];
    setenv("PATH", "/nonexistent::/bin", 1);
    ck_assert(target_find("sh", path, &refusal));
    ck_assert_str_eq(path, "/bin/sh");
    ck_assert(target_find("/bin/sh", path, &refusal));
    ck_assert_str_eq(path, "/bin/sh");
    unsetenv("PATH");
    ck_assert(target_find("sh", path, &refusal));
    setenv("PATH", "", 1);
    ck_assert(!target_find("sh", path, &refusal));
    ck_assert_int_eq(refusal.status, RUN_NOT_FOUND);
}
END_TEST

START_TEST(target_refuses_names_of_nothing)
{
    static const char *const names[] = {"", "/", "no-such-program", "/no/such/program",
                                        "/bin/sh/x"};
    char path[PATH_MAX];
    bool is_fit = target_find(names[_i], path, &refusal) && target_check(path, &refusal);
    ck_assert(!is_fit);
    ck_assert_int_eq(refusal.status, strcmp(names[_i], "/") == 0 ? RUN_CANNOT_RUN : RUN_NOT_FOUND);
}
END_TEST

START_TEST(target_refuses_names_without_end)
{
    char path[PATH_MAX];
    char name[2 * PATH_MAX];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert(!target_find(name, path, &refusal));
    ck_assert_int_eq(refusal.status, RUN_NOT_FOUND);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("target");
    tcase_add_checked_fixture(tests, read_program, remove_file);
    tcase_add_test(tests, target_accepts_programs);
    tcase_add_test(tests, target_survives_every_truncation);
    tcase_add_test(tests, target_survives_damage);
    tcase_add_test(tests, target_survives_interpreters_of_any_length);
    tcase_add_test(tests, target_finds_as_execvp_does);
    tcase_add_loop_test(tests, target_refuses_names_of_nothing, 0, 5);
    tcase_add_test(tests, target_refuses_names_without_end);
    return unit_run("target", tests);
}
