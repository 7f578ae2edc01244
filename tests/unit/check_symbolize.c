/* The symbolizer as a whole, on this very program and on damaged copies of it. */
#include <check.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbolize.h"

enum { DAMAGED_COPIES = 40, DAMAGED_COPIES_ALL = 150, ADDRESSES_MAX = 64, MODULES = 20 };

static struct symbolizer *symbolizer;
static uint64_t bias;

/* Return: the address of the instruction that called. */
static __attribute__((noinline, noipa)) uint64_t caller(void)
{
    return (uint64_t)(uintptr_t)__builtin_return_address(0) - 1;
}

enum { INLINED_LINE = __LINE__ + 4, OUTER_LINE = __LINE__ + 10 };

static inline __attribute__((always_inline)) uint64_t inlined(void)
{
    uint64_t address = caller();
    return address + (uint64_t)(address == 0);
}

static __attribute__((noinline, noipa)) uint64_t outer(void)
{
    uint64_t address = inlined();
    return address + (uint64_t)(caller() == 0);
}

static int take_first(struct dl_phdr_info *info, size_t bytes, void *context)
{
    (void)bytes;
    *(uint64_t *)context = info->dlpi_addr;
    return 1;
}

static void start(struct symbol_options options)
{
    symbolizer_free(symbolizer);
    symbolizer = symbolizer_new(&options);
    ck_assert_ptr_nonnull(symbolizer);
}

static void setup(void)
{
    (void)dl_iterate_phdr(take_first, &bias);
    start((struct symbol_options){0});
}

static void teardown(void)
{
    symbolizer_free(symbolizer);
    symbolizer = NULL;
}

static void resolve_all(size_t module, const uint64_t *addresses, size_t count)
{
    const struct symbol_request request = {
        .module = module, .addresses = addresses, .count = count};
    ck_assert_int_eq(symbolizer_resolve(symbolizer, &request, 1, NULL, NULL), TRACE_OK);
}

/* Resolve one address of a file. */
static struct symbol_frames resolve(const char *path, uint64_t address, size_t *ret_module)
{
    ck_assert_int_eq(symbolizer_add_module(symbolizer, path, NULL, 0, ret_module), TRACE_OK);
    resolve_all(*ret_module, &address, 1);
    return symbolizer_frames(symbolizer, *ret_module, address);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = text != NULL ? strlen(text) : 0;
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static void check_frame(const struct symbol_frame *frame, const char *function, uint32_t line)
{
    ck_assert_str_eq(frame->function, function);
    ck_assert(ends_with(frame->file, "/tests/unit/check_symbolize.c"));
    ck_assert_uint_eq(frame->line, line);
    ck_assert_uint_ne(frame->column, 0);
}

START_TEST(symbolize_expands_inlined_frames)
{
    size_t module = 0;
    struct symbol_frames frames = resolve("/proc/self/exe", outer() - bias, &module);
    ck_assert_uint_eq(frames.count, 2);
    check_frame(&frames.frames[0], "inlined", INLINED_LINE);
    ck_assert(frames.frames[0].is_inlined);
    check_frame(&frames.frames[1], "outer", OUTER_LINE);
    ck_assert(!frames.frames[1].is_inlined);
    ck_assert_ptr_null(symbolizer_warning(symbolizer, module));
}
END_TEST

START_TEST(symbolize_gives_the_outermost_function_alone)
{
    size_t module = 0;
    start((struct symbol_options){.no_inline = true});
    struct symbol_frames frames = resolve("/proc/self/exe", outer() - bias, &module);
    ck_assert_uint_eq(frames.count, 1);
    check_frame(&frames.frames[0], "outer", OUTER_LINE);
}
END_TEST

START_TEST(symbolize_takes_any_order_and_duplicates)
{
    uint64_t address = outer() - bias;
    uint64_t addresses[] = {address + 1, address, 3, address, address + 1, 3};
    size_t module = 0;
    ck_assert_int_eq(symbolizer_add_module(symbolizer, "/proc/self/exe", NULL, 0, &module),
                     TRACE_OK);
    ck_assert_uint_eq(symbolizer_frames(symbolizer, module, address).count, 0);
    resolve_all(module, addresses, 6);
    const struct symbol_frame *first = symbolizer_frames(symbolizer, module, address).frames;
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq(symbolizer_frames(symbolizer, module, 3).count, 0);
    resolve_all(module, addresses, 6);
    ck_assert_ptr_eq(symbolizer_frames(symbolizer, module, address).frames, first);
    resolve_all(module, NULL, 0);
}
END_TEST

/* A symbol_progress. */
static void add_progress(void *context, size_t addresses)
{
    *(size_t *)context += addresses;
}

/* More modules than children at once; the address is in every other one. */
START_TEST(symbolize_keeps_modules_apart)
{
    const uint64_t address = outer() - bias;
    struct symbol_request requests[MODULES];
    for (size_t i = 0; i < MODULES; i++) {
        char path[64] = "/nonexistent/module";
        if (i % 2 == 0) { // each time another spelling, a module of its own
            (void)snprintf(path, sizeof path, "%.*s/proc/self/exe", (int)i, "////////////////////");
        }
        requests[i] = (struct symbol_request){.addresses = &address, .count = 1};
        ck_assert_int_eq(symbolizer_add_module(symbolizer, path, NULL, 0, &requests[i].module),
                         TRACE_OK);
    }
    size_t told = 0;
    ck_assert_int_eq(symbolizer_resolve(symbolizer, requests, MODULES, add_progress, &told),
                     TRACE_OK);
    ck_assert_uint_eq(told, MODULES);
    for (size_t i = 0; i < MODULES; i++) {
        struct symbol_frames frames = symbolizer_frames(symbolizer, requests[i].module, address);
        ck_assert_uint_eq(frames.count, i % 2 == 0 ? 2 : 0);
        if (frames.count > 0) {
            check_frame(&frames.frames[1], "outer", OUTER_LINE);
        }
    }
}
END_TEST

/* Names from a trace outlive the trace. */
START_TEST(symbolize_keeps_names_that_the_trace_brings)
{
    char name[] = "brought_along";
    struct saved_symbol item = {.address = 0x100, .bytes = 0x10, .name = name};
    const struct saved_symbols saved = {.items = &item, .count = 1};
    const uint64_t address = 0x104;
    size_t module = 0;
    ck_assert_int_eq(symbolizer_add_module(symbolizer, "/missing", NULL, 0, &module), TRACE_OK);
    ck_assert(symbolizer_add_saved(symbolizer, module, &saved));
    name[0] = 'X';
    item.address = 0;
    resolve_all(module, &address, 1);
    struct symbol_frames frames = symbolizer_frames(symbolizer, module, address);
    ck_assert_uint_eq(frames.count, 1);
    ck_assert_str_eq(frames.frames[0].function, "brought_along");
    ck_assert_uint_eq(frames.frames[0].offset, 4);
}
END_TEST

START_TEST(symbolize_refuses_another_build)
{
    const uint8_t build_id[] = {1, 2, 3, 4};
    uint64_t address = outer() - bias;
    size_t module = 0;
    ck_assert_int_eq(
        symbolizer_add_module(symbolizer, "/proc/self/exe", build_id, sizeof build_id, &module),
        TRACE_OK);
    resolve_all(module, &address, 1);
    ck_assert_uint_eq(symbolizer_frames(symbolizer, module, address).count, 0);
    ck_assert_ptr_nonnull(strstr(symbolizer_warning(symbolizer, module), "is not used"));
}
END_TEST

START_TEST(symbolize_says_what_is_missing)
{
    size_t module = 0;
    ck_assert_uint_eq(resolve("/nonexistent/module", 1, &module).count, 0);
    ck_assert_ptr_nonnull(strstr(symbolizer_warning(symbolizer, module), "No such file"));
    ck_assert_uint_eq(resolve("/etc/passwd", 1, &module).count, 0);
    ck_assert_ptr_nonnull(strstr(symbolizer_warning(symbolizer, module), "not an ELF file"));
    ck_assert_uint_eq(resolve("linux-vdso.so.1", 1, &module).count, 0);
    ck_assert_ptr_null(symbolizer_warning(symbolizer, module));
}
END_TEST

/* Copies of this program, changed by the caller. */
static uint8_t *image;
static size_t image_bytes;
static char copy_path[32];

static void read_image(void)
{
    FILE *file = fopen("/proc/self/exe", "rb");
    struct stat status;
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fstat(fileno(file), &status), 0);
    image_bytes = (size_t)status.st_size;
    image = malloc(image_bytes);
    ck_assert_uint_eq(fread(image, 1, image_bytes, file), image_bytes);
    (void)fclose(file);
    (void)snprintf(copy_path, sizeof copy_path, "/tmp/check_symbolize.XXXXXX");
    int descriptor = mkstemp(copy_path);
    ck_assert_int_ge(descriptor, 0);
    (void)fclose(fdopen(descriptor, "wb"));
}

static size_t copies;

static void damage_setup(void)
{
    const char *all = getenv("LIBTRACE_TEST_ALL");
    copies = all != NULL && strcmp(all, "1") == 0 ? DAMAGED_COPIES_ALL : DAMAGED_COPIES;
    setup();
    read_image();
}

static void damage_teardown(void)
{
    teardown();
    free(image);
    (void)remove(copy_path);
}

/* Resolve addresses of a copy; what comes out is of no interest, that it ends well is. */
static void resolve_copy(const uint8_t *bytes, size_t size, uint64_t first)
{
    // Not truncated first: ext4 waits for the disk when what replaces a file is closed.
    FILE *file = fopen(copy_path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fflush(file), 0);
    ck_assert_int_eq(ftruncate(fileno(file), (off_t)size), 0);
    ck_assert_int_eq(fclose(file), 0);
    uint64_t addresses[ADDRESSES_MAX];
    for (size_t i = 0; i < ADDRESSES_MAX; i++) {
        addresses[i] = first + i * 16;
    }
    size_t module = 0;
    start((struct symbol_options){0});
    ck_assert_int_eq(symbolizer_add_module(symbolizer, copy_path, NULL, 0, &module), TRACE_OK);
    resolve_all(module, addresses, ADDRESSES_MAX);
    (void)symbolizer_warning(symbolizer, module);
}

START_TEST(symbolize_survives_truncation)
{
    for (size_t i = 0; i <= copies; i++) {
        resolve_copy(image, image_bytes / copies * i, outer() - bias);
    }
}
END_TEST

/* Each test damages copies in its own way, from a few bytes to a few hundred. */
START_TEST(symbolize_survives_damage)
{
    unsigned seed = (unsigned)_i;
    uint8_t *copy = malloc(image_bytes);
    for (size_t i = 0; i < copies; i++) {
        memcpy(copy, image, image_bytes);
        for (size_t k = 0; k < 8 + i * 600 / copies; k++) {
            seed = seed * 1103515245U + 12345U;
            size_t at = ((size_t)seed << 7) % (image_bytes - 64);
            seed = seed * 1103515245U + 12345U;
            copy[64 + at] = (uint8_t)(seed >> 16); // the ELF header stays
        }
        resolve_copy(copy, image_bytes, outer() - bias);
    }
    free(copy);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("symbolize");
    TCase *tests = tcase_create("answers");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, symbolize_expands_inlined_frames);
    tcase_add_test(tests, symbolize_gives_the_outermost_function_alone);
    tcase_add_test(tests, symbolize_takes_any_order_and_duplicates);
    tcase_add_test(tests, symbolize_keeps_modules_apart);
    tcase_add_test(tests, symbolize_keeps_names_that_the_trace_brings);
    tcase_add_test(tests, symbolize_refuses_another_build);
    tcase_add_test(tests, symbolize_says_what_is_missing);
    suite_add_tcase(suite, tests);
    TCase *damage = tcase_create("damage");
    tcase_set_timeout(damage, 120);
    tcase_add_checked_fixture(damage, damage_setup, damage_teardown);
    tcase_add_test(damage, symbolize_survives_truncation);
    tcase_add_loop_test(damage, symbolize_survives_damage, 1, 5);
    suite_add_tcase(suite, damage);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
