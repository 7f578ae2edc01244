/* Loaded objects: what the loader, readelf and /proc say of them. */
#include "modules.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "suite.h"

static char executable[PATH_MAX];

static void start(void)
{
    ck_assert_ptr_nonnull(realpath("/proc/self/exe", executable));
    ck_assert(modules_init(executable));
}

static uintptr_t address_of(void *handle, const char *symbol)
{
    void *address = dlsym(handle, symbol);
    ck_assert_ptr_nonnull(address);
    return (uintptr_t)address;
}

static const char *path_of(const struct module *module)
{
    static char path[TRACE_PATH_BYTES];
    ck_assert_uint_lt(module->path_bytes, sizeof path);
    memcpy(path, module->path, module->path_bytes);
    path[module->path_bytes] = '\0';
    return path;
}

/* The module's build-id is what readelf finds in the file of its path; "" if there is none. */
static void assert_build_id(const struct module *module)
{
    char command[PATH_MAX + 64];
    char line[512];
    char told[2 * TRACE_BUILD_ID_BYTES + 1] = "";
    char ours[2 * TRACE_BUILD_ID_BYTES + 1] = "";
    (void)snprintf(command, sizeof command, "readelf -n '%s' 2>/dev/null", path_of(module));
    FILE *readelf = popen(command, "re"); // NOLINT(cert-env33-c): its own path, quoted
    ck_assert_ptr_nonnull(readelf);
    while (fgets(line, sizeof line, readelf) != NULL) {
        (void)sscanf(line, " Build ID: %128[0-9a-f]", told);
    }
    ck_assert_int_eq(pclose(readelf), 0);
    for (size_t i = 0; i < module->build_id_bytes; i++) {
        (void)snprintf(ours + 2 * i, 3, "%02x", module->build_id[i]);
    }
    ck_assert_str_eq(ours, told);
}

/* Start, end and bias as dl_iterate_phdr() tells them. */
struct expected {
    uintptr_t address;
    uintptr_t bias;
    uintptr_t start;
    uintptr_t end;
};

static int find_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct expected *expected = argument;
    uintptr_t start = UINTPTR_MAX;
    uintptr_t end = 0;
    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD) {
            start = at < start ? at : start;
            end = at + segment->p_memsz > end ? at + segment->p_memsz : end;
        }
    }
    if (expected->address < start || expected->address >= end) {
        return 0;
    }
    expected->bias = info->dlpi_addr;
    expected->start = start & ~(uintptr_t)4095;
    expected->end = end;
    return 1;
}

/* Return: whether the module is found without a lock once it has been entered: its name says where
 * it is. */
static bool is_found_entered(uintptr_t address, uint32_t id)
{
    struct dl_find_object object;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the module
    ck_assert_int_eq(_dl_find_object((void *)address, &object), 0);
    const uint32_t found = modules_find_entered(&object);
    ck_assert(found == 0 || found == id);
    return found == id;
}

static uint32_t find_and_check(uintptr_t address)
{
    uint32_t id = modules_find(address);
    ck_assert_uint_ge(id, 1);
    ck_assert_uint_le(id, MODULES_MAX);
    const struct module *module = modules_get(id);
    struct expected expected = {.address = address};
    ck_assert_int_eq(dl_iterate_phdr(find_object, &expected), 1);
    ck_assert_uint_eq(module->bias, expected.bias);
    ck_assert_uint_eq(module->start, expected.start);
    ck_assert_uint_ge(module->end, expected.end);
    ck_assert_uint_lt(module->end - expected.end, 4096);
    (void)is_found_entered(address, id);
    ck_assert_uint_eq(modules_find(address), id);
    return id;
}

START_TEST(modules_finds_the_program)
{
    uint32_t id = find_and_check((uintptr_t)find_and_check);
    ck_assert_str_eq(path_of(modules_get(id)), executable);
    assert_build_id(modules_get(id));
    ck_assert(is_found_entered((uintptr_t)start, id));
    ck_assert_uint_eq(modules_find((uintptr_t)executable), id);
    ck_assert_uint_eq(modules_find((uintptr_t)start), id);
}
END_TEST

START_TEST(modules_finds_libc)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD); /* a sanitizer has its own qsort */
    uint32_t id = find_and_check(address_of(libc, "qsort"));
    const struct module *module = modules_get(id);
    ck_assert_ptr_nonnull(strstr(path_of(module), "/libc.so.6"));
    ck_assert(is_found_entered(address_of(libc, "qsort"), id));
    ck_assert_int_eq(path_of(module)[0], '/');
    ck_assert_uint_ge(module->build_id_bytes, 8);
    assert_build_id(module);
    ck_assert_uint_ne(id, modules_find((uintptr_t)start));
}
END_TEST

START_TEST(modules_finds_the_vdso)
{
    uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);
    if (vdso != 0) {
        uint32_t id = find_and_check(vdso + 100);
        ck_assert_str_eq(path_of(modules_get(id)), "linux-vdso.so.1");
        ck_assert_uint_gt(modules_get(id)->build_id_bytes, 0);
    }
}
END_TEST

START_TEST(modules_knows_what_is_in_none)
{
    int local = 0;
    void *block = malloc(10);
    ck_assert_uint_eq(modules_find((uintptr_t)&local), 0);
    ck_assert_uint_eq(modules_find((uintptr_t)block), 0);
    ck_assert_uint_eq(modules_find(0), 0);
    ck_assert_uint_eq(modules_find(UINTPTR_MAX), 0);
    free(block);
}
END_TEST

START_TEST(modules_gives_a_library_that_comes_back_its_old_id)
{
    uint32_t ids[2] = {0, 0};
    const char *const paths[] = {PLUGIN_1, PLUGIN_2};
    for (int i = 0; i < 6; i++) {
        const char *path = paths[i % 2];
        void *handle = dlopen(path, RTLD_NOW);
        ck_assert_ptr_nonnull(handle);
        uint32_t id = find_and_check(address_of(handle, "plugin_number"));
        ck_assert_str_eq(path_of(modules_get(id)), path);
        assert_build_id(modules_get(id));
        ck_assert(ids[i % 2] == 0 || ids[i % 2] == id);
        ids[i % 2] = id;
        ck_assert_int_eq(dlclose(handle), 0);
        ck_assert_uint_ne(ids[0], ids[1]);
    }
}
END_TEST

START_TEST(modules_tells_libraries_at_the_same_address_apart)
{
    void *first = dlopen(PLUGIN_1, RTLD_NOW);
    uintptr_t address = address_of(first, "plugin_number");
    uint32_t first_id = modules_find(address);
    ck_assert_int_eq(dlclose(first), 0);
    ck_assert_uint_eq(modules_find(address), 0);
    void *second = dlopen(PLUGIN_2, RTLD_NOW);
    ck_assert(!is_found_entered(address_of(second, "plugin_number"), first_id));
    if (address_of(second, "plugin_number") == address) {
        uint32_t second_id = modules_find(address);
        ck_assert_uint_ne(second_id, first_id);
        ck_assert_str_eq(path_of(modules_get(first_id)), PLUGIN_1);
        ck_assert_str_eq(path_of(modules_get(second_id)), PLUGIN_2);
    }
    ck_assert_int_eq(dlclose(second), 0);
}
END_TEST

/* Loaded by a relative name; the program then goes elsewhere before anything is asked. */
static void *load_by_relative_name(void)
{
    char directory[PATH_MAX] = PLUGIN_1;
    char name[PATH_MAX];
    char *slash = strrchr(directory, '/');
    (void)snprintf(name, sizeof name, ".%s", slash);
    *slash = '\0';
    ck_assert_int_eq(chdir(directory), 0);
    void *handle = dlopen(name, RTLD_NOW);
    ck_assert_ptr_nonnull(handle);
    return handle;
}

START_TEST(modules_makes_relative_paths_absolute)
{
    char resolved[PATH_MAX];
    void *handle = load_by_relative_name();
    uint32_t id = find_and_check(address_of(handle, "plugin_number"));
    ck_assert(!is_found_entered(address_of(handle, "plugin_number"), id));
    ck_assert_int_eq(path_of(modules_get(id))[0], '/');
    ck_assert_ptr_nonnull(realpath(path_of(modules_get(id)), resolved));
    ck_assert_str_eq(resolved, PLUGIN_1);
}
END_TEST

START_TEST(modules_gives_paths_that_exist_when_the_directory_has_changed)
{
    char resolved[PATH_MAX];
    void *handle = load_by_relative_name();
    ck_assert_int_eq(chdir("/"), 0);
    uint32_t id = find_and_check(address_of(handle, "plugin_number"));
    ck_assert_ptr_nonnull(realpath(path_of(modules_get(id)), resolved));
    ck_assert_str_eq(resolved, PLUGIN_1);
}
END_TEST

START_TEST(modules_does_without_the_path_of_the_program)
{
    ck_assert(modules_init(""));
    uint32_t id = modules_find((uintptr_t)start);
    ck_assert_uint_ge(id, 1);
    ck_assert_uint_eq(modules_get(id)->path_bytes, 0);
    ck_assert_uint_eq(modules_find((uintptr_t)start), id);
}
END_TEST

START_TEST(modules_forgets_that_they_are_defined)
{
    uint32_t first = modules_find((uintptr_t)start);
    uint32_t second = modules_find(address_of(RTLD_DEFAULT, "qsort"));
    ck_assert(!atomic_load(&modules_get(first)->is_defined));
    atomic_store(&modules_get(first)->is_defined, true);
    atomic_store(&modules_get(second)->is_defined, true);
    ck_assert_uint_eq(modules_find((uintptr_t)start), first);
    ck_assert(atomic_load(&modules_get(first)->is_defined));
    modules_forget_definitions();
    ck_assert(!atomic_load(&modules_get(first)->is_defined));
    ck_assert(!atomic_load(&modules_get(second)->is_defined));
    ck_assert_uint_eq(modules_find((uintptr_t)start), first);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        modules_finds_the_program,
        modules_finds_libc,
        modules_finds_the_vdso,
        modules_knows_what_is_in_none,
        modules_gives_a_library_that_comes_back_its_old_id,
        modules_tells_libraries_at_the_same_address_apart,
        modules_makes_relative_paths_absolute,
        modules_gives_paths_that_exist_when_the_directory_has_changed,
        modules_does_without_the_path_of_the_program,
        modules_forgets_that_they_are_defined,
        NULL,
    };
    return suite_run_with("modules", tests, start, NULL);
}
