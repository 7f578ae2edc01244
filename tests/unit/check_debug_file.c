/*
 * The search for debug files, in a directory of its own: copies of this program, taken apart and
 * linked to each other by objcopy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug_file.h"
#include "own_code.h"
#include "shell.h"
#include "sym_elf.h"
#include "unit.h"

static char directory[32];
static struct debug_files files;
static struct elf_file self;                   /* this program, for its build-id */
static char id[2 * ELF_FILE_BUILD_ID_MAX + 1]; /* the same in digits */

/* Take this program apart: prog (stripped) and prog.debug, the former linked to the latter. */
static void setup(void)
{
    (void)snprintf(directory, sizeof directory, "/tmp/check_debug_file.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(elf_file_open("/proc/self/exe", &self, NULL), TRACE_OK);
    ck_assert_uint_ge(self.build_id_bytes, 2);
    for (size_t i = 0; i < self.build_id_bytes; i++) {
        (void)snprintf(id + 2 * i, 3, "%02x", self.build_id[i]);
    }
    shell(
        "cd %s && cp /proc/%d/exe whole && objcopy --only-keep-debug whole prog.debug && "
        "objcopy --strip-all --add-gnu-debuglink=prog.debug whole prog && "
        "objcopy --remove-section=.note.gnu.build-id whole whole.noid && "
        "objcopy --only-keep-debug whole.noid noid.debug 2>/dev/null && "
        "objcopy --strip-all --add-gnu-debuglink=noid.debug whole.noid noid && mkdir symbols root",
        directory, (int)getpid());
}

static void teardown(void)
{
    debug_files_close(&files);
    elf_file_close(&self);
    shell("rm -rf %s", directory);
}

/* Search for the files of @name in the directory, whose traced build-id is @build_id. */
static void search(const char *name, const uint8_t *build_id, size_t build_id_bytes)
{
    static char path[128];
    static char symbols[128];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    (void)snprintf(symbols, sizeof symbols, "%s/symbols", directory);
    struct debug_file_query query = {.path = path,
                                     .build_id = build_id,
                                     .build_id_bytes = build_id_bytes,
                                     .symbols_dir = symbols,
                                     .is_offline = true};
    debug_files_open(&query, &files);
}

/* Put a file where the build-id says, below @root. */
static void put_by_id(const char *file, const char *root)
{
    shell("cd %s && mkdir -p %s/.build-id/%.2s && mv %s %s/.build-id/%.2s/%s.debug", directory,
          root, id, file, root, id, id + 2);
}

START_TEST(debug_file_needs_none_for_an_unstripped_module)
{
    search("whole", self.build_id, self.build_id_bytes);
    ck_assert(files.module.has_debug_info);
    ck_assert_int_eq(files.debug.fd, -1);
    ck_assert_str_eq(files.warning, "");
}
END_TEST

START_TEST(debug_file_follows_the_link)
{
    search("prog", self.build_id, self.build_id_bytes);
    ck_assert(!files.module.has_debug_info);
    ck_assert(files.debug.has_debug_info);
    ck_assert_str_eq(files.warning, "");
}
END_TEST

START_TEST(debug_file_follows_the_link_into_a_subdirectory)
{
    shell("cd %s && mkdir .debug && mv prog.debug .debug", directory);
    search("prog", NULL, 0);
    ck_assert(files.debug.has_debug_info);
}
END_TEST

START_TEST(debug_file_checks_the_crc_without_build_ids)
{
    search("noid", NULL, 0);
    ck_assert(files.debug.has_debug_info);
    debug_files_close(&files);
    shell("cd %s && printf x >> noid.debug", directory);
    search("noid", NULL, 0);
    ck_assert_int_eq(files.debug.fd, -1);
    ck_assert_ptr_nonnull(strstr(files.warning, "noid.debug is not used"));
    ck_assert_ptr_nonnull(strstr(files.warning, "CRC"));
}
END_TEST

START_TEST(debug_file_finds_the_build_id_among_the_symbols)
{
    put_by_id("prog.debug", "symbols");
    search("prog", self.build_id, self.build_id_bytes);
    ck_assert(files.debug.has_debug_info);
}
END_TEST

START_TEST(debug_file_takes_an_unstripped_copy_among_the_symbols)
{
    shell("cd %s && rm prog.debug && mv whole symbols/prog", directory);
    search("prog", self.build_id, self.build_id_bytes);
    ck_assert(files.debug.has_debug_info);
}
END_TEST

START_TEST(debug_file_does_without_the_module)
{
    shell("cd %s && rm prog", directory);
    put_by_id("prog.debug", "symbols");
    search("prog", self.build_id, self.build_id_bytes);
    ck_assert_int_eq(files.module.fd, -1);
    ck_assert(files.debug.has_debug_info);
    ck_assert_str_eq(files.warning, "");
}
END_TEST

START_TEST(debug_file_looks_below_the_sysroot)
{
    char root[128];
    (void)snprintf(root, sizeof root, "%s/root", directory);
    shell("cd %s && mkdir -p root/usr/lib/debug root/bin && mv prog root/bin", directory);
    put_by_id("prog.debug", "root/usr/lib/debug");
    struct debug_file_query query = {.path = "/bin/prog",
                                     .build_id = self.build_id,
                                     .build_id_bytes = self.build_id_bytes,
                                     .sysroot_dir = root,
                                     .is_offline = true};
    debug_files_open(&query, &files);
    ck_assert_ptr_nonnull(files.module.elf);
    ck_assert(files.debug.has_debug_info);
}
END_TEST

START_TEST(debug_file_finds_what_debuginfod_fetched)
{
    shell("cd %s && mkdir -p root/%s && mv prog.debug root/%s/debuginfo", directory, id, id);
    char cache[128];
    (void)snprintf(cache, sizeof cache, "%s/root", directory);
    ck_assert_int_eq(setenv("DEBUGINFOD_CACHE_PATH", cache, 1), 0);
    search("prog", NULL, 0);
    ck_assert(files.debug.has_debug_info);
    (void)unsetenv("DEBUGINFOD_CACHE_PATH");
}
END_TEST

START_TEST(debug_file_refuses_another_build)
{
    uint8_t other[20] = {1, 2, 3};
    search("whole", other, sizeof other);
    ck_assert_int_eq(files.module.fd, -1);
    ck_assert_int_eq(files.debug.fd, -1);
    ck_assert_ptr_nonnull(strstr(files.warning, "/whole is not used: its build-id is "));
    ck_assert_ptr_nonnull(strstr(files.warning, "the traced one's was 010203"));
}
END_TEST

START_TEST(debug_file_refuses_another_builds_debug_file)
{
    shell(
        "cd %s && cp /proc/%d/exe other && "
        "printf '\\004\\000\\000\\000\\004\\000\\000\\000\\003\\000\\000\\000GNU\\000abcd' > id && "
        "objcopy --update-section .note.gnu.build-id=id other prog.debug 2>/dev/null",
        directory, (int)getpid());
    search("prog", self.build_id, self.build_id_bytes);
    ck_assert_int_eq(files.debug.fd, -1);
    ck_assert_ptr_nonnull(strstr(files.warning, "/prog.debug is not used: its build-id is "));
}
END_TEST

START_TEST(debug_file_names_what_is_missing)
{
    search("nothing", NULL, 0);
    ck_assert_int_eq(files.module.fd, -1);
    ck_assert_ptr_nonnull(strstr(files.warning, "No such file or directory"));
}
END_TEST

START_TEST(debug_file_refuses_what_is_not_elf)
{
    shell("cd %s && echo text > script && mkfifo pipe", directory);
    search("script", NULL, 0);
    ck_assert_ptr_nonnull(strstr(files.warning, "not an ELF file"));
    debug_files_close(&files);
    search("pipe", NULL, 0);
    ck_assert_ptr_nonnull(strstr(files.warning, "not a regular file"));
}
END_TEST

/* Return: the name of a function that only .symtab names, being static: this one. */
static __attribute__((noinline)) const char *own_name(const struct sym_elf_sources *sources)
{
    static char name[64];
    struct sym_elf_match match = {.name = ""};
    struct sym_elf *table = NULL;
    ck_assert_int_eq(sym_elf_new(sources, &table), TRACE_OK);
    (void)sym_elf_find(table, own_in_file((uint64_t)(uintptr_t)own_name), &match);
    (void)snprintf(name, sizeof name, "%s", match.name);
    sym_elf_free(table);
    return name;
}

/* Source of the commands: GDB manual, "MiniDebugInfo". */
START_TEST(debug_file_unpacks_symbols_that_the_module_brings_along)
{
    shell("cd %s && objcopy -S --keep-symbol=own_name prog.debug mini && xz -9 mini && "
          "objcopy --add-section .gnu_debugdata=mini.xz prog packed && rm prog.debug",
          directory);
    search("packed", self.build_id, self.build_id_bytes);
    ck_assert_ptr_nonnull(files.mini.elf);
    const struct sym_elf_sources without = {.module = &files.module};
    const struct sym_elf_sources with = {.module = &files.module, .mini = &files.mini};
    ck_assert_pstr_ne(own_name(&without), "own_name");
    ck_assert_pstr_eq(own_name(&with), "own_name");
}
END_TEST

START_TEST(debug_file_survives_broken_packed_symbols)
{
    shell("cd %s && rm prog.debug && echo nonsense > mini.xz && "
          "objcopy --add-section .gnu_debugdata=mini.xz prog packed",
          directory);
    search("packed", self.build_id, self.build_id_bytes);
    ck_assert_ptr_null(files.mini.elf);
    ck_assert_ptr_nonnull(strstr(files.warning, ".gnu_debugdata: xz data"));
    debug_files_close(&files);
    shell("cd %s && head -c 130m /dev/zero | xz -0 > mini.xz && "
          "objcopy --update-section .gnu_debugdata=mini.xz packed",
          directory);
    search("packed", self.build_id, self.build_id_bytes);
    ck_assert_ptr_null(files.mini.elf);
    ck_assert_ptr_nonnull(strstr(files.warning, "unpacks to too much"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("search");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, debug_file_needs_none_for_an_unstripped_module);
    tcase_add_test(tests, debug_file_follows_the_link);
    tcase_add_test(tests, debug_file_follows_the_link_into_a_subdirectory);
    tcase_add_test(tests, debug_file_checks_the_crc_without_build_ids);
    tcase_add_test(tests, debug_file_finds_the_build_id_among_the_symbols);
    tcase_add_test(tests, debug_file_takes_an_unstripped_copy_among_the_symbols);
    tcase_add_test(tests, debug_file_does_without_the_module);
    tcase_add_test(tests, debug_file_looks_below_the_sysroot);
    tcase_add_test(tests, debug_file_finds_what_debuginfod_fetched);
    tcase_add_test(tests, debug_file_refuses_another_build);
    tcase_add_test(tests, debug_file_refuses_another_builds_debug_file);
    tcase_add_test(tests, debug_file_names_what_is_missing);
    tcase_add_test(tests, debug_file_refuses_what_is_not_elf);
    tcase_add_test(tests, debug_file_unpacks_symbols_that_the_module_brings_along);
    tcase_add_test(tests, debug_file_survives_broken_packed_symbols);
    return unit_run("debug_file", tests);
}
