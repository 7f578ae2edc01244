/* Functions that loaded objects export: what readelf says of the same bytes in a file. */
#include "module_symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <string.h>
#include <sys/auxv.h>

#include "suite.h"

enum { TEXT_BYTES = 512 };

/* Find the module of an address. */
static struct module *module_of(uintptr_t address)
{
    ck_assert(modules_init("/proc/self/exe"));
    uint32_t id = modules_find(address);
    ck_assert_uint_ne(id, 0);
    return modules_get(id);
}

/* Return: the number of functions; each is on a line of its own in @out. */
static size_t print_symbols(const struct module *module, FILE *out)
{
    struct module_symbols symbols = module_symbols_of(module);
    struct module_symbol symbol;
    size_t count = 0;
    for (; module_symbols_peek(&symbols, &symbol); count++, module_symbols_pass(&symbols)) {
        (void)fprintf(out, "%016lx %lu %.*s\n", (unsigned long)symbol.address,
                      (unsigned long)symbol.bytes, (int)symbol.name_bytes, symbol.name);
    }
    return count;
}

/* Compare the functions of a module with those of a file. Return: how many there are. */
static size_t compare(const struct module *module, const char *path)
{
    char ours[] = "/tmp/check_module_symbols.XXXXXX";
    char command[TEXT_BYTES];
    FILE *out = fdopen(mkstemp(ours), "w");
    ck_assert_ptr_nonnull(out);
    size_t count = print_symbols(module, out);
    ck_assert_int_eq(fclose(out), 0);
    // Value Size Type Bind Visibility Section Name@Version; large sizes are in hexadecimal.
    (void)snprintf(
        command, sizeof command,
        "LC_ALL=C; readelf --dyn-syms -W '%s' | awk '($4 == \"FUNC\" || $4 == \"IFUNC\") "
        "&& $7 != \"UND\" {sub(/@.*/, \"\", $8); print $2, $3, $8}' | sort | "
        "bash -c 'diff <(sort %s) - >&2'",
        path, ours);
    ck_assert_int_eq(system(command), 0); // NOLINT(cert-env33-c): its own paths
    (void)remove(ours);
    return count;
}

START_TEST(module_symbols_are_those_of_libc)
{
    struct module *module = module_of((uintptr_t)dlsym(RTLD_DEFAULT, "qsort"));
    char path[TRACE_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%.*s", (int)module->path_bytes, module->path);
    ck_assert_uint_gt(compare(module, path), 1000);
}
END_TEST

/* Return: the bytes of an ELF file in memory that ends with its section headers, as vdsos do. */
static size_t image_bytes(const Elf64_Ehdr *header)
{
    return header->e_shoff + (size_t)header->e_shentsize * header->e_shnum;
}

START_TEST(module_symbols_are_those_of_the_vdso)
{
    const Elf64_Ehdr *header =
        (const void *)getauxval(AT_SYSINFO_EHDR); // NOLINT(performance-no-int-to-ptr)
    if (header == NULL) {
        return;
    }
    char path[] = "/tmp/check_module_vdso.XXXXXX";
    FILE *file = fdopen(mkstemp(path), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(header, 1, image_bytes(header), file), image_bytes(header));
    ck_assert_int_eq(fclose(file), 0);
    struct module *module = module_of((uintptr_t)header);
    ck_assert(module->is_fleeting);
    ck_assert_uint_gt(compare(module, path), 2);
    (void)remove(path);
}
END_TEST

/* Tables that lead out of the object are not followed. */
START_TEST(module_symbols_stay_inside)
{
    Elf64_Sym table[3] = {{0}};
    uint32_t hash[2] = {1, 3};
    char text[8] = "";
    Elf64_Dyn dynamic[] = {{DT_SYMTAB, {(uintptr_t)table}},
                           {DT_STRTAB, {(uintptr_t)text}},
                           {DT_STRSZ, {sizeof text}},
                           {DT_HASH, {(uintptr_t)hash}},
                           {DT_NULL, {0}}};
    struct module module = {.start = (uintptr_t)dynamic,
                            .end = (uintptr_t)(dynamic + 5),
                            .dynamic = (uintptr_t)dynamic};
    ck_assert_uint_eq(module_symbols_of(&module).count, 0);
    module.dynamic = 0;
    ck_assert_uint_eq(module_symbols_of(&module).count, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {module_symbols_are_those_of_libc,
                                  module_symbols_are_those_of_the_vdso, module_symbols_stay_inside,
                                  NULL};
    return suite_run("module_symbols", tests);
}
