/* elf_file.c: copies of this program as objcopy changes them, and what readelf says of them. */
#include "elf_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell.h"
#include "unit.h"

static char directory[32];
static struct elf_file file;

static void setup(void)
{
    (void)snprintf(directory, sizeof directory, "/tmp/check_elf_file.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    shell("cp /proc/%d/exe %s/whole", (int)getpid(), directory);
    ck_assert_int_eq(chdir(directory), 0);
}

static void teardown(void)
{
    elf_file_close(&file);
    shell("rm -rf %s", directory);
}

static void open_good(const char *path)
{
    struct trace_error error = {0};
    elf_file_close(&file);
    ck_assert_msg(elf_file_open(path, &file, &error) == TRACE_OK, "%s", error.text);
}

START_TEST(elf_file_has_the_build_id_that_readelf_sees)
{
    char line[256] = "";
    char expected[2 * ELF_FILE_BUILD_ID_MAX + 1] = "";
    char id[2 * ELF_FILE_BUILD_ID_MAX + 1] = "";
    shell("LC_ALL=C readelf -n whole | sed -n 's/.*Build ID: //p' > id");
    FILE *stream = fopen("id", "re");
    ck_assert_ptr_nonnull(stream);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, stream));
    (void)fclose(stream);
    memcpy(expected, line, strcspn(line, "\n"));
    open_good("whole");
    for (size_t i = 0; i < file.build_id_bytes; i++) {
        (void)snprintf(id + 2 * i, 3, "%02x", file.build_id[i]);
    }
    ck_assert_str_eq(id, expected);
    ck_assert(file.has_debug_info);
    ck_assert(file.has_symbols);
}
END_TEST

START_TEST(elf_file_sees_what_was_stripped)
{
    shell("objcopy --strip-debug whole nodebug && objcopy --strip-all whole none && "
          "objcopy --only-keep-debug whole only && "
          "objcopy --remove-section=.note.gnu.build-id whole noid");
    open_good("nodebug");
    ck_assert(!file.has_debug_info && file.has_symbols);
    open_good("none");
    ck_assert(!file.has_debug_info && !file.has_symbols);
    ck_assert_uint_gt(file.build_id_bytes, 0);
    open_good("only");
    ck_assert(file.has_debug_info && file.has_symbols);
    open_good("noid");
    ck_assert_uint_eq(file.build_id_bytes, 0);
}
END_TEST

START_TEST(elf_file_decompresses_sections)
{
    static const char *const ways[] = {"zlib-gnu", "zlib-gabi", "zlib"};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    shell("objcopy --decompress-debug-sections whole plain && "
          "objcopy -O binary --only-section=.debug_line --set-section-flags .debug_line=alloc "
          "plain line.bin");
    FILE *stream = fopen("line.bin", "re");
    ck_assert_ptr_nonnull(stream);
    static uint8_t expected[1 << 20];
    size_t expected_size = fread(expected, 1, sizeof expected, stream);
    (void)fclose(stream);
    ck_assert_uint_gt(expected_size, 0);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        shell("objcopy --compress-debug-sections=%s plain packed", ways[i]);
        open_good("packed");
        ck_assert(file.has_debug_info);
        ck_assert(elf_file_section(&file, ".debug_line", &bytes, &size));
        ck_assert_uint_eq(size, expected_size);
        ck_assert_mem_eq(bytes, expected, size);
    }
    ck_assert(!elf_file_section(&file, ".no_such_section", &bytes, &size));
}
END_TEST

START_TEST(elf_file_finds_links)
{
    static const uint8_t alternate[] = "a/path\0\x01\x02\x03"; // and the zero as a fourth
    const char *name = NULL;
    const uint8_t *id = NULL;
    size_t id_bytes = 0;
    uint32_t linked = 0;
    uint32_t crc = 0;
    open_good("whole");
    ck_assert(!elf_file_debug_link(&file, &name, &linked));
    ck_assert(!elf_file_alternate_link(&file, &name, &id, &id_bytes));
    FILE *stream = fopen("alternate", "we");
    ck_assert_uint_eq(fwrite(alternate, 1, sizeof alternate, stream), sizeof alternate);
    (void)fclose(stream);
    shell("objcopy --only-keep-debug whole d.debug && objcopy --add-gnu-debuglink=d.debug "
          "--add-section .gnu_debugaltlink=alternate whole linked");
    open_good("linked");
    ck_assert(elf_file_alternate_link(&file, &name, &id, &id_bytes));
    ck_assert_str_eq(name, "a/path");
    ck_assert_uint_eq(id_bytes, 4);
    ck_assert_mem_eq(id, "\x01\x02\x03\x00", 4);
    ck_assert(elf_file_debug_link(&file, &name, &linked));
    ck_assert_str_eq(name, "d.debug");
    open_good("d.debug");
    ck_assert(elf_file_crc(&file, &crc));
    ck_assert_uint_eq(crc, linked); // as objcopy has worked it out
}
END_TEST

START_TEST(elf_file_refuses_what_it_cannot_read)
{
    static const struct {
        const char *path;
        enum trace_status status;
    } rows[] = {
        {"missing", TRACE_NOT_FOUND}, {"whole/x", TRACE_NOT_FOUND}, {".", TRACE_CORRUPT},
        {"text", TRACE_CORRUPT},      {"empty", TRACE_CORRUPT},     {"fifo", TRACE_CORRUPT},
        {"big", TRACE_UNSUPPORTED},   {"ident", TRACE_CORRUPT},
    };
    shell("echo text > text; : > empty; mkfifo fifo; head -c 16 whole > ident; cp whole big; "
          "printf '\\002' | dd of=big bs=1 seek=5 conv=notrunc 2>/dev/null"); // EI_DATA
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct trace_error error = {0};
        struct elf_file refused;
        ck_assert_msg(elf_file_open(rows[i].path, &refused, &error) == rows[i].status, "%s: %s",
                      rows[i].path, error.text);
        ck_assert_int_eq(error.status, rows[i].status);
        ck_assert_ptr_nonnull(strstr(error.text, rows[i].path));
        ck_assert_ptr_null(refused.elf);
        ck_assert_int_eq(refused.fd, -1);
        elf_file_close(&refused); // is legal
    }
}
END_TEST

START_TEST(elf_file_survives_truncation)
{
    shell("stat -c %%s whole > size");
    FILE *stream = fopen("size", "re");
    char line[32];
    ck_assert_ptr_nonnull(fgets(line, sizeof line, stream));
    (void)fclose(stream);
    long size = strtol(line, NULL, 10);
    for (long cut = size - 1; cut > 0; cut -= size / 50 + 1) {
        const uint8_t *bytes = NULL;
        const char *name = NULL;
        size_t length = 0;
        uint32_t crc = 0;
        struct elf_file cut_file;
        ck_assert_int_eq(truncate("whole", cut), 0);
        if (elf_file_open("whole", &cut_file, NULL) == TRACE_OK) {
            if (elf_file_section(&cut_file, ".debug_info", &bytes, &length)) {
                ck_assert_uint_le(length, (size_t)cut * 1100);
            }
            (void)elf_file_debug_link(&cut_file, &name, &crc);
            (void)elf_file_crc(&cut_file, &crc);
        }
        elf_file_close(&cut_file);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("elf_file");
    file.fd = -1;
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, elf_file_has_the_build_id_that_readelf_sees);
    tcase_add_test(tests, elf_file_sees_what_was_stripped);
    tcase_add_test(tests, elf_file_decompresses_sections);
    tcase_add_test(tests, elf_file_finds_links);
    tcase_add_test(tests, elf_file_refuses_what_it_cannot_read);
    tcase_add_test(tests, elf_file_survives_truncation);
    return unit_run("elf_file", tests);
}
