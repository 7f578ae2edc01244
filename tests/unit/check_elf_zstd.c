/* elf_zstd.c: this very program, packed by objcopy, and broken copies of that. */
#include "elf_zstd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_file.h"
#include "shell.h"
#include "unit.h"

enum { COPIES = 200 };

static char directory[32];

static void setup(void)
{
    (void)snprintf(directory, sizeof directory, "/tmp/check_elf_zstd.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void teardown(void)
{
    shell("rm -rf %s", directory);
}

/* Open a file of the directory. */
static int open_file(const char *name)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return open(path, O_RDWR | O_CLOEXEC);
}

/* Pack this program. Return: false where objcopy cannot. */
static bool pack(void)
{
    shell("objcopy --decompress-debug-sections /proc/%d/exe %s/plain && "
          "objcopy --compress-debug-sections=zstd %s/plain %s/packed 2>/dev/null || true",
          getpid(), directory, directory, directory);
    int fd = open_file("packed");
    bool is_there = fd >= 0;
    if (is_there) {
        (void)close(fd);
    }
    return is_there;
}

static void open_elf(const char *name, struct elf_file *file)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    ck_assert_int_eq(elf_file_open(path, file, NULL), TRACE_OK);
}

START_TEST(elf_zstd_unpacks_what_objcopy_packs)
{
    static const char *const names[] = {".debug_info", ".debug_line", ".debug_abbrev"};
    struct elf_file packed;
    struct elf_file plain;
    if (!pack()) {
        return;
    }
    open_elf("packed", &packed);
    open_elf("plain", &plain);
    ck_assert(packed.is_copy && !plain.is_copy);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const uint8_t *bytes = NULL;
        const uint8_t *expected = NULL;
        size_t size = 0;
        size_t expected_size = 0;
        ck_assert(elf_file_section(&packed, names[i], &bytes, &size));
        ck_assert(elf_file_section(&plain, names[i], &expected, &expected_size));
        ck_assert_uint_eq(size, expected_size);
        ck_assert_int_eq(memcmp(bytes, expected, size), 0);
    }
    elf_file_close(&packed);
    elf_file_close(&plain);
}
END_TEST

START_TEST(elf_zstd_leaves_other_files_alone)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ck_assert_int_lt(elf_zstd_unpack(fd), 0);
    (void)close(fd);
    fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    ck_assert_int_lt(elf_zstd_unpack(fd), 0);
    (void)close(fd);
}
END_TEST

/* Bytes of the headers and the packed sections are set at random; it is enough that it ends well.
 */
START_TEST(elf_zstd_survives_damage)
{
    unsigned seed = 1;
    struct stat facts;
    if (!pack()) {
        return;
    }
    int fd = open_file("packed");
    ck_assert_int_eq(fstat(fd, &facts), 0);
    for (size_t i = 0; i < COPIES; i++) {
        seed = seed * 1103515245U + 12345U;
        uint8_t byte = (uint8_t)(seed >> 16);
        // every other time among the section headers, which are last
        off_t window = i % 2 == 0 ? 4096 : facts.st_size - 64;
        off_t at = facts.st_size - 1 - (off_t)(((size_t)seed << 5) % (size_t)window);
        ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
        int copy = elf_zstd_unpack(fd);
        if (copy >= 0) {
            (void)close(copy);
        }
    }
    (void)close(fd);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("zstd");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, elf_zstd_unpacks_what_objcopy_packs);
    tcase_add_test(tests, elf_zstd_leaves_other_files_alone);
    tcase_add_test(tests, elf_zstd_survives_damage);
    return unit_run("elf_zstd", tests);
}
