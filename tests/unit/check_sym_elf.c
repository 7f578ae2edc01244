/* ELF symbol tables, those of this program and of the C library. */
#include <errno.h>
#include <link.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "own_code.h"
#include "shell.h"
#include "sym_elf.h"
#include "unit.h"

#define NOINLINE __attribute__((noinline, used, noipa))

int known_global(int number);
int known_alias(int number) __attribute__((weak, alias("known_global")));

NOINLINE int known_global(int number)
{
    return number + 1;
}

static NOINLINE int known_static(int number)
{
    return number + 2;
}

static int known_data[4];

__asm__(".pushsection .text\n"
        ".type known_unsized, @function\n"
        "known_unsized: nop\n nop\n nop\n ret\n"
        ".type known_after, @function\n"
        "known_after: ret\n"
        ".size known_after, 1\n"
        "nop\n nop\n nop\n nop\n" // nobody's
        ".type known_last, @function\n"
        "known_last: ret\n"
        ".size known_last, 1\n"
        ".popsection\n");
extern const char known_unsized[];
extern const char known_after[];

/* Return: an address of this program as its file has it. */
static uint64_t in_file(const void *address)
{
    return own_in_file((uint64_t)(uintptr_t)address);
}

static struct elf_file file;
static struct sym_elf *table;

static void open_table(const char *path)
{
    const struct sym_elf_sources sources = {.module = &file};
    ck_assert_int_eq(elf_file_open(path, &file, NULL), TRACE_OK);
    ck_assert_int_eq(sym_elf_new(&sources, &table), TRACE_OK);
}

static void setup(void)
{
    open_table("/proc/self/exe");
}

static void teardown(void)
{
    sym_elf_free(table);
    elf_file_close(&file);
}

static const char *name_at(uint64_t address, uint64_t *ret_start)
{
    struct sym_elf_match match = {0};
    if (!sym_elf_find(table, address, &match)) {
        return NULL;
    }
    *ret_start = match.addr;
    return match.name;
}

START_TEST(sym_elf_finds_functions_by_any_of_their_addresses)
{
    uint64_t start = 0;
    uint64_t address = in_file((const void *)(uintptr_t)known_static);
    ck_assert(sym_elf_is_complete(table));
    ck_assert_int_eq(known_static(1) + known_global(1), 5);
    ck_assert_str_eq(name_at(address, &start), "known_static");
    ck_assert_str_eq(name_at(address + 1, &start), "known_static");
    ck_assert_uint_eq(start, address);
}
END_TEST

START_TEST(sym_elf_prefers_global_to_weak_names)
{
    uint64_t start = 0;
    ck_assert_str_eq(name_at(in_file((const void *)(uintptr_t)known_alias), &start),
                     "known_global");
}
END_TEST

START_TEST(sym_elf_ends_unsized_symbols_at_the_next)
{
    uint64_t start = 0;
    ck_assert_str_eq(name_at(in_file(known_unsized) + 3, &start), "known_unsized");
    ck_assert_uint_eq(start, in_file(known_unsized));
    ck_assert_str_eq(name_at(in_file(known_after), &start), "known_after");
    ck_assert_ptr_null(name_at(in_file(known_after) + 2, &start));
}
END_TEST

START_TEST(sym_elf_ignores_data_and_gaps)
{
    uint64_t start = 0;
    ck_assert_ptr_null(name_at(in_file(known_data), &start));
    ck_assert_ptr_null(name_at(0, &start));
    ck_assert_ptr_null(name_at(UINT64_MAX, &start));
}
END_TEST

static int take_libc(struct dl_phdr_info *info, size_t bytes, void *context)
{
    (void)bytes;
    if (strstr(info->dlpi_name, "libc.so") == NULL) {
        return 0;
    }
    *(struct dl_phdr_info *)context = *info;
    return 1;
}

START_TEST(sym_elf_reads_exported_symbols_of_a_stripped_library)
{
    struct dl_phdr_info info = {0};
    if (dl_iterate_phdr(take_libc, &info) == 0) {
        return; // linked statically
    }
    teardown();
    open_table(info.dlpi_name);
    struct sym_elf_match match = {0};
    ck_assert(sym_elf_find(table, (uint64_t)(uintptr_t)insque - info.dlpi_addr, &match));
    ck_assert_str_eq(match.name, "insque");
}
END_TEST

START_TEST(sym_elf_names_stubs_as_objdump_does)
{
    char command[160];
    char line[512];
    unsigned stubs = 0;
    (void)snprintf(command, sizeof command,
                   "objdump -d -j .plt -j .plt.got -j .plt.sec /proc/%d/exe 2>/dev/null",
                   (int)getpid());
    FILE *stream = popen(command, "re"); // NOLINT(cert-env33-c): the test's own text
    ck_assert_ptr_nonnull(stream);
    while (fgets(line, sizeof line, stream) != NULL) {
        char *name = NULL;
        uint64_t address = strtoull(line, &name, 16);
        char *end = strstr(line, "@plt>:\n"); // "0000000000001030 <malloc@plt>:"
        if (end == NULL || strncmp(name, " <", 2) != 0) {
            continue;
        }
        uint64_t start = 0;
        end[4] = '\0';
        ck_assert_pstr_eq(name_at(address + 5, &start), name + 2);
        ck_assert_uint_eq(start, address);
        stubs++;
    }
    ck_assert_int_eq(pclose(stream), 0);
    ck_assert_uint_gt(stubs, 10);
}
END_TEST

START_TEST(sym_elf_leaves_versions_out)
{
    char path[256];
    uint64_t start = 0;
    (void)snprintf(path, sizeof path, "%s.copy", program_invocation_name);
    shell("objcopy --redefine-sym known_static=known_static@@KNOWN_1.0 /proc/%d/exe %s",
          (int)getpid(), path);
    teardown();
    open_table(path);
    (void)unlink(path);
    ck_assert_str_eq(name_at(in_file((const void *)(uintptr_t)known_static), &start),
                     "known_static");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("tables");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, sym_elf_finds_functions_by_any_of_their_addresses);
    tcase_add_test(tests, sym_elf_prefers_global_to_weak_names);
    tcase_add_test(tests, sym_elf_ends_unsized_symbols_at_the_next);
    tcase_add_test(tests, sym_elf_ignores_data_and_gaps);
    tcase_add_test(tests, sym_elf_reads_exported_symbols_of_a_stripped_library);
    tcase_add_test(tests, sym_elf_names_stubs_as_objdump_does);
    tcase_add_test(tests, sym_elf_leaves_versions_out);
    return unit_run("sym_elf", tests);
}
